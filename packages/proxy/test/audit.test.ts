/** Audit (D38): one record for every request, with the right reason, and nothing that is secret. */

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { renderAuditLine } from '../src/audit/audit-line.ts';
import { type AuditRecord, type AuditSink, ProxyError } from '../src/index.ts';
import { ALL, engine, fakeUpstream, harness, identity, jsonResult, W } from './support/fakes.ts';

interface FakeSink extends AuditSink {
  readonly records: AuditRecord[];
  /** What a write and a look at the sink end with. */
  broken: boolean;
}

function fakeSink(): FakeSink {
  const sink: FakeSink = {
    records: [],
    broken: false,
    write: async (record) => {
      if (sink.broken) throw new Error('no space');
      sink.records.push(record);
    },
    ready: () => (sink.broken ? Promise.reject(new Error('no space')) : undefined),
  };
  return sink;
}

type Options = NonNullable<Parameters<typeof harness>[0]>;

function audited(options: Options = {}, audit: Partial<NonNullable<Options['audit']>> = {}) {
  const sink = fakeSink();
  const h = harness({ ...options, audit: { sink, server: 'weather', ...audit } });
  return { ...h, sink };
}

const FIELDS = [
  ...['time', 'type', 'outcome', 'status', 'reason', 'decision', 'policies', 'iss', 'sub'],
  ...['client_id', 'session', 'server', 'method', 'target', 'arguments', 'duration_ms', 'source'],
];
const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather"}}';

describe('a record', () => {
  it('of a renamed tool has both names, and of any other one', async () => {
    const { send, sink } = audited({ tools: { override: { weather: { name: 'forecast' } } } });
    await send(CALL.replace('weather', 'forecast'));
    await send(CALL.replace('weather', 'other'));
    expect(sink.records).toMatchObject([
      { target: 'weather', called_as: 'forecast', outcome: 'success' },
      { target: 'other', outcome: 'success' },
    ]);
    expect(sink.records[1]).not.toHaveProperty('called_as');
  });

  it('has every field of D38, in its order, and no other', async () => {
    let clock = Date.UTC(2026, 0, 2, 3, 4, 5);
    const { call, sink } = audited({
      authorize: W,
      now: () => {
        clock += 7;
        return clock;
      },
      authenticate: {
        verify: async () => ({
          ...identity('alice'),
          claims: { azp: 'desk', department: 'secret-department' },
        }),
        toResponse: () => new Response(null, { status: 401 }),
      },
    });
    await call('tools/call', { name: 'weather', arguments: { city: 'Oslo', days: 3 } });
    expect(sink.records.map((record) => Object.keys(record))).toEqual([FIELDS]);
    expect(sink.records[0]).toMatchObject({
      time: expect.stringMatching(/^2026-01-02T03:04:05\.\d{3}Z$/),
      type: 'mcp_tool_call',
      outcome: 'success',
      status: 200,
      reason: null,
      decision: 'd-1',
      policies: ['p0'],
      iss: 'https://idp.test',
      sub: 'alice',
      client_id: 'desk',
      session: null,
      server: 'weather',
      method: 'tools/call',
      target: 'weather',
      arguments: ['city', 'days'],
    });
    expect(JSON.stringify(sink.records)).not.toMatch(/Oslo|secret/);
  });

  it('holds values of arguments only when asked, cut where they are long', async () => {
    const args = { city: 'Oslo', text: 'x'.repeat(10_000), deep: { a: [1] } };
    const params = { name: 'weather', arguments: args };
    const values = audited({}, { arguments: 'values' });
    await values.call('tools/call', params);
    expect(values.sink.records[0]?.arguments).toEqual({
      city: 'Oslo',
      text: `"${'x'.repeat(4094)}…`,
      deep: { a: [1] },
    });
    const none = audited({}, { arguments: 'none' });
    await none.call('tools/call', params);
    expect(none.sink.records[0]?.arguments).toBeNull();
  });

  it('names no session by its id, and the same session always alike', async () => {
    const upstream = fakeUpstream((message) =>
      message?.id === undefined
        ? new Response(null, { status: 202 })
        : jsonResult(message.id.text, {}, { headers: { 'mcp-session-id': 'S-half-a-secret' } }),
    );
    const { call, send, sink } = audited({ upstream });
    await call('initialize', {});
    await call('ping', {}, { 'mcp-session-id': 'S-half-a-secret' });
    await send('', { method: 'DELETE', headers: { 'mcp-session-id': 'S-half-a-secret' } });
    const label = createHash('sha256').update('S-half-a-secret').digest('hex').slice(0, 16);
    expect(sink.records.map(({ type, session }) => [type, session])).toEqual([
      ['mcp_initialize', label],
      ['mcp_ping', label],
      ['mcp_session_end', label],
    ]);
  });

  it('says what a completion is for, and cuts what is endless', async () => {
    const { call, sink } = audited();
    await call('completion/complete', {
      ref: { type: 'ref/prompt', name: 'greet' },
      argument: { name: 'who', value: 'secret' },
    });
    await call('tools/call', { name: 'n'.repeat(5000), arguments: { ['k'.repeat(500)]: 1 } });
    await call('m'.repeat(5000));
    expect(sink.records.map(({ target }) => target?.length)).toEqual([5, 1024, undefined]);
    expect(sink.records[1]?.arguments).toEqual([`${'k'.repeat(127)}…`]);
    expect(sink.records[2]?.method).toHaveLength(128);
    expect(JSON.stringify(sink.records)).not.toContain('secret');
  });
});

