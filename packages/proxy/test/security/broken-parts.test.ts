/** Parts of an embedder's own that throw: a fixed answer, somebody is told, and nothing stays open. */

import { describe, expect, it } from 'vitest';
import {
  createMemorySessionStore,
  type ProxyObserver,
  type ProxyOptions,
  type Upstream,
} from '../../src/index.ts';
import { fakeUpstream, harness } from '../support/fakes.ts';

const boom = (): never => {
  throw new Error('a detail');
};

/** Answers with a stream that goes on until it is cancelled. */
function endless() {
  let isOpen = false;
  const upstream = fakeUpstream(() => {
    isOpen = true;
    const body = new ReadableStream<Uint8Array>({
      cancel() {
        isOpen = false;
      },
    });
    const headers = { 'content-type': 'text/event-stream', 'mcp-session-id': 'S1' };
    return new Response(body, { headers });
  });
  return { upstream, isOpen: () => isOpen };
}

const observer: ProxyObserver = {
  begin: () => ({
    asking: () => ({ headers: {}, ended: () => undefined }),
    answered: boom,
  }),
  deciding: () => () => undefined,
  streaming: () => () => undefined,
  sessions: () => undefined,
};
const store = createMemorySessionStore();

describe.each<[string, Partial<ProxyOptions>]>([
  ['onExchange', { onExchange: boom }],
  ['an observer', { observer }],
  ['the store of sessions', { sessions: { ...store, remember: async () => boom() } }],
  ['the store of sessions, at once', { sessions: { ...store, ownerOf: boom } }],
])('%s that throws after the server has begun to answer', (_name, options) => {
  it.each(['fetch', 'answer'] as const)('through %s', async (way) => {
    const { upstream, isOpen } = endless();
    const { proxy, errors } = harness({ ...options, upstream });
    const request = new Request('http://localhost:8080/mcp', {
      method: 'POST',
      headers: { authorization: 'Bearer u', 'content-type': 'application/json' },
      body: '{"jsonrpc":"2.0","id":7,"method":"initialize"}',
    });
    const answer =
      way === 'fetch'
        ? await proxy.fetch(request)
        : await proxy.answer({
            method: request.method,
            url: request.url,
            headers: request.headers,
            signal: request.signal,
            read: async () => new Uint8Array(await request.arrayBuffer()),
          });
    expect(answer.status).toBe(500);
    const text = await new Response(answer.body as BodyInit).text();
    expect(JSON.parse(text)).toMatchObject({ id: 7, error: { message: 'Internal error' } });
    expect(text).not.toContain('detail');
    expect(errors).toHaveLength(1);
    expect(isOpen()).toBe(false);
  });
});

it('a store that throws leaves no stream of the 2024 transport open', async () => {
  const { upstream, isOpen } = endless();
  const legacy: Upstream['legacy'] = {
    open: async (context) => ({ sessionId: 'S1', response: await upstream.stream(context) }),
    send: async () => new Response(null, { status: 202 }),
  };
  const sessions = { ...store, remember: async () => boom() };
  const { send, errors } = harness({ upstream: { ...upstream, legacy }, sessions });
  expect((await send('', { method: 'GET', path: '/sse' })).status).toBe(500);
  expect(errors).toHaveLength(1);
  expect(isOpen()).toBe(false);
});
