import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Upstream } from '../../src/upstream/upstream.ts';
import { heldAfterCollection, MIB } from '../support/held.ts';
import {
  BOTH,
  beginSession,
  contextOf,
  deed,
  eventsOf,
  initializeMessage,
  isAlive,
  journalOf,
  jsonOf,
  message,
  modern,
  notification,
  startRig,
  until,
} from './stdio-harness.ts';

const PER_SESSION = { isolation: 'session' } as const;

describe('one process per session', () => {
  it('gives every session its own, initialised by the client itself', async () => {
    const { upstream } = startRig([], PER_SESSION);
    const ada = await beginSession(upstream, { subject: 'ada' });
    const eve = await beginSession(upstream, { subject: 'eve' });
    const echo = deed('echo', {}, { id: '"same"' });
    const [a, b] = await Promise.all([
      upstream.handle(echo, contextOf({ subject: 'ada', sessionId: ada })).then(jsonOf),
      upstream.handle(echo, contextOf({ subject: 'eve', sessionId: eve })).then(jsonOf),
    ]);
    expect([a.id, b.id]).toEqual(['same', 'same']);
    expect(a.result.pid).not.toBe(b.result.pid);
    const journal = await journalOf(upstream, { subject: 'ada', sessionId: ada });
    expect(journal.map(({ method }) => method)).toEqual([
      'initialize',
      'notifications/initialized',
      'tools/call',
    ]);
    expect(journal[0]?.params).toMatchObject({ clientInfo: { name: 'test' } });
    const swapped = await upstream.handle(echo, contextOf({ subject: 'eve', sessionId: ada }));
    expect(swapped.status).toBe(404);
  });

  it('ends the process with the session', async () => {
    const { upstream } = startRig([], PER_SESSION);
    const sessionId = await beginSession(upstream);
    const context = contextOf({ sessionId });
    const { result } = await jsonOf(await upstream.handle(deed('child'), context));
    expect((await upstream.endSession(context)).status).toBe(204);
    await until(() => !isAlive(result.pid) && !isAlive(result.child));
    expect((await upstream.handle(deed('echo'), context)).status).toBe(404);
  });

  it('needs a session for everything but initialize', async () => {
    const { upstream } = startRig([], PER_SESSION);
    expect((await upstream.handle(deed('echo'), contextOf())).status).toBe(400);
  });

  it('keeps no session of a process that refuses', async () => {
    const { upstream } = startRig(['--refuse'], { ...PER_SESSION, maxSessions: 1 });
    for (const _ of [1, 2]) {
      const response = await upstream.handle(initializeMessage(), contextOf());
      expect(response.headers.has('mcp-session-id')).toBe(false);
      expect((await jsonOf(response)).error.code).toBe(-32603);
    }
  });

  it('answers initialize with 502 when the process cannot be started', async () => {
    const { upstream, events } = startRig(['--exit', '1'], PER_SESSION);
    expect((await upstream.handle(initializeMessage(), contextOf())).status).toBe(502);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'process-failed', stderr: ['this is why'] }),
    );
    expect(events.map(({ type }) => type)).not.toContain('restart-scheduled');
  });

  it('can be closed while it tries whether a process can be started', async () => {
    const { upstream } = startRig([], {
      args: ['-e', 'setInterval(() => {}, 1000)'],
      ...PER_SESSION,
    });
    const trying = upstream.ready(AbortSignal.timeout(5000)).catch((error: unknown) => error);
    await upstream.close();
    expect(await trying).toMatchObject({ code: 'ERR_PROXY_UPSTREAM_UNREACHABLE' });
  });

  it('leaves no process after close, and starts none', async () => {
    const { upstream } = startRig([], PER_SESSION);
    const pids: number[] = [];
    for (const subject of ['ada', 'eve']) {
      const sessionId = await beginSession(upstream, { subject });
      const response = await upstream.handle(deed('echo'), contextOf({ subject, sessionId }));
      pids.push((await jsonOf(response)).result.pid);
    }
    expect(pids.map(isAlive)).toEqual([true, true]);
    await upstream.close();
    expect(pids.map(isAlive)).toEqual([false, false]);
    expect((await upstream.handle(initializeMessage(), contextOf())).status).toBe(503);
  });

  it('is ready when a process can be initialised, and keeps none for that', async () => {
    const { upstream, events } = startRig([], PER_SESSION);
    await upstream.ready(AbortSignal.timeout(5000));
    const started = events.find(({ type }) => type === 'process-started');
    expect(started).toBeDefined();
    expect(started?.type === 'process-started' && isAlive(started.pid)).toBe(false);
  });
});

