/** Telemetry (D39): spans and metrics by the conventions, and nothing in them that is not theirs. */

import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import { type DataPoint, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { createMemorySessionStore, ProxyError } from '../src/index.ts';
import { createTelemetry, observeTokenValidator } from '../src/telemetry/index.ts';
import { engine, fakeUpstream, harness, jsonResult, W } from './support/fakes.ts';

class Reader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

function watched(options: Parameters<typeof harness>[0] = {}) {
  const exporter = new InMemorySpanExporter();
  const reader = new Reader();
  let clock = 0;
  const providers = {
    tracerProvider: new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
    meterProvider: new MeterProvider({ readers: [reader] }),
  };
  const observer = createTelemetry({
    server: 'weather',
    ...providers,
    propagator: new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
    }),
    clock: () => {
      clock += 5;
      return clock;
    },
  });
  return {
    ...harness({ ...options, observer }),
    ...providers,
    spans: (kind: SpanKind) => exporter.getFinishedSpans().filter((span) => span.kind === kind),
    /** Data points by the name of their metric. */
    async metrics(): Promise<Record<string, readonly DataPoint<unknown>[]>> {
      const { resourceMetrics } = await reader.collect();
      const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
      return Object.fromEntries(all.map((one) => [one.descriptor.name, one.dataPoints]));
    },
  };
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = (span: string, trace = TRACE) => `00-${trace}-${span}-01`;
const server = SpanKind.SERVER;
const client = SpanKind.CLIENT;

