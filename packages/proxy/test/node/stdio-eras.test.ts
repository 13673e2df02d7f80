/** Clients of one era over servers of the other, and servers of both. */

import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Rig } from './stdio-harness.ts';
import {
  allEvents,
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
  startRig,
  until,
} from './stdio-harness.ts';

const BOTH_ERAS = fileURLToPath(new URL('./fixtures/both-eras-server.ts', import.meta.url));
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';

function startSdk(mode: 'both' | 'modern' | 'legacy', options = {}): Rig {
  return startRig([], { args: [BOTH_ERAS, mode], ...options });
}

/** A 2026 request as text, for what `modern` cannot say. */
function raw(method: string, params: string, name?: string) {
  const headers: Record<string, string> = {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
  };
  if (name !== undefined) headers['mcp-name'] = name;
  return message(`{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`, headers);
}

const ENVELOPE =
  '"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}';

/** Has the line server answer with this member text. */
function emit(answer: string) {
  const line = `{"jsonrpc":"2.0","id":"$ID",${answer}}`;
  return modern('tools/call', { name: 'emit', arguments: { lines: [line], silent: true } });
}

describe('a 2026 client over a 2025 process', () => {
  it('discovers what the process said in its handshake, and no more', async () => {
    const { upstream } = startSdk('legacy');
    const response = await upstream.handle(modern('server/discover', {}, '"d"'), contextOf());
    expect(response.status).toBe(200);
    const answer = JSON.parse(await response.text());
    expect(answer.id).toBe('d');
    expect(answer.result).toEqual({
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: {
        logging: {},
        resources: { subscribe: true, listChanged: true },
        tools: { listChanged: true },
      },
      instructions: 'Ask nicely.',
      ttlMs: 0,
      cacheScope: 'private',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'both-eras', version: '1.0.0' } },
    });
  });

  it('is sent neither the tasks nor the unknown capabilities of the process', async () => {
    const handshake = '{"capabilities":{"tools":{},"tasks":{"list":{}},"x.y":{}},"secret":1}';
    const { upstream } = startRig(['--handshake', handshake]);
    const { result } = await upstream
      .handle(modern('server/discover'), contextOf())
      .then((response) => response.json());
    expect(result.capabilities).toEqual({ tools: {} });
    expect(JSON.stringify(result)).not.toContain('secret');
  });

  it('gets complete results that nobody else may keep, every other byte as it was', async () => {
    const { upstream } = startSdk('legacy');
    for (const method of ['tools/list', 'resources/list', 'resources/templates/list']) {
      const response = await upstream.handle(modern(method), contextOf());
      const { result } = await response.json();
      expect(result).toMatchObject({
        resultType: 'complete',
        ttlMs: 0,
        cacheScope: 'private',
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'both-eras' } },
      });
    }
  });

  it.each([
    ['"result":{}', '"result":{"resultType":"complete","_meta":INFO}'],
    [
      '"result": { "n" : 9007199254740993 }',
      '"result": {"resultType":"complete","_meta":INFO, "n" : 9007199254740993 }',
    ],
    [
      '"result":{"resultType":"input_required","inputRequests":{}}',
      '"result":{"_meta":INFO,"resultType":"complete","inputRequests":{}}',
    ],
    [
      '"result":{"a":"{\\"_meta\\":{","_meta":{ "b":1 }}',
      '"result":{"resultType":"complete","a":"{\\"_meta\\":{","_meta":{"io.modelcontextprotocol/serverInfo":SELF, "b":1 }}',
    ],
    [
      '"result":{"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"mine"}}}',
      '"result":{"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":SELF}}',
    ],
  ])('reads %s as %s', async (said, expected) => {
    const { upstream } = startRig();
    const body = await (await upstream.handle(emit(said), contextOf())).text();
    const { result } = await jsonOf(await upstream.handle(modern('server/discover'), contextOf()));
    const meta = (result as unknown as { _meta: Record<string, unknown> })._meta;
    const info = JSON.stringify(meta['io.modelcontextprotocol/serverInfo']);
    const text = expected
      .replaceAll('INFO', `{"io.modelcontextprotocol/serverInfo":SELF}`)
      .replaceAll('SELF', info);
    expect(body).toBe(`{"jsonrpc":"2.0","id":1,${text}}`);
  });

  it.each([
    ['{"code":-32601,"message":"m"}', 404, -32601],
    ['{"code":-32602,"message":"m"}', 200, -32602],
    ['{"message":"m","code": -32002}', 200, -32002],
    // The 2026 revision gave these a meaning that a 2025 server cannot have had in mind.
    ['{"code":-32020,"message":"m"}', 200, -32000],
    ['{"code":-32042,"message":"m","data":{"n":9007199254740993}}', 200, -32000],
  ])('reads the error %s with status %i and code %i', async (error, status, code) => {
    const { upstream } = startRig();
    const response = await upstream.handle(emit(`"error":${error}`), contextOf());
    expect(response.status).toBe(status);
    const body = await response.text();
    expect(JSON.parse(body).error).toMatchObject({ code, message: 'm' });
    if (error.includes('data')) expect(body).toContain('9007199254740993');
  });

  it('is told of a missing resource by the code of its era', async () => {
    const { upstream } = startRig();
    const lost = await upstream.handle(modern('resources/read', { uri: 'lost:' }), contextOf());
    expect((await jsonOf(lost)).error).toMatchObject({ code: -32602, message: 'Not found' });
    const old = message(
      '{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"lost:"}}',
    );
    expect((await jsonOf(await upstream.handle(old, contextOf()))).error.code).toBe(-32002);
  });

  it('has its envelope taken off, and nothing else', async () => {
    const { upstream } = startRig();
    const params = (meta: string) => `{"name":"echo","_meta":${meta},"arguments":{"n":1e2}}`;
    for (const [meta, left] of [
      [`{${ENVELOPE}}`, '{}'],
      [`{ "a":1 , ${ENVELOPE} }`, '{ "a":1 }'],
      [
        `{${ENVELOPE},"progressToken":"p","traceparent":"00-1"}`,
        '{"progressToken":"KEY","traceparent":"00-1"}',
      ],
      [
        `{"io.modelcontextprotocol\\/clientInfo":{"name":"}"},"x":[{}],${ENVELOPE},"y":2}`,
        '{"x":[{}],"y":2}',
      ],
    ] as const) {
      const call = raw('tools/call', params(meta), 'echo');
      const { result } = await jsonOf(await upstream.handle(call, contextOf()));
      const line = result.line.replaceAll(/"[0-9a-f-]{36}"/g, '"KEY"');
      expect(line).toBe(
        `{"jsonrpc":"2.0","id":"KEY","method":"tools/call","params":${params(left)}}`,
      );
    }
  });

  it('cannot begin a task of the other era or go on with a round that was never begun', async () => {
    const { upstream } = startRig();
    const extra = '"task":{"ttl":1},"requestState":"s","inputResponses":{"a":{}}';
    const params = `{${extra},"name":"echo","arguments":{"task":1},"_meta":{${ENVELOPE}}}`;
    const { result } = await jsonOf(
      await upstream.handle(raw('tools/call', params, 'echo'), contextOf()),
    );
    expect(JSON.parse(result.line).params).toEqual({
      name: 'echo',
      arguments: { task: 1 },
      _meta: {},
    });
  });

  it.each([
    ['tasks/get', { taskId: 't' }],
    ['tasks/list', {}],
    ['roots/list', {}],
    ['logging/setLevel', { level: 'debug' }],
    ['resources/subscribe', { uri: 'u:' }],
  ])('finds no %s', async (method, params) => {
    const { upstream } = startRig();
    const response = await upstream.handle(modern(method, params), contextOf());
    expect(response.status).toBe(404);
    expect((await jsonOf(response)).error.code).toBe(-32601);
    const heard = (await journalOf(upstream)).map((entry) => entry.method);
    expect(heard).not.toContain(method);
  });

  it.each([
    '{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}',
    `{${ENVELOPE.replace('{}', '[]')}}`,
    `{${ENVELOPE},"io.modelcontextprotocol/logLevel":"loud"}`,
  ])('must say what the revision demands, not %s', async (meta) => {
    const { upstream } = startRig();
    const call = raw('tools/call', `{"name":"echo","_meta":${meta}}`, 'echo');
    const response = await upstream.handle(call, contextOf());
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).error.code).toBe(-32602);
  });

  it('hears the log lines that it asked for with a request, and only then', async () => {
    const { upstream } = startSdk('legacy');
    const call = (level: string) =>
      raw(
        'tools/call',
        `{"name":"echo","arguments":{"text":"hi"},"_meta":{${ENVELOPE}${level}}}`,
        'echo',
      );
    const asked = await upstream.handle(
      call(',"io.modelcontextprotocol/logLevel":"debug"'),
      contextOf({ accept: BOTH }),
    );
    const [log, answer] = (await allEvents(asked)).map((event) => JSON.parse(event));
    expect(log).toMatchObject({ method: 'notifications/message', params: { data: 'echoing hi' } });
    expect(answer.result.content[0].text).toContain('hi');
    const silent = await upstream.handle(call(''), contextOf({ accept: BOTH }));
    expect(silent.headers.get('content-type')).toBe('application/json');
    // With a second user a log line could be about either of them.
    const other = contextOf({ subject: 'eve', accept: BOTH });
    const shared = await upstream.handle(
      call(',"io.modelcontextprotocol/logLevel":"debug"'),
      other,
    );
    expect(shared.headers.get('content-type')).toBe('application/json');
  });
});

