import { describe, expect, it } from 'vitest';
import {
  allEvents,
  BOTH,
  beginSession,
  contextOf,
  deed,
  initializeMessage,
  journalOf,
  jsonOf,
  message,
  notification,
  startRig,
  until,
} from './stdio-harness.ts';

const IDS = [
  '1',
  '"1"',
  '9007199254740993',
  '-12345678901234567890',
  '""',
  '0',
  '"a\\u0062"',
  '"\\""',
];

describe('ids on a shared process', () => {
  it('are restored exactly, and all other bytes are forwarded as they are', async () => {
    const { upstream } = startRig();
    for (const id of IDS) {
      const text = `{ "params":{"arguments":{"n":12345678901234567890, "f":1.0},\n"name":"echo"},"method":"tools/call","id": ${id} ,"jsonrpc":"2.0"}`;
      const response = await upstream.handle(message(text), contextOf());
      const body = await response.text();
      const sent = JSON.parse(body).result.line as string;
      const minted = /"id": "([0-9a-f-]{36})" ,/.exec(sent)?.[1];
      expect(minted).toBeDefined();
      expect(sent).toBe(text.replace('\n', ' ').replace(`"id": ${id} `, `"id": "${minted}" `));
      expect(body).toContain(`"id":${id},`);
      expect(body).not.toContain(`"id":"${minted}"`);
    }
  });

  it('serves ten clients at once that use the same ids, each with its own answers', async () => {
    const { upstream } = startRig();
    const clients = Array.from({ length: 10 }, (_, client) => `client-${client}`);
    await Promise.all(
      clients.map(async (subject, index) => {
        const sessionId = index % 2 === 0 ? await beginSession(upstream, { subject }) : undefined;
        await Promise.all(
          [0, 1, 2, 3].map(async (id) => {
            const mark = `${subject}/${id}`;
            const call = deed(
              'delay',
              { ms: (index * 7 + id * 13) % 50, mark },
              { id: String(id) },
            );
            const answer = await jsonOf(
              await upstream.handle(call, contextOf({ subject, sessionId })),
            );
            expect(answer).toEqual({ jsonrpc: '2.0', id, result: { mark } });
          }),
        );
      }),
    );
  });

  it('keeps two requests of one client apart that use the same id', async () => {
    const { upstream } = startRig();
    const sessionId = await beginSession(upstream);
    const context = contextOf({ sessionId });
    const first = upstream.handle(deed('delay', { ms: 80, mark: 'first' }), context);
    const second = upstream.handle(deed('delay', { ms: 10, mark: 'second' }), context);
    expect((await jsonOf(await second)).result.mark).toBe('second');
    expect((await jsonOf(await first)).result.mark).toBe('first');
  });

  it('never takes a made-up answer for a real one', async () => {
    const { upstream, events } = startRig();
    const lines = [
      '{"jsonrpc":"2.0","id":1,"result":{"forged":true}}',
      '{"jsonrpc":"2.0","id":"1","result":{"forged":true}}',
    ];
    const response = await upstream.handle(deed('emit', { lines }), contextOf());
    expect((await jsonOf(response)).result).toEqual({});
    expect(events.filter(({ type }) => type === 'reply-unmatched')).toHaveLength(2);
  });
});

describe('initialize on a shared process', () => {
  it('answers every client from the one handshake of the bridge', async () => {
    const { upstream } = startRig();
    const first = await upstream.handle(initializeMessage('2025-11-25', '"x"'), contextOf());
    const second = await upstream.handle(initializeMessage('2025-11-25', '7'), contextOf());
    const [a, b] = [await jsonOf(first), await jsonOf(second)];
    expect([a.id, b.id]).toEqual(['x', 7]);
    expect(b.result).toEqual(a.result);
    expect(first.headers.get('mcp-session-id')).not.toBe(second.headers.get('mcp-session-id'));
    const { result } = await jsonOf(await upstream.handle(deed('journal'), contextOf()));
    expect(result.journal).toEqual([
      {
        method: 'initialize',
        params: {
          protocolVersion: '2025-11-25',
          capabilities: {},
          clientInfo: { name: 'thv', version: '0' },
        },
      },
      { method: 'notifications/initialized', params: {} },
    ]);
  });

  it.each([
    ['2025-06-18', '2025-11-25', '2025-06-18'],
    ['2024-11-05', '2025-11-25', '2024-11-05'],
    ['2025-11-25', '2025-06-18', '2025-06-18'],
    ['2025-11-25', '2024-11-05', '2024-11-05'],
    ['2026-07-28', '2025-11-25', '2025-11-25'],
    ['1999-01-01', '2025-11-25', '2025-11-25'],
  ])('a client asking for %s over a process speaking %s gets %s', async (asked, spoken, given) => {
    const { upstream } = startRig(['--version', spoken]);
    const answer = await jsonOf(await upstream.handle(initializeMessage(asked), contextOf()));
    expect(answer.result.protocolVersion).toBe(given);
  });

  it('ignores a session header and mints a new session', async () => {
    const { upstream } = startRig();
    const sessionId = await beginSession(upstream);
    const response = await upstream.handle(initializeMessage(), contextOf({ sessionId }));
    expect(response.headers.get('mcp-session-id')).not.toBe(sessionId);
  });
});

