/** Ways to other people's messages on a process that everybody shares, and to breaking its lines. */

import { describe, expect, it } from 'vitest';
import {
  BOTH,
  beginSession,
  contextOf,
  deed,
  eventsOf,
  initializeMessage,
  jsonOf,
  message,
  modern,
  type Rig,
  startRig,
} from '../node/stdio-harness.ts';
import type { FakeUpstream } from '../support/fakes.ts';
import { harness, W } from '../support/fakes.ts';

/** The proxy with a real process behind it; the policy permits everything but `rm`. */
function start(args: readonly string[] = []) {
  const rig = startRig(args);
  const upstream: FakeUpstream = { ...rig.upstream, forwarded: [] };
  const h = harness({
    upstream,
    authorize: {
      ...W,
      authorize: (r) => ({ allowed: r.target !== 'rm', id: 'd', policies: [], errors: [] }),
    },
  });
  const journal = async (): Promise<string> =>
    (await h.call('tools/call', { name: 'journal' })).text();
  return { ...h, ...rig, journal };
}
const as = (user: string, more: Record<string, string> = {}) => ({
  authorization: `Bearer ${user}`,
  ...more,
});

describe('lines', () => {
  it.each([
    [
      'line feeds between tokens',
      '{"jsonrpc":"2.0","id":1,\n"method":"tools/call",\r\n"params":{"name":"echo","arguments":{}}}',
    ],
    [
      'line feeds in strings, escaped',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"pad":"\\n{\\"jsonrpc\\":\\"2.0\\",\\"id\\":9,\\"method\\":\\"tools/call\\",\\"params\\":{\\"name\\":\\"rm\\"}}\\n"}}}',
    ],
    [
      'U+2028, U+2029 and U+0085',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"pad":"\u2028{}\u2029{}\u0085{}"}}}',
    ],
  ])('%s make one message', async (_name, body) => {
    const { send, journal } = start();
    await (await send(body)).text();
    const { result } = JSON.parse(await journal()) as {
      result: { journal: { method: string; params: { name?: string } }[] };
    };
    const calls = result.journal.filter(({ method }) => method === 'tools/call');
    expect(calls.map(({ params }) => params.name)).toEqual(['echo']);
  });
});

describe('sessions of the bridge', () => {
  it('are not those of another caller, in any era', async () => {
    const { call, send } = start();
    const begun = await call('initialize', { protocolVersion: '2025-11-25' }, as('ada'));
    const session = { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '' };
    for (const method of ['GET', 'DELETE']) {
      const headers = as('eve', { ...session, accept: 'text/event-stream' });
      expect((await send('', { method, headers })).status).toBe(404);
    }
    expect((await call('ping', {}, as('eve', session))).status).toBe(404);
    const begunByEve = await call('initialize', {}, as('eve', session));
    expect(begunByEve.headers.get('mcp-session-id')).not.toBe(session['mcp-session-id']);
    expect((await call('ping', {}, as('ada', session))).status).toBe(200);
  });

  it('without a proxy in front are kept apart by the bridge itself', async () => {
    const { upstream } = startRig();
    const response = await upstream.stream(
      contextOf({ subject: 'eve', sessionId: 'made-up', accept: 'text/event-stream' }),
    );
    expect(response.status).toBe(404);
  });
});

describe.each(['shared', 'session'] as const)('the sessions of a %s process', (isolation) => {
  it('cannot all be taken by one caller, however busy they are', async () => {
    const { upstream } = startRig([], { isolation, maxSessions: 2 });
    const begin = async (subject: string) => {
      const sessionId = await beginSession(upstream, { subject });
      const opened = await upstream.stream(contextOf({ subject, sessionId, accept: BOTH }));
      expect(opened.status).toBe(200);
      return sessionId;
    };
    const isKnown = async (subject: string, sessionId: string): Promise<boolean> =>
      (await upstream.handle(deed('echo'), contextOf({ subject, sessionId }))).ok;
    const first = await begin('eve');
    const second = await begin('eve');
    const refused = await upstream.handle(initializeMessage(), contextOf({ subject: 'eve' }));
    expect(refused.status).toBe(503);
    const ada = await begin('ada');
    expect(await isKnown('eve', first)).toBe(false);
    // Nobody has two any more, so nobody gives way.
    for (const subject of ['eve', 'bob']) {
      const late = await upstream.handle(initializeMessage(), contextOf({ subject }));
      expect(late.status).toBe(503);
    }
    expect([await isKnown('eve', second), await isKnown('ada', ada)]).toEqual([true, true]);
  });

  it('are not ended by one caller who keeps beginning more, unless nobody has used them for long', async () => {
    let time = 0;
    const { upstream } = startRig([], { isolation, maxSessions: 3, now: () => time });
    const begin = async (subject: string) => {
      const sessionId = await beginSession(upstream, { subject });
      await upstream.stream(contextOf({ subject, sessionId, accept: BOTH }));
    };
    const quiet = contextOf({
      subject: 'ada',
      sessionId: await beginSession(upstream, { subject: 'ada' }),
    });
    for (let count = 0; count < 2; count += 1) await begin('eve');
    const more = () => upstream.handle(initializeMessage(), contextOf({ subject: 'eve' }));
    expect((await more()).status).toBe(503);
    expect((await upstream.handle(deed('echo'), quiet)).status).toBe(200);
    time += 11 * 60_000;
    expect((await more()).status).toBe(200);
    expect((await upstream.handle(deed('echo'), quiet)).status).toBe(404);
  });
});