describe('clients of the era without sessions', () => {
  const call = (name = 'echo') => modern('tools/call', { name, arguments: {} });
  const pidOf = async (upstream: Upstream<Response>, subject: string): Promise<number> => {
    const response = await upstream.handle(call(), contextOf({ subject }));
    return (await jsonOf(response)).result.pid;
  };

  it('have a process of their own by identity', async () => {
    const { upstream } = startRig([], PER_SESSION);
    const [ada, eve, again] = [
      await pidOf(upstream, 'ada'),
      await pidOf(upstream, 'eve'),
      await pidOf(upstream, 'ada'),
    ];
    expect(ada).toBe(again);
    expect(ada).not.toBe(eve);
    await upstream.close();
    expect([ada, eve].map(isAlive)).toEqual([false, false]);
  });

  it('start the process for the other era only when there is need', async () => {
    const { upstream, events } = startRig(['--native'], PER_SESSION);
    await pidOf(upstream, 'ada');
    expect(events.filter(({ type }) => type === 'process-started')).toHaveLength(1);
  });

  it('lose it when they have not used it for long, but not while they wait', async () => {
    let now = 0;
    const { upstream } = startRig([], { ...PER_SESSION, sessionTtl: 1000, now: () => now });
    const ada = await pidOf(upstream, 'ada');
    const waiting = upstream.handle(call('hang'), contextOf({ subject: 'eve' }));
    const eve = await pidOf(upstream, 'eve');
    now = 5000;
    await until(() => !isAlive(ada));
    expect(isAlive(eve)).toBe(true);
    await upstream.close();
    expect((await waiting).status).toBe(503);
  });

  it('are bounded in number; whoever waits is not put out', async () => {
    const { upstream } = startRig([], { ...PER_SESSION, maxSessions: 1 });
    const ada = await pidOf(upstream, 'ada');
    const eve = await pidOf(upstream, 'eve');
    await until(() => !isAlive(ada));
    const waiting = upstream.handle(call('hang'), contextOf({ subject: 'eve' }));
    const refused = await upstream.handle(call(), contextOf({ subject: 'ada' }));
    expect([refused.status, (await jsonOf(refused)).error.message]).toEqual([
      503,
      'Too many sessions',
    ]);
    expect(isAlive(eve)).toBe(true);
    await upstream.close();
    await waiting;
  });

  it('hear of what they subscribed to', async () => {
    const { upstream } = startRig([], PER_SESSION);
    const listen = modern('subscriptions/listen', {
      notifications: { resourceSubscriptions: ['a:'] },
    });
    const events = eventsOf(await upstream.handle(listen, contextOf({ accept: BOTH })));
    await events.next();
    const params = '{"uri":"a:"}';
    const lines = [
      `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":${params}}`,
    ];
    const emit = modern('tools/call', { name: 'emit', arguments: { lines } });
    await upstream.handle(emit, contextOf());
    expect((await events.next()).value).toContain('"uri":"a:"');
  });
});