describe('sessions on a shared process', () => {
  it.each([
    ['another subject', { subject: 'eve' }],
    ['another issuer with the same subject', { issuer: 'https://evil.example' }],
  ])('are not found by %s', async (_, other) => {
    const { upstream } = startRig();
    const sessionId = await beginSession(upstream);
    const context = contextOf({ ...other, sessionId, accept: BOTH });
    for (const response of [
      await upstream.handle(deed('echo'), context),
      await upstream.stream(context),
      await upstream.endSession(context),
      await upstream.handle(notification('notifications/cancelled', '{"requestId":1}'), context),
    ]) {
      expect(response.status).toBe(404);
      expect((await jsonOf(response)).error).toEqual({
        code: -32001,
        message: 'Session not found',
      });
    }
    expect((await upstream.handle(deed('echo'), contextOf({ sessionId }))).status).toBe(200);
  });

  it('end with DELETE', async () => {
    const { upstream } = startRig();
    const sessionId = await beginSession(upstream);
    const context = contextOf({ sessionId, accept: BOTH });
    const stream = await upstream.stream(context);
    const slow = upstream.handle(deed('hang', {}, { id: '5' }), context);
    await until(async () => (await journalOf(upstream)).length > 2);
    expect((await upstream.endSession(contextOf())).status).toBe(400);
    expect((await upstream.endSession(context)).status).toBe(204);
    expect((await upstream.endSession(context)).status).toBe(404);
    expect(await allEvents(stream)).toEqual([]);
    expect((await slow).status).toBe(404);
    expect((await upstream.handle(deed('echo'), context)).status).toBe(404);
    const last = (await journalOf(upstream)).at(-1);
    expect(last).toMatchObject({ method: 'notifications/cancelled' });
  });

  it('expire when they are not used', async () => {
    let time = 0;
    const { upstream } = startRig([], { sessionTtl: 1000, now: () => time });
    const sessionId = await beginSession(upstream);
    time = 900;
    expect((await upstream.handle(deed('echo'), contextOf({ sessionId }))).status).toBe(200);
    time = 1800;
    expect((await upstream.handle(deed('echo'), contextOf({ sessionId }))).status).toBe(200);
    time = 2801;
    expect((await upstream.handle(deed('echo'), contextOf({ sessionId }))).status).toBe(404);
  });

  it('make room at the cost of whoever holds the most', async () => {
    const { upstream } = startRig([], { maxSessions: 3 });
    const ada = await beginSession(upstream, { subject: 'ada' });
    const eve = await beginSession(upstream, { subject: 'eve' });
    await beginSession(upstream, { subject: 'eve' });
    await beginSession(upstream, { subject: 'bob' });
    const isKnown = async (subject: string, sessionId: string): Promise<boolean> =>
      (await upstream.handle(deed('echo'), contextOf({ subject, sessionId }))).ok;
    expect(await isKnown('ada', ada)).toBe(true);
    expect(await isKnown('eve', eve)).toBe(false);
  });

  it('are refused when all are in use', async () => {
    const { upstream } = startRig([], { maxSessions: 1 });
    const sessionId = await beginSession(upstream);
    await upstream.stream(contextOf({ sessionId, accept: BOTH }));
    const response = await upstream.handle(initializeMessage(), contextOf());
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('60');
  });
});

describe('messages from clients that expect nothing', () => {
  it('refuses responses: nobody was asked', async () => {
    const { upstream } = startRig();
    const sessionId = await beginSession(upstream);
    const response = await upstream.handle(
      message('{"jsonrpc":"2.0","id":"ask-1","result":{}}'),
      contextOf({ sessionId }),
    );
    expect(response.status).toBe(400);
  });

  it('takes notifications with 202 and an empty body', async () => {
    const { upstream } = startRig();
    const sessionId = await beginSession(upstream);
    const response = await upstream.handle(
      notification('notifications/roots/list_changed', '{}'),
      contextOf({ sessionId }),
    );
    expect([response.status, await response.text()]).toEqual([202, '']);
  });
});