describe('a denied call', () => {
  it.each([
    ['by name', { name: 'rm' }],
    ['as a task', { name: 'rm', task: { ttl: 1 } }],
    ['with a progress token', { name: 'rm', _meta: { progressToken: 'x' } }],
  ])('never reaches the process: %s', async (_name, params) => {
    const { call, journal } = start();
    expect((await call('tools/call', params)).status).toBe(403);
    expect(await journal()).not.toContain('rm');
  });
});

describe.each([
  ['a process of an older revision', []],
  ['a process of the same revision', ['--modern']],
])('the places for subscriptions, of %s', (_name, args) => {
  const listen = async ({ upstream }: Rig, subject: string, uris: readonly string[]) =>
    upstream.handle(
      modern('subscriptions/listen', { notifications: { resourceSubscriptions: uris } }),
      contextOf({ subject, accept: BOTH }),
    );
  /** Reads up to the acknowledgement; the rest is what it gives. */
  const begun = async (response: Response) => {
    const events = eventsOf(response);
    expect((await events.next()).value).toContain('subscriptions/acknowledged');
    return events;
  };
  const FULL = 'Too many subscriptions';

  it('cannot all be taken by one caller', async () => {
    const rig = startRig(args, { maxSessions: 3 });
    const [first, second, third] = [
      await begun(await listen(rig, 'eve', ['a:'])),
      await begun(await listen(rig, 'eve', ['b:'])),
      await begun(await listen(rig, 'eve', ['c:'])),
    ];
    expect((await jsonOf(await listen(rig, 'eve', ['d:']))).error.message).toBe(FULL);
    // Room is made by whoever has the most, and it is told.
    const ada = await begun(await listen(rig, 'ada', ['a:']));
    expect((await first.next()).value).toContain(FULL);
    expect((await jsonOf(await listen(rig, 'eve', ['d:']))).error.message).toBe(FULL);
    // One more for everybody, and nobody has so many that a place could be taken for a third.
    await begun(await listen(rig, 'bob', ['a:']));
    expect((await second.next()).value).toContain(FULL);
    expect((await jsonOf(await listen(rig, 'cyd', ['d:']))).error.message).toBe(FULL);
    await Promise.all([third, ada].map((events) => events.return(undefined)));
    await begun(await listen(rig, 'cyd', ['d:']));
  });

  it('are free again when a client leaves', async () => {
    const rig = startRig(args, { maxSessions: 1 });
    for (const uri of ['a:', 'b:', 'c:']) {
      await (await begun(await listen(rig, 'eve', [uri]))).return(undefined);
    }
    await begun(await listen(rig, 'ada', ['a:']));
  });
});

describe('the resources that one caller hears of', () => {
  const uris = (prefix: string) =>
    Array.from({ length: 8 }, (_item, index) => `${prefix}${index}:${'x'.repeat(80_000)}`);
  const FULL = 'Too many subscriptions';

  it('are bounded over all of its subscriptions', async () => {
    const { upstream } = startRig();
    const listen = (subject: string, prefix: string, signal = new AbortController().signal) =>
      upstream.handle(
        modern('subscriptions/listen', {
          notifications: { resourceSubscriptions: uris(prefix) },
        }),
        contextOf({ subject, accept: BOTH, signal }),
      );
    const first = new AbortController();
    await eventsOf(await listen('eve', 'a', first.signal)).next();
    expect((await jsonOf(await listen('eve', 'b'))).error.message).toBe(FULL);
    await eventsOf(await listen('ada', 'a')).next();
    // What a refused one has begun to keep is let go, and so is what an ended one kept.
    first.abort();
    await eventsOf(await listen('eve', 'c')).next();
  });

  it('are bounded over all of its sessions', async () => {
    const { upstream } = startRig();
    const subscribe = async (subject: string, sessionId: string, uri: string) => {
      const text = `{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"${uri}"}}`;
      return jsonOf(await upstream.handle(message(text), contextOf({ subject, sessionId })));
    };
    const sessions = [
      await beginSession(upstream, { subject: 'eve' }),
      await beginSession(upstream, { subject: 'eve' }),
    ];
    for (const uri of uris('a')) await subscribe('eve', sessions[0] ?? '', uri);
    const answers = [];
    for (const uri of uris('b')) answers.push(await subscribe('eve', sessions[1] ?? '', uri));
    expect(answers.at(0)?.result).toEqual({});
    expect(answers.at(-1)?.error.message).toBe(FULL);
    // Once more the same costs nothing, and others have room of their own.
    expect((await subscribe('eve', sessions[0] ?? '', uris('a')[0] ?? '')).result).toEqual({});
    const ada = await beginSession(upstream, { subject: 'ada' });
    expect((await subscribe('ada', ada, uris('b')[7] ?? '')).result).toEqual({});
  });
});