describe('subscriptions/listen over a 2025 process', () => {
  const listenTo = (notifications: object, id = '"s"') =>
    modern('subscriptions/listen', { notifications }, id);
  const touch = (uri: string) => modern('tools/call', { name: 'touch', arguments: { uri } });

  it('acknowledges first, then tells what was asked for, each with the id', async () => {
    const { upstream } = startSdk('legacy');
    const response = await upstream.handle(
      listenTo({ resourceSubscriptions: ['note://one'], promptsListChanged: true }),
      contextOf({ accept: BOTH }),
    );
    const events = eventsOf(response);
    const next = async () => JSON.parse((await events.next()).value ?? '');
    expect(await next()).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/subscriptions/acknowledged',
      params: {
        _meta: { [SUBSCRIPTION]: 's' },
        // The server has no prompts.
        notifications: { resourceSubscriptions: ['note://one'] },
      },
    });
    await upstream.handle(touch('note://two'), contextOf());
    await upstream.handle(touch('note://one'), contextOf());
    expect(await next()).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/resources/updated',
      params: { uri: 'note://one', _meta: { [SUBSCRIPTION]: 's' } },
    });
    await upstream.close();
    expect(await next()).toEqual({
      jsonrpc: '2.0',
      id: 's',
      result: { resultType: 'complete', _meta: { [SUBSCRIPTION]: 's' } },
    });
    expect((await events.next()).done).toBe(true);
  });

  it('keeps list changes and sessions of the other era apart', async () => {
    const { upstream } = startSdk('legacy');
    const sessionId = await beginSession(upstream, { subject: 'eve' });
    const old = eventsOf(
      await upstream.stream(contextOf({ subject: 'eve', sessionId, accept: BOTH })),
    );
    const events = eventsOf(
      await upstream.handle(listenTo({ resourcesListChanged: true }), contextOf({ accept: BOTH })),
    );
    await events.next();
    await upstream.handle(touch('note://one'), contextOf());
    expect(JSON.parse((await events.next()).value ?? '')).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/resources/list_changed',
      params: { _meta: { [SUBSCRIPTION]: 's' } },
    });
    expect((await old.next()).value).toBe(
      '{"jsonrpc":"2.0","method":"notifications/resources/list_changed"}',
    );
  });

  it('tells the process once, and again when the last client has gone', async () => {
    const { upstream } = startRig();
    const open = new AbortController();
    const context = contextOf({ accept: BOTH, signal: open.signal });
    const wish = { resourceSubscriptions: ['a:', 'bad:'] };
    const first = await upstream.handle(listenTo(wish), context);
    const [acknowledged] = [JSON.parse((await eventsOf(first).next()).value ?? '')];
    expect(acknowledged.params.notifications).toEqual({ resourceSubscriptions: ['a:'] });
    const second = await upstream.handle(listenTo(wish, '2'), contextOf({ accept: BOTH }));
    const subscribed = async () =>
      (await journalOf(upstream))
        .filter(({ method }) => method.startsWith('resources/'))
        .map(({ method, params }) => `${method} ${params['uri']}`);
    expect(await subscribed()).toEqual([
      'resources/subscribe a:',
      'resources/subscribe bad:',
      'resources/subscribe bad:',
    ]);
    open.abort();
    await second.body?.cancel();
    await until(async () => (await subscribed()).includes('resources/unsubscribe a:'));
  });

  it('lives on after a crash, and the new process is told', async () => {
    const { upstream, events: told } = startRig([], {
      restart: { initialDelay: 1, stableAfter: 60_000 },
    });
    const response = await upstream.handle(
      listenTo({ resourceSubscriptions: ['a:'] }),
      contextOf({ accept: BOTH }),
    );
    const events = eventsOf(response);
    await events.next();
    expect((await upstream.handle(deed('crash'), contextOf())).status).toBe(502);
    await until(() => told.filter(({ type }) => type === 'process-ready').length === 2);
    const line =
      '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:"}}';
    await upstream.handle(deed('emit', { lines: [line] }), contextOf());
    expect(JSON.parse((await events.next()).value ?? '').params).toEqual({
      uri: 'a:',
      _meta: { [SUBSCRIPTION]: 's' },
    });
  });

  it('closes a stream that nobody reads, and tells the process', async () => {
    const { upstream, events } = startRig([], { maxStreamBytes: 1000 });
    await upstream.handle(listenTo({ resourceSubscriptions: ['a:'] }), contextOf({ accept: BOTH }));
    const params = `{"uri":"a:","pad":"${'x'.repeat(600)}"}`;
    const line = `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":${params}}`;
    await upstream.handle(deed('emit', { lines: Array(4).fill(line) }), contextOf());
    expect(events).toContainEqual({ type: 'stream-overflow', stream: 'subscription' });
    const heard = (await journalOf(upstream)).map(({ method }) => method);
    expect(heard).toContain('resources/unsubscribe');
  });

  it('needs a client that reads event streams, and is bounded', async () => {
    const { upstream } = startRig([], { maxSessions: 1 });
    const wish = { resourceSubscriptions: ['a:'] };
    expect((await upstream.handle(listenTo(wish), contextOf())).status).toBe(406);
    await upstream.handle(listenTo(wish), contextOf({ accept: BOTH }));
    const refused = await upstream.handle(listenTo(wish), contextOf({ accept: BOTH }));
    expect((await jsonOf(refused)).error.message).toBe('Too many subscriptions');
  });

  it('ends at once when there is nothing to hear of', async () => {
    const { upstream } = startRig();
    const response = await upstream.handle(
      listenTo({ toolsListChanged: true }),
      contextOf({ accept: BOTH }),
    );
    const events = (await allEvents(response)).map((event) => JSON.parse(event));
    expect(events.map(({ method }) => method)).toEqual([
      'notifications/subscriptions/acknowledged',
      undefined,
    ]);
    expect(events[0].params.notifications).toEqual({});
  });
});