describe('spans', () => {
  it('tell of a call what the conventions want, and no value', async () => {
    const { call, spans } = watched({ authorize: W });
    await call('tools/call', { name: 'weather', arguments: { city: 'secret' } });
    const [span] = spans(server);
    expect(span?.name).toBe('tools/call weather');
    expect(span?.attributes).toEqual({
      'thv.server': 'weather',
      'mcp.method.name': 'tools/call',
      'jsonrpc.request.id': '1',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'weather',
      'http.request.method': 'POST',
      'http.response.status_code': 200,
      'network.protocol.name': 'http',
      'network.transport': 'tcp',
      'thv.outcome': 'success',
      'thv.decision.id': 'd-1',
      'thv.decision.policies': ['p0'],
    });
    expect(JSON.stringify([spans(server), spans(client)].flat().map(readable))).not.toMatch(
      /secret|Bearer/,
    );
  });

  it('hold no token and no password that somebody put into a name', async () => {
    const { send, spans } = watched();
    const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl';
    const ask = (method: string, params: object) =>
      send(JSON.stringify({ jsonrpc: '2.0', id: jwt, method, params }));
    await ask('tools/call', { name: jwt });
    await ask('prompts/get', { name: `p ${jwt}` });
    await ask('resources/read', { uri: 'https://ann:eyJhunter2@a.test/' });
    expect(JSON.stringify([...spans(server), ...spans(client)].map(readable))).not.toContain('eyJ');
  });

  it('name sessions by a digest', async () => {
    const upstream = fakeUpstream((message) =>
      jsonResult(message?.id?.text ?? '0', {}, { headers: { 'mcp-session-id': 'S-secret' } }),
    );
    const { call, spans } = watched({ upstream });
    await call('initialize', {});
    expect(spans(server)[0]?.attributes['mcp.session.id']).toMatch(/^[0-9a-f]{16}$/);
  });

  it('go on with the trace of the message, and link that of the headers', async () => {
    const { call, spans, upstream } = watched();
    const _meta = { traceparent: parent('00f067aa0ba902b7'), tracestate: 'a=1' };
    await call(
      'tools/call',
      { name: 'weather', _meta },
      {
        traceparent: parent('b7ad6b7169203331', '0af7651916cd43dd8448eb211c80319c'),
        tracestate: 'b=2',
      },
    );
    const [span] = spans(server);
    const [question] = spans(client);
    expect(span?.spanContext().traceId).toBe(TRACE);
    expect(span?.parentSpanContext?.spanId).toBe('00f067aa0ba902b7');
    expect(span?.links.map((link) => link.context.spanId)).toEqual(['b7ad6b7169203331']);
    expect(question?.parentSpanContext?.spanId).toBe(span?.spanContext().spanId);
    const { headers } = upstream.forwarded[0]!.context;
    expect(headers.get('traceparent')).toBe(parent(question?.spanContext().spanId ?? ''));
    expect(headers.get('tracestate')).toBe('a=1');
    // D5: the message itself goes on as it came.
    expect(upstream.forwarded[0]?.message?.text).toContain(parent('00f067aa0ba902b7'));
  });

  it('go on with the trace of the headers alone, and take no state of another', async () => {
    const { call, spans, upstream } = watched();
    await call('ping', {}, { traceparent: parent('00f067aa0ba902b7') });
    await call('ping', {}, { traceparent: 'nonsense', tracestate: 'b=2' });
    expect(spans(server).map((span) => span.parentSpanContext?.spanId)).toEqual([
      '00f067aa0ba902b7',
      undefined,
    ]);
    const { headers } = upstream.forwarded[1]!.context;
    expect(headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(headers.has('tracestate')).toBe(false);
  });

  it.each([
    ['a number', { traceparent: 7 }],
    ['an endless one', { traceparent: parent('00f067aa0ba902b7'), tracestate: 'x'.repeat(1e5) }],
    ['baggage', { traceparent: parent('00f067aa0ba902b7'), baggage: 'user=alice' }],
  ])('take no harm from %s in _meta', async (_name, _meta) => {
    const { call, spans, upstream } = watched();
    expect((await call('ping', { _meta })).status).toBe(200);
    expect(spans(server)).toHaveLength(1);
    expect(upstream.forwarded[0]?.context.headers.has('baggage')).toBe(false);
    expect(upstream.forwarded[0]?.context.headers.has('tracestate')).toBe(false);
  });

  it('begin a trace of their own for whoever was not admitted', async () => {
    const { send, spans } = watched();
    await send('{"jsonrpc":"2.0","id":1,"method":"ping"}', {
      headers: { authorization: '', traceparent: parent('00f067aa0ba902b7') },
    });
    const [span] = spans(server);
    expect(span?.name).toBe('POST');
    expect(span?.spanContext().traceId).not.toBe(TRACE);
    expect(span?.attributes['error.type']).toBe('ERR_TEST_NO_TOKEN');
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('fail with the server, on both sides', async () => {
    const upstream = fakeUpstream(() => {
      throw new ProxyError('ERR_PROXY_UPSTREAM_TIMEOUT', 'late');
    });
    const { call, spans } = watched({ upstream });
    await call('ping');
    for (const span of [...spans(server), ...spans(client)]) {
      expect(span.status.code).toBe(SpanStatusCode.ERROR);
      expect(span.attributes['error.type']).toBe('ERR_PROXY_UPSTREAM_TIMEOUT');
    }
  });
});

describe('metrics', () => {
  it('count requests by method and outcome, sign-ins by reason, and time decisions and the server', async () => {
    const h = watched({ authorize: W });
    await h.call('tools/call', { name: 'weather' });
    await h.call('tools/call', { name: 'other' });
    await h.call('ping');
    await h.send('', { headers: { authorization: '' } });
    const found = await h.metrics();
    const base = { 'thv.server': 'weather' };
    const call = { ...base, 'mcp.method.name': 'tools/call' };
    expect(found['thv.requests']?.map(({ attributes, value }) => [attributes, value])).toEqual([
      [{ ...call, 'http.response.status_code': 200, 'thv.outcome': 'success' }, 1],
      [
        {
          ...call,
          'http.response.status_code': 403,
          'thv.outcome': 'denied',
          'error.type': 'policy',
        },
        1,
      ],
      [
        {
          ...base,
          'mcp.method.name': 'ping',
          'http.response.status_code': 200,
          'thv.outcome': 'success',
        },
        1,
      ],
      [
        {
          ...base,
          'http.request.method': 'POST',
          'http.response.status_code': 401,
          'thv.outcome': 'unauthorized',
          'error.type': 'ERR_TEST_NO_TOKEN',
        },
        1,
      ],
    ]);
    expect(found['thv.sign_ins']?.map(({ attributes, value }) => [attributes, value])).toEqual([
      [{ ...base, 'thv.result': 'accepted' }, 3],
      [{ ...base, 'thv.result': 'refused', 'error.type': 'ERR_TEST_NO_TOKEN' }, 1],
    ]);
    const counts = (name: string) =>
      found[name]?.map(({ attributes, value }) => [attributes, (value as { count: number }).count]);
    expect(counts('thv.decision.duration')).toEqual([
      [{ ...base, 'thv.decision': 'allow' }, 1],
      [{ ...base, 'thv.decision': 'deny' }, 1],
    ]);
    expect(counts('mcp.client.operation.duration')).toEqual([
      [call, 1],
      [{ ...base, 'mcp.method.name': 'ping' }, 1],
    ]);
    expect(counts('mcp.server.operation.duration')).toHaveLength(3);
  });

  it('have no label that callers choose', async () => {
    const h = watched({
      authenticate: {
        verify: async (request) => {
          throw Object.assign(new Error('no'), { code: `E_${request.headers.get('x-code')}` });
        },
        toResponse: () => new Response(null, { status: 401 }),
      },
    });
    for (let count = 0; count < 150; count += 1) {
      await h.send('', { headers: { 'x-code': String(count) }, method: `VERB${count}` });
      await h.send('', { headers: { 'x-code': String(count) } });
    }
    const known = watched();
    for (let count = 0; count < 50; count += 1) {
      await known.call(`no/such${count}`);
      await known.call('tools/call', { name: `tool${count}` });
    }
    const labels = (points: readonly DataPoint<unknown>[] = []) => points.length;
    // A hundred codes, one of them that of all the verbs, and the rest together.
    expect(labels((await h.metrics())['thv.requests'])).toBe(101);
    const found = await known.metrics();
    expect(labels(found['thv.requests'])).toBe(2);
    expect(found['thv.requests']?.map(({ attributes }) => attributes['mcp.method.name'])).toEqual([
      '_OTHER',
      'tools/call',
    ]);
    expect(JSON.stringify(found)).not.toMatch(/tool1|such1/);
  });

  it('count open streams and sessions', async () => {
    const source = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
    const upstream = fakeUpstream((message) =>
      message === undefined
        ? new Response(new ReadableStream({ start: source.resolve }), {
            headers: { 'content-type': 'text/event-stream' },
          })
        : jsonResult(message.id!.text, {}, { headers: { 'mcp-session-id': 'S1' } }),
    );
    const h = watched({ upstream, sessions: createMemorySessionStore() });
    const value = async (name: string) => (await h.metrics())[name]?.map((point) => point.value);
    await h.call('initialize', {});
    const open = async () => h.send('', { method: 'GET', headers: { 'mcp-session-id': 'S1' } });
    const [first, second] = [await open(), await open()];
    expect([await value('thv.streams'), await value('thv.sessions')]).toEqual([[2], [1]]);
    await first.body?.cancel();
    expect(await value('thv.streams')).toEqual([1]);
    await second.body?.cancel();
    expect(await value('thv.streams')).toEqual([0]);
  });

  it('look into a token validator when they are collected', async () => {
    const { meterProvider, metrics } = watched();
    const status = {
      ready: true,
      tokenCache: { entries: 1, hits: 7, misses: 2 },
      issuers: [
        {
          issuer: undefined,
          jwksUrl: 'https://idp.example/jwks?key=secret',
          keys: { keys: 1, age: 42, stale: false, lastError: undefined, fetched: 1, failed: 0 },
          introspection: { asked: 3, failed: 1, cacheHits: 5 },
        },
      ],
    };
    observeTokenValidator({ status: () => status }, { server: 'weather', meterProvider });
    const found = await metrics();
    const values = (name: string) =>
      found[name]?.map(({ attributes, value }) => [
        attributes['thv.cache.result'] ?? attributes['thv.issuer'],
        value,
      ]);
    expect(values('thv.token_cache.lookups')).toEqual([
      ['hit', 7],
      ['miss', 2],
    ]);
    expect(values('thv.introspections')).toEqual([
      ['hit', 5],
      ['miss', 3],
      ['error', 1],
    ]);
    expect(values('thv.key_set.age')).toEqual([['https://idp.example/jwks', 42]]);
  });
});

it('does nothing, and breaks nothing, where nobody registered a provider', async () => {
  const { call, upstream } = harness({
    observer: createTelemetry({ server: 'weather' }),
    authorize: engine(() => true),
  });
  const headers = { traceparent: parent('00f067aa0ba902b7') };
  expect((await call('tools/call', { name: 'weather' }, headers)).status).toBe(200);
  expect(upstream.forwarded[0]?.context.headers.get('traceparent')).toBe(headers.traceparent);
});

function readable({ name, attributes, events, links }: ReadableSpan) {
  return { name, attributes, events, links };
}
