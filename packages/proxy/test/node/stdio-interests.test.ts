import { describe, expect, it } from 'vitest';
import type { McpMessage } from '../../src/mcp/message.ts';
import type { Upstream, UpstreamContext } from '../../src/upstream/upstream.ts';
import {
  type Answer,
  allEvents,
  BOTH,
  beginSession,
  contextOf,
  deed,
  journalOf,
  jsonOf,
  message,
  startRig,
} from './stdio-harness.ts';

function request(method: string, params: Record<string, unknown>, id = '1'): McpMessage {
  return message(
    `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${JSON.stringify(params)}}`,
  );
}

async function ask(
  upstream: Upstream<Response>,
  context: UpstreamContext,
  [method, params]: readonly [string, Record<string, unknown>],
): Promise<Answer> {
  return jsonOf(await upstream.handle(request(method, params), context));
}

const level = (name: string) => ['logging/setLevel', { level: name }] as const;
const subscribe = (uri: string) => ['resources/subscribe', { uri }] as const;
const unsubscribe = (uri: string) => ['resources/unsubscribe', { uri }] as const;

async function asked(upstream: Upstream<Response>, method: string): Promise<unknown[]> {
  const journal = await journalOf(upstream);
  return journal
    .filter((entry) => entry.method === method)
    .map(({ params }) => Object.values(params)[0]);
}

async function emit(upstream: Upstream<Response>, lines: readonly string[]): Promise<void> {
  await upstream.handle(deed('emit', { lines }), contextOf());
}

const logLine = (name: string): string =>
  `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"${name}","data":1}}`;
const updateLine = (uri: string): string =>
  `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"${uri}"}}`;

describe('log levels on a shared process', () => {
  it('ask the process for the most verbose, and give each session its own', async () => {
    const { upstream } = startRig();
    // Three programs of one user.
    const contexts = await Promise.all(
      [1, 2, 3].map(async () =>
        contextOf({ sessionId: await beginSession(upstream), accept: BOTH }),
      ),
    );
    const [ada, eve, bob] = contexts as [UpstreamContext, UpstreamContext, UpstreamContext];
    const streams = await Promise.all(contexts.map((context) => upstream.stream(context)));
    await ask(upstream, ada, level('error'));
    await ask(upstream, eve, level('info'));
    await ask(upstream, ada, level('warning'));
    expect(await asked(upstream, 'logging/setLevel')).toEqual(['error', 'info']);
    await emit(upstream, ['debug', 'info', 'warning', 'emergency', 'made-up'].map(logLine));
    await upstream.endSession(eve);
    expect(await asked(upstream, 'logging/setLevel')).toEqual(['error', 'info', 'warning']);
    await upstream.endSession(ada);
    await upstream.endSession(bob);
    const received = await Promise.all(streams.map(allEvents));
    expect(received).toEqual([
      ['warning', 'emergency'].map(logLine),
      ['info', 'warning', 'emergency'].map(logLine),
      // Never asked for any.
      [],
    ]);
  });

  it.each([
    [
      'a session',
      async (upstream: Upstream<Response>) =>
        void (await beginSession(upstream, { subject: 'eve' })),
    ],
    [
      'a call without one',
      async (upstream: Upstream<Response>) =>
        void (await upstream.handle(request('ping', {}), contextOf({ subject: 'eve' }))),
    ],
  ])('are no use once somebody else has %s: a line could be about them', async (_name, join) => {
    const { upstream } = startRig();
    const context = contextOf({ sessionId: await beginSession(upstream), accept: BOTH });
    const stream = await upstream.stream(context);
    await ask(upstream, context, level('debug'));
    await emit(upstream, [logLine('info')]);
    await join(upstream);
    await emit(upstream, [logLine('error')]);
    await upstream.endSession(context);
    expect(await allEvents(stream)).toEqual([logLine('info')]);
  });

  it('refuse a level that does not exist', async () => {
    const { upstream } = startRig();
    const context = contextOf({ sessionId: await beginSession(upstream) });
    expect((await ask(upstream, context, level('loud'))).error.code).toBe(-32602);
  });

  it('without a session change nothing for anybody', async () => {
    const { upstream } = startRig();
    expect((await ask(upstream, contextOf(), level('debug'))).result).toEqual({});
    expect(await asked(upstream, 'logging/setLevel')).toEqual([]);
  });
});

describe('subscriptions on a shared process', () => {
  it('reach the process once, and updates reach only who subscribed', async () => {
    const { upstream } = startRig();
    const contexts = await Promise.all(
      ['ada', 'eve', 'bob'].map(async (subject) =>
        contextOf({ subject, sessionId: await beginSession(upstream, { subject }), accept: BOTH }),
      ),
    );
    const [ada, eve, bob] = contexts as [UpstreamContext, UpstreamContext, UpstreamContext];
    const streams = await Promise.all(contexts.map((context) => upstream.stream(context)));
    const answers = await Promise.all([
      ask(upstream, ada, subscribe('a:')),
      ask(upstream, eve, subscribe('a:')),
      ask(upstream, ada, subscribe('a:')),
      ask(upstream, eve, subscribe('b:')),
    ]);
    for (const answer of answers) expect(answer).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
    expect(await asked(upstream, 'resources/subscribe')).toEqual(['a:', 'b:']);
    await emit(upstream, ['a:', 'b:', 'c:'].map(updateLine));
    await ask(upstream, ada, unsubscribe('a:'));
    await ask(upstream, bob, unsubscribe('a:'));
    expect(await asked(upstream, 'resources/unsubscribe')).toEqual([]);
    await emit(upstream, [updateLine('a:')]);
    for (const context of contexts) await upstream.endSession(context);
    expect(await asked(upstream, 'resources/unsubscribe')).toEqual(['a:', 'b:']);
    expect(await Promise.all(streams.map(allEvents))).toEqual([
      [updateLine('a:')],
      [updateLine('a:'), updateLine('b:'), updateLine('a:')],
      [],
    ]);
  });

  it('pass on the process’s refusal, and ask anew the next time', async () => {
    const { upstream } = startRig();
    const context = contextOf({ sessionId: await beginSession(upstream) });
    for (const round of [1, 2]) {
      expect((await ask(upstream, context, subscribe('bad:'))).error.code).toBe(-32002);
      expect(await asked(upstream, 'resources/subscribe')).toHaveLength(round);
    }
  });

  it('need a session', async () => {
    const { upstream } = startRig();
    const response = await upstream.handle(
      request('resources/subscribe', { uri: 'a:' }),
      contextOf(),
    );
    expect(response.status).toBe(400);
  });

  it('are bounded in number', async () => {
    const { upstream } = startRig();
    const context = contextOf({ sessionId: await beginSession(upstream) });
    const answers = await Promise.all(
      Array.from({ length: 1001 }, (_, index) => ask(upstream, context, subscribe(`r:${index}`))),
    );
    expect(answers.filter(({ error }) => error !== undefined)).toHaveLength(1);
  });
});