describe('a server of both eras', () => {
  it('serves the clients of each with a process of its own', async () => {
    const { upstream, events } = startSdk('both');
    const call = { name: 'echo', arguments: { text: 'hi' } };
    const old = await upstream.handle(deed('echo', call.arguments), contextOf());
    const { result: oldResult } = await old.json();
    const fresh = await upstream.handle(modern('tools/call', call), contextOf());
    const { result } = await fresh.json();
    expect(result.resultType).toBe('complete');
    expect(oldResult.resultType).toBeUndefined();
    const pids = [oldResult, result].map(({ content }) => Number(content[0].text.split(' ')[0]));
    expect(pids[0]).not.toBe(pids[1]);
    expect(events).toContainEqual({ type: 'revision-found', native: true });
    await upstream.close();
    expect(pids.map(isAlive)).toEqual([false, false]);
  });

  it('speaks of what was opted in to only, whatever the process sends', async () => {
    const { upstream, events } = startRig(['--modern']);
    const listen = modern('subscriptions/listen', {
      notifications: { resourceSubscriptions: ['mine:'] },
    });
    const stream = eventsOf(await upstream.handle(listen, contextOf({ accept: BOTH })));
    const methods: unknown[] = [];
    for await (const event of stream) {
      const { method, params } = JSON.parse(event);
      methods.push(params?.uri ?? method);
    }
    // The line server tells every listener of `theirs:`, of `mine:` and of a changed tool list.
    expect(methods).toEqual(['notifications/subscriptions/acknowledged', 'mine:', undefined]);
    expect(events).toContainEqual({
      type: 'message-dropped',
      method: 'notifications/tools/list_changed',
      reason: 'not-asked-for',
    });
  });

  it('hears log lines where the request asked for them', async () => {
    const { upstream } = startSdk('both');
    const meta = `{${ENVELOPE},"io.modelcontextprotocol/logLevel":"info"}`;
    const params = `{"name":"echo","arguments":{"text":"hi"},"_meta":${meta}}`;
    const response = await upstream.handle(
      raw('tools/call', params, 'echo'),
      contextOf({ accept: BOTH }),
    );
    const events = (await allEvents(response)).map((event) => JSON.parse(event));
    expect(events[0].params.data).toBe('echoing hi');
  });

  it('of the newer era only refuses the handshake and serves the rest', async () => {
    const { upstream } = startSdk('modern');
    await upstream.ready(AbortSignal.timeout(10_000));
    const refused = await upstream.handle(initializeMessage(), contextOf());
    expect((await jsonOf(refused)).error.code).toBe(-32022);
    const response = await upstream.handle(modern('tools/list'), contextOf());
    expect((await response.json()).result.tools).toHaveLength(2);
  });

  it('is started again for the clients of the newer era, too', async () => {
    const { upstream } = startSdk('both', { restart: { initialDelay: 1 } });
    const call = modern('tools/call', { name: 'echo', arguments: { text: 'hi' } });
    const { result } = await (await upstream.handle(call, contextOf())).json();
    process.kill(Number(result.content[0].text.split(' ')[0]), 'SIGKILL');
    await until(async () => {
      const response = await upstream.handle(call, contextOf());
      const body = await response.json();
      return response.ok && body.result?.content[0].text !== result.content[0].text;
    });
  });
});

describe('a process that ends at a question it does not know', () => {
  it('is asked once, out of the way of its clients', async () => {
    const { upstream, events } = startRig(['--brittle']);
    const sessionId = await beginSession(upstream);
    const response = await upstream.handle(modern('tools/call', { name: 'echo' }), contextOf());
    expect((await response.json()).result.resultType).toBe('complete');
    expect((await upstream.handle(deed('echo'), contextOf({ sessionId }))).status).toBe(200);
    await upstream.handle(modern('server/discover'), contextOf());
    expect(events.filter(({ type }) => type === 'process-started')).toHaveLength(2);
    expect(events.filter(({ type }) => type === 'process-exited')).toEqual([]);
    expect(events).toContainEqual({ type: 'revision-found', native: false });
  });
});