describe('a session whose process dies', () => {
  const SOON = { ...PER_SESSION, restart: { initialDelay: 1 } } as const;
  const request = (method: string, params: string) =>
    message(`{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`);

  it('goes on with another, which is told what the first one was', async () => {
    const { upstream, events } = startRig([], SOON);
    const hello = JSON.stringify({
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
      n: 'N',
    }).replace('"N"', '9007199254740993');
    const begun = await upstream.handle(request('initialize', hello), contextOf());
    const sessionId = begun.headers.get('mcp-session-id') ?? '';
    const context = contextOf({ sessionId });
    await upstream.handle(notification('notifications/initialized', '{}'), context);
    for (const [method, params] of [
      ['resources/subscribe', '{"uri":"a:"}'],
      ['resources/subscribe', '{"uri":"b:"}'],
      ['resources/subscribe', '{"uri":"bad:"}'],
      ['resources/unsubscribe', '{"uri":"b:"}'],
      ['logging/setLevel', '{"level":"error"}'],
    ] as const) {
      await upstream.handle(request(method, params), context);
    }
    const hanging = upstream.handle(deed('hang'), context);
    const crashing = upstream.handle(deed('crash', { code: 9 }), context);
    expect([(await hanging).status, (await crashing).status]).toEqual([502, 502]);
    await until(() => events.filter(({ type }) => type === 'process-ready').length === 2);
    const journal = await journalOf(upstream, { sessionId });
    expect(journal.map(({ method }) => method)).toEqual([
      'initialize',
      'notifications/initialized',
      'logging/setLevel',
      'resources/subscribe',
    ]);
    expect(journal[0]?.params).toMatchObject({ clientInfo: { name: 'test' } });
    expect(journal[3]?.params).toEqual({ uri: 'a:' });
    expect((await upstream.handle(deed('echo'), context)).status).toBe(200);
  });

  it('is told when to come again while there is none', async () => {
    const { upstream, events } = startRig([], {
      ...PER_SESSION,
      restart: { initialDelay: 60_000 },
    });
    const sessionId = await beginSession(upstream);
    await upstream.handle(deed('crash'), contextOf({ sessionId }));
    await until(() => events.some(({ type }) => type === 'restart-scheduled'));
    const response = await upstream.handle(deed('echo'), contextOf({ sessionId }));
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '60']);
  });

  it('ends when there will be none any more', async () => {
    const { upstream, events } = startRig([], { ...PER_SESSION, restart: { maxAttempts: 0 } });
    const sessionId = await beginSession(upstream);
    await upstream.handle(deed('crash'), contextOf({ sessionId }));
    await until(() => events.some(({ type }) => type === 'session-ended'));
    expect((await upstream.handle(deed('echo'), contextOf({ sessionId }))).status).toBe(404);
    expect(events).toContainEqual({ type: 'session-ended', reason: 'process-exited' });
  });

  it('does not answer the successor what the first one asked', async () => {
    const { upstream, events } = startRig([], SOON);
    const sessionId = await beginSession(upstream);
    const context = contextOf({ sessionId, accept: BOTH });
    const stream = eventsOf(await upstream.stream(context));
    void upstream.handle(deed('ask', { method: 'roots/list', id: 'q' }), contextOf({ sessionId }));
    expect((await stream.next()).value).toContain('roots/list');
    await upstream.handle(deed('crash'), contextOf({ sessionId }));
    expect((await stream.next()).value).toBe(
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"q"}}',
    );
    await until(() => events.filter(({ type }) => type === 'process-ready').length === 2);
    void upstream.handle(deed('ask', { method: 'roots/list', id: 'r' }), contextOf({ sessionId }));
    expect((await stream.next()).value).toContain('"r"');
    const answer = (id: string) => message(`{"jsonrpc":"2.0","id":"${id}","result":{}}`);
    expect((await upstream.handle(answer('q'), context)).status).toBe(400);
    expect((await upstream.handle(answer('r'), context)).status).toBe(202);
  });

  it('does not go on with one that speaks another version', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'versions-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const script = `
      const fs = require('node:fs');
      const marker = ${JSON.stringify(join(folder, 'started'))};
      const protocolVersion = fs.existsSync(marker) ? '2025-03-26' : '2025-11-25';
      fs.writeFileSync(marker, '');
      require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
        const { id, method } = JSON.parse(line);
        if (method === 'tools/call') process.exit(1);
        const result = { protocolVersion, capabilities: {}, serverInfo: { name: 's', version: '1' } };
        if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
      });`;
    const { upstream, events } = startRig([], {
      ...{ ...PER_SESSION, args: ['-e', script], restart: { initialDelay: 1, maxAttempts: 1 } },
    });
    const sessionId = await beginSession(upstream);
    await upstream.handle(deed('crash'), contextOf({ sessionId }));
    await until(() => events.some(({ type }) => type === 'session-ended'));
    expect((await upstream.handle(deed('echo'), contextOf({ sessionId }))).status).toBe(404);
  });
});

describe('a process that does not read', () => {
  it('does not make what its client sends pile up', async () => {
    const { upstream, events } = startRig([], { ...PER_SESSION, maxQueuedBytes: 100_000 });
    const sessionId = await beginSession(upstream);
    const context = contextOf({ sessionId });
    void upstream.handle(deed('deaf', { ms: 60_000 }), context);
    const params = JSON.stringify({ pad: 'x'.repeat(50_000) });
    for (let sent = 0; sent < 20; sent += 1) {
      await upstream.handle(notification('notifications/roots/list_changed', params), context);
    }
    const dropped = events.filter(({ type }) => type === 'message-dropped');
    expect(dropped.length).toBeGreaterThan(5);
    expect(dropped[0]).toMatchObject({ reason: 'queue-full' });
    const refused = await upstream.handle(deed('echo'), context);
    expect((await jsonOf(refused)).error.message).toBe('Upstream busy');
  });
});

describe('a large initialize', () => {
  const begin = async (upstream: Upstream<Response>, bytes: number): Promise<string> => {
    const params = JSON.stringify({
      protocolVersion: '2025-11-25',
      capabilities: { experimental: { pad: 'x'.repeat(bytes) } },
      clientInfo: { name: 'test', version: '1' },
    });
    const text = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":${params}}`;
    const response = await upstream.handle(message(text), contextOf());
    expect(response.status).toBe(200);
    await response.text();
    return response.headers.get('mcp-session-id') ?? '';
  };

  it('is not held as long as its session', async () => {
    const { upstream } = startRig([], PER_SESSION);
    await begin(upstream, 2 * MIB);
    const before = await heldAfterCollection();
    for (let count = 0; count < 5; count += 1) await begin(upstream, 2 * MIB);
    expect(((await heldAfterCollection()) - before) / MIB).toBeLessThan(8);
  });

  it('begins no second process: its session ends with the first', async () => {
    const { upstream, events } = startRig([], { ...PER_SESSION, restart: { initialDelay: 1 } });
    const large = await begin(upstream, 100_000);
    await upstream.handle(deed('crash'), contextOf({ sessionId: large }));
    await until(() => events.some(({ type }) => type === 'session-ended'));
    expect((await upstream.handle(deed('echo'), contextOf({ sessionId: large }))).status).toBe(404);
    const small = await begin(upstream, 10_000);
    await upstream.handle(deed('crash'), contextOf({ sessionId: small }));
    await until(() => events.filter(({ type }) => type === 'process-ready').length === 3);
    expect((await upstream.handle(deed('echo'), contextOf({ sessionId: small }))).status).toBe(200);
  });
});