describe('what looks like a secret', () => {
  const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl';

  it.each([
    ['a token for a tool', 'tools/call', { name: `x-${JWT}` }],
    ['half a token', 'tools/call', { name: JWT.slice(0, -10) }],
    ['a token in an address', 'resources/read', { uri: `https://a.test/?access_token=${JWT}` }],
    ['a password in an address', 'resources/read', { uri: 'https://ann:eyJhunter2@a.test/x' }],
    ['a token for the name of an argument', 'tools/call', { name: 't', arguments: { [JWT]: 1 } }],
    ['a token after a line break', 'tools/call', { name: 't', arguments: { key: `\n${JWT}` } }],
    ['a token after a control', 'tools/call', { name: 't', arguments: { key: `\u0001${JWT}` } }],
    ['a token for the value of one', 'tools/call', { name: 't', arguments: { key: JWT } }],
  ])('is in no line and no report: %s', async (_name, method, params) => {
    const { call, sink, reports } = audited({}, { arguments: 'values' });
    await call(method, params);
    const line = renderAuditLine(sink.records[0]!); // there is one for every request
    expect(line).not.toContain('eyJ');
    expect(JSON.parse(line)).toMatchObject({ type: expect.stringMatching(/^mcp_/) });
    expect(reports[0]?.target).not.toContain('eyJ');
  });

  it('is nothing that only ends alike', async () => {
    const { call, sink } = audited();
    await call('tools/call', { name: 'keyJson.parse' });
    expect(renderAuditLine(sink.records[0]!)).toContain('"keyJson.parse"'); // one for each request
  });
});