describe('questions of a process to its client', () => {
  it('arrive on the session’s stream and are answered once', async () => {
    const { upstream } = startRig([], PER_SESSION);
    const sessionId = await beginSession(upstream);
    const context = contextOf({ sessionId, accept: BOTH });
    const stream = eventsOf(await upstream.stream(context));
    const call = upstream.handle(deed('ask', { method: 'roots/list', id: '9' }), context);
    const question = (await stream.next()).value ?? '';
    expect(question).toBe('{"jsonrpc":"2.0","id":"9","method":"roots/list","params":{}}');

    const answer = (id: string) => message(`{"jsonrpc":"2.0","id":${id},"result":{"roots":[]}}`);
    expect((await upstream.handle(answer('9'), context)).status).toBe(400);
    expect((await upstream.handle(answer('"\\u0039"'), context)).status).toBe(202);
    expect((await upstream.handle(answer('"9"'), context)).status).toBe(400);
    const { result } = await jsonOf(await call);
    expect(result.answer).toMatchObject({ result: { roots: [] } });
  });

  it('arrive on an open answer when there is no stream', async () => {
    const { upstream } = startRig([], PER_SESSION);
    const sessionId = await beginSession(upstream);
    const context = contextOf({ sessionId, accept: BOTH });
    const call = deed('ask', { method: 'elicitation/create', id: 5 });
    const events = eventsOf(await upstream.handle(call, context));
    expect(JSON.parse((await events.next()).value ?? '')).toMatchObject({
      id: 5,
      method: 'elicitation/create',
    });
    await upstream.handle(
      message('{"jsonrpc":"2.0","id":5,"result":{"action":"accept"}}'),
      context,
    );
    expect(JSON.parse((await events.next()).value ?? '').result.answer.result).toEqual({
      action: 'accept',
    });
  });

  it('wait for a stream when nothing is open, and hold up the timeout meanwhile', async () => {
    const { upstream } = startRig([], { ...PER_SESSION, requestTimeout: 150 });
    const sessionId = await beginSession(upstream);
    const call = upstream.handle(deed('ask', { method: 'roots/list' }), contextOf({ sessionId }));
    await new Promise((done) => setTimeout(done, 400));
    const context = contextOf({ sessionId, accept: BOTH });
    const stream = eventsOf(await upstream.stream(context));
    const { id } = JSON.parse((await stream.next()).value ?? '');
    await upstream.handle(message(`{"jsonrpc":"2.0","id":"${id}","result":{}}`), context);
    expect((await jsonOf(await call)).result.answer).toMatchObject({ result: {} });
  });

  it('that pile up are refused', async () => {
    const { upstream, events } = startRig([], PER_SESSION);
    const sessionId = await beginSession(upstream);
    const lines = Array.from(
      { length: 70 },
      (_, index) => `{"jsonrpc":"2.0","id":"q${index}","method":"roots/list"}`,
    );
    await upstream.handle(deed('emit', { lines }), contextOf({ sessionId }));
    expect(events.filter(({ type }) => type === 'message-dropped')).toHaveLength(6);
  });

  it('that nobody answers end, the oldest first, once there are too many', async () => {
    const { upstream } = startRig([], PER_SESSION);
    const sessionId = await beginSession(upstream);
    const context = contextOf({ sessionId });
    const stream = eventsOf(await upstream.stream(contextOf({ sessionId, accept: BOTH })));
    const first = upstream.handle(deed('ask', { method: 'roots/list', id: 'q' }), context);
    await stream.next();
    const lines = Array.from(
      { length: 256 },
      (_, index) => `{"jsonrpc":"2.0","id":"q${index}","method":"roots/list"}`,
    );
    await upstream.handle(deed('emit', { lines }), context);
    expect((await jsonOf(await first)).result.answer).toMatchObject({ error: { code: -32603 } });
    const answer = async (id: string) => {
      const text = `{"jsonrpc":"2.0","id":"${id}","result":{}}`;
      return (await upstream.handle(message(text), context)).status;
    };
    expect([await answer('q'), await answer('q0'), await answer('q255')]).toEqual([400, 202, 202]);
  });

  it('that nobody answers hold no more than their ids', async () => {
    const { upstream } = startRig([], PER_SESSION);
    const sessionId = await beginSession(upstream);
    const context = contextOf({ sessionId });
    const stream = eventsOf(await upstream.stream(contextOf({ sessionId, accept: BOTH })));
    const ask = async (id: number) => {
      const pad = 'x'.repeat(MIB / 4);
      const line = `{"jsonrpc":"2.0","id":${id},"method":"roots/list","params":{"pad":"${pad}"}}`;
      await (await upstream.handle(deed('emit', { lines: [line] }), context)).text();
      await stream.next();
    };
    await ask(0);
    const before = await heldAfterCollection();
    for (let id = 1; id < 41; id += 1) await ask(id);
    expect(((await heldAfterCollection()) - before) / MIB).toBeLessThan(5);
  });

  it('can be withdrawn by the process', async () => {
    const { upstream } = startRig([], PER_SESSION);
    const sessionId = await beginSession(upstream);
    const context = contextOf({ sessionId });
    const lines = [
      '{"jsonrpc":"2.0","id":"q","method":"roots/list"}',
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"q"}}',
    ];
    await upstream.handle(deed('emit', { lines }), context);
    const late = await upstream.handle(message('{"jsonrpc":"2.0","id":"q","result":{}}'), context);
    expect(late.status).toBe(400);
  });

  it('is followed by progress and cancellation as in a direct connection', async () => {
    const { upstream } = startRig([], PER_SESSION);
    const sessionId = await beginSession(upstream);
    const context = contextOf({ sessionId });
    const call = upstream.handle(deed('hang', {}, { id: '3' }), context);
    await upstream.handle(notification('notifications/roots/list_changed', '{}'), context);
    await upstream.handle(notification('notifications/cancelled', '{"requestId":3}'), context);
    expect((await jsonOf(await call)).error.message).toBe('Request cancelled');
    const methods = (await journalOf(upstream, { sessionId })).map(({ method }) => method);
    expect(methods.slice(-2)).toEqual([
      'notifications/roots/list_changed',
      'notifications/cancelled',
    ]);
  });
});