describe('every request leaves exactly one record', () => {
  const deny = engine(() => false);
  const broken = fakeUpstream(() => {
    throw new ProxyError('ERR_PROXY_UPSTREAM_TIMEOUT', 'late');
  });
  const bug = fakeUpstream(() => {
    throw new Error('a bug that names secret');
  });
  const cases: [
    name: string,
    request: RequestInit & { readonly body?: string },
    expected: readonly unknown[],
    options?: Options,
  ][] = [
    ['a call', { body: CALL }, ['mcp_tool_call', 'success', 200, null]],
    [
      'a notification',
      { body: '{"jsonrpc":"2.0","method":"notifications/initialized"}' },
      ['mcp_notification', 'success', 202, null],
    ],
    [
      'a stream',
      { method: 'GET' },
      ['mcp_stream', 'success', 200, null],
      {
        upstream: fakeUpstream(
          () => new Response('', { headers: { 'content-type': 'text/event-stream' } }),
        ),
      },
    ],
    [
      'the end of a session',
      { method: 'DELETE' },
      ['mcp_session_end', 'success', 200, null],
      { upstream: fakeUpstream(() => new Response(null)) },
    ],
    [
      'no token',
      { body: CALL, headers: { authorization: '' } },
      ['http_request', 'unauthorized', 401, 'ERR_TEST_NO_TOKEN'],
    ],
    [
      'two tokens',
      { body: CALL },
      ['http_request', 'unauthorized', 400, 'ERR_TEST_TWO'],
      {
        authenticate: {
          verify: () => Promise.reject(Object.assign(new Error('no'), { code: 'ERR_TEST_TWO' })),
          toResponse: () => new Response(null, { status: 400 }),
        },
      },
    ],
    [
      'too many requests',
      { body: CALL },
      ['http_request', 'denied', 429, 'rate-limit'],
      {
        limits: { identity: { take: async () => 5000, onStoreError: 'deny' }, signIns: undefined },
      },
    ],
    ['a denial', { body: CALL }, ['mcp_tool_call', 'denied', 403, 'policy'], { authorize: deny }],
    [
      'an unknown method',
      { body: '{"jsonrpc":"2.0","id":1,"method":"no/such"}' },
      ['mcp_request', 'denied', 403, 'method'],
    ],
    [
      'a foreign origin',
      { body: CALL, headers: { origin: 'https://evil.test' } },
      ['http_request', 'denied', 403, 'origin'],
    ],
    [
      'a foreign host',
      { body: CALL, headers: { host: 'evil.test' } },
      ['http_request', 'denied', 403, 'host'],
    ],
    [
      'a preflight',
      { method: 'OPTIONS', headers: { origin: 'http://localhost:8080' } },
      ['http_request', 'success', 204, null],
    ],
    ['another verb', { method: 'PUT', body: CALL }, ['http_request', 'error', 405, 'http-method']],
    ['HEAD', { method: 'HEAD' }, ['http_request', 'error', 405, 'http-method']],
    [
      'a large body',
      { body: CALL },
      ['http_request', 'error', 413, 'body-too-large'],
      { bodyLimit: 10 },
    ],
    [
      'another media type',
      { body: CALL, headers: { 'content-type': 'text/plain' } },
      ['http_request', 'error', 415, 'content-type'],
    ],
    ['no JSON', { body: '{' }, ['http_request', 'error', 400, 'syntax']],
    [
      'an unknown session',
      { body: CALL, headers: { 'mcp-session-id': 'S9' } },
      ['mcp_tool_call', 'error', 404, 'session-unknown'],
    ],
    [
      'an answer nobody asked for',
      { body: '{"jsonrpc":"2.0","id":1,"result":{}}' },
      ['mcp_response', 'error', 400, 'response-not-asked-for'],
    ],
    [
      'a late upstream',
      { body: CALL },
      ['mcp_tool_call', 'error', 504, 'ERR_PROXY_UPSTREAM_TIMEOUT'],
      { upstream: broken },
    ],
    ['a bug', { body: CALL }, ['mcp_tool_call', 'error', 500, 'internal'], { upstream: bug }],
    [
      'a refusal by the server',
      { body: CALL },
      ['mcp_tool_call', 'error', 403, 'upstream'],
      { upstream: fakeUpstream(() => new Response('no', { status: 403 })) },
    ],
    [
      'a withheld list',
      { body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' },
      ['mcp_tools_list', 'error', 200, 'withheld:not-json'],
      {
        upstream: fakeUpstream(
          () => new Response('?', { headers: { 'content-type': 'application/json' } }),
        ),
      },
    ],
  ];
  it.each(cases)('%s', async (_name, { body = '', ...init }, expected, options) => {
    const { send, sink, reports } = audited({ authorize: ALL, ...options });
    const response = await send(body, init);
    expect(sink.records.map((r) => [r.type, r.outcome, r.status, r.reason])).toEqual([expected]);
    expect(response.status).toBe(expected[2]);
    expect(reports).toHaveLength(1);
    expect(JSON.stringify(sink.records)).not.toContain('secret');
  });

  it('a client that left', async () => {
    const client = new AbortController();
    const upstream = fakeUpstream(async (_message, { signal }) => {
      client.abort();
      signal.throwIfAborted();
      return new Response(null);
    });
    const { send, sink } = audited({ upstream });
    await send(CALL, { signal: client.signal });
    expect(sink.records).toMatchObject([{ outcome: 'error', status: 499, reason: 'client-gone' }]);
  });

  it('also when a thousand come at once', async () => {
    const { call, sink } = audited();
    await Promise.all(
      Array.from({ length: 1000 }, (_, index) => call('tools/call', { name: `t${index}` })),
    );
    expect(new Set(sink.records.map(({ target }) => target)).size).toBe(1000);
    expect(sink.records).toHaveLength(1000);
  });
});

describe('a sink that fails', () => {
  it('is an error for the operator, told once in a while, and no answer is late for it', async () => {
    let clock = 0;
    const { call, sink, errors, upstream } = audited({ now: () => clock });
    sink.broken = true;
    for (let count = 0; count < 3; count += 1) expect((await call('ping')).status).toBe(200);
    expect(errors).toMatchObject([{ code: 'ERR_PROXY_AUDIT' }]);
    clock = 10_000;
    await call('ping');
    expect(String(errors[1])).toContain(
      'the audit log cannot be written (3 times), requests are served without it',
    );
    expect(upstream.forwarded).toHaveLength(4);
  });

  it('refuses with 503 before the upstream is asked, when records are required', async () => {
    const { call, send, sink, upstream, errors } = audited({}, { required: true });
    sink.broken = true;
    const response = await call('tools/call', { name: 'weather' });
    expect([response.status, await response.text()]).toEqual([
      503,
      '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"Service unavailable"}}',
    ]);
    expect((await send('', { method: 'GET' })).status).toBe(503);
    expect((await send('', { method: 'DELETE' })).status).toBe(503);
    expect(upstream.forwarded).toEqual([]);
    expect(errors).toMatchObject([{ code: 'ERR_PROXY_AUDIT' }]);
    sink.broken = false;
    expect((await call('ping')).status).toBe(200);
  });

  it('withholds the answer when it fails after the upstream acted, and tells the operator', async () => {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      cancel: () => {
        cancelled = true;
      },
    });
    const upstream = fakeUpstream(() => {
      sink.broken = true;
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    });
    const { call, sink, reports, errors } = audited({ upstream }, { required: true });
    const response = await call('tools/call', { name: 'weather' });
    expect(response.status).toBe(503);
    expect(reports).toMatchObject([{ outcome: 'error', status: 503, reason: 'audit' }]);
    expect(errors).toHaveLength(1);
    expect(cancelled).toBe(true);
  });

  it('lets nobody through unaudited, not even to a refusal', async () => {
    const { send, sink } = audited({}, { required: true });
    sink.broken = true;
    expect((await send(CALL, { headers: { authorization: '' } })).status).toBe(503);
  });
});
