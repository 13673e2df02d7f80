/** Attacks on the transport of 2024-11-05: by the server, by another user, and by the caller. */

import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createSseUpstream, type UpstreamContext } from '../../src/index.ts';
import { createUndiciSseUpstream, createUndiciUpstream } from '../../src/node/index.ts';
import { engine, fakeUpstream, identity, W } from '../support/fakes.ts';
import { type Front, serveFront } from '../support/front.ts';
import {
  answer,
  event,
  listenHttp,
  type Script,
  type ScriptedServer,
  startScriptedServer,
  startSdkSseServer,
} from '../support/sse-servers.ts';

async function start(
  script: Script = {},
  options: Parameters<typeof serveFront>[1] = {},
): Promise<{ readonly server: ScriptedServer; readonly front: Front }> {
  const server = await startScriptedServer(script);
  onTestFinished(server.close);
  const upstream = createUndiciSseUpstream({ url: server.url });
  return { server, front: await serveFront(upstream, { authorize: W, ...options }) };
}

interface OpenStream {
  readonly endpoint: string;
  /** Reads until the text holds `part`, or to the end. */
  until(part: string): Promise<string>;
  close(): Promise<void>;
}

async function openStream(front: Front, name = 'u'): Promise<OpenStream> {
  const response = await front.fetch('/sse', { headers: { accept: 'text/event-stream' } }, name);
  expect(response.status).toBe(200);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const until = async (part: string): Promise<string> => {
    while (!text.includes(part)) {
      const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
      if (done) return text;
      text += value;
    }
    return text;
  };
  await until('\n\n');
  const endpoint = /^event: endpoint\ndata: (.+)\n\n/.exec(text)?.[1] ?? '';
  onTestFinished(() => reader.cancel().catch(() => undefined));
  return { endpoint, until, close: () => reader.cancel() };
}

function post(front: Front, path: string, message: unknown, init: RequestInit = {}, name = 'u') {
  return front.fetch(
    path,
    {
      method: 'POST',
      body: typeof message === 'string' ? message : JSON.stringify(message),
      ...init,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(init.headers as Record<string, string>),
      },
    },
    name,
  );
}

const rpc = (method: string, params: unknown = {}, id: unknown = 1) => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});
const INITIALIZE = rpc('initialize', {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'c', version: '1' },
});
const SECRET = 'admin_tool';
const LIST = { tools: [{ name: 'weather' }, { name: SECRET }] };
const result = (id: unknown, value: unknown): string =>
  event(JSON.stringify({ jsonrpc: '2.0', id, result: value }));

describe('a server that names an endpoint elsewhere', () => {
  it.each([
    ['on another host', () => 'http://evil.example/message'],
    ['without a scheme', () => '//evil.example/message'],
    ['with backslashes', () => '\\\\evil.example\\message'],
    ['with a slash and a backslash', () => '/\\evil.example/message'],
    ['after a tab', () => '\t//evil.example/message'],
    ['on another port', (_: string, evil: string) => `${evil}/message`],
    ['on the same host by another name', (own: string) => own.replace('127.0.0.1', 'localhost')],
    ['with another scheme', (own: string) => own.replace('http:', 'https:')],
    ['with credentials', (own: string) => own.replace('http://', 'http://user:pass@')],
    ['behind its own name', (own: string) => `${own}@evil.example/`],
    ['in a file', () => 'file:///etc/passwd'],
    ['in a script', () => 'javascript:alert(1)'],
    ['nowhere', () => ''],
    ['beyond all length', () => `/${'x'.repeat(10_000)}`],
  ])('gets nothing when it is %s', async (_, endpointOf) => {
    const reached = vi.fn();
    const evil = await listenHttp((_request, response) => {
      reached();
      response.end();
    });
    onTestFinished(evil.close);
    let own = '';
    const server = await listenHttp((request, response) => {
      if (request.method === 'POST') reached();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event(endpointOf(own, evil.url), 'endpoint'));
    });
    onTestFinished(server.close);
    own = server.url;
    const front = await serveFront(createUndiciSseUpstream({ url: `${own}/sse` }));
    const modern = await post(front, '/mcp', INITIALIZE);
    const legacy = await front.fetch('/sse', { headers: { accept: 'text/event-stream' } });
    expect([modern.status, legacy.status]).toEqual([502, 502]);
    expect(`${await modern.text()}${await legacy.text()}`).not.toContain('evil');
    expect(String(front.errors[0])).toContain('endpoint');
    expect(reached).not.toHaveBeenCalled();
  });

  it.each([
    ['a path', '/message?s=1', '/message?s=1'],
    ['a relative path', 'message?s=1', '/message?s=1'],
    ['a query alone', '?s=1', '/sse?s=1'],
    ['a fragment too', '/message?s=1#x', '/message?s=1'],
  ])('is obeyed when it names %s of its own', async (_, data, path) => {
    const { front, server } = await start({ greeting: event(data, 'endpoint') });
    const response = await post(front, '/mcp', INITIALIZE);
    expect(response.status).toBe(200);
    expect(server.posts.map((posted) => posted.path)).toEqual([path]);
  });

  it('is not followed by an endpoint event that comes later', async () => {
    const { front, server } = await start();
    const stream = await openStream(front);
    server.write(event('/stolen', 'endpoint'));
    server.write(event('http://evil.example/stolen', 'endpoint'));
    server.write(result(99, {}));
    await post(front, stream.endpoint, rpc('ping', {}, 7));
    const text = await stream.until('"id":7');
    expect(text.match(/event: endpoint/g)).toHaveLength(1);
    expect(text).not.toContain('stolen');
    expect(server.posts.map(({ path }) => path)).toEqual(['/message?n=0']);
  });

  it('cannot speak before it has named one', async () => {
    const greeting = `${event('{"jsonrpc":"2.0","method":"notifications/message"}')}${event('/m', 'endpoint')}`;
    const { front } = await start({ greeting });
    const stream = await openStream(front);
    await post(front, stream.endpoint, rpc('ping', {}, 7));
    expect(await stream.until('"id":7')).not.toContain('notifications/message');
  });

  it.each([
    ['much', 300, 10],
    ['at length', 3, 500_000],
  ])('and that says %s before it answers initialize is given up', async (_, count, length) => {
    const { front } = await start({
      onPost(_body, stream) {
        const params = { data: 'x'.repeat(length) };
        const notice = { jsonrpc: '2.0', method: 'notifications/message', params };
        for (let said = 0; said < count; said += 1) stream?.write(event(JSON.stringify(notice)));
        return 202;
      },
    });
    const response = await post(front, '/mcp', INITIALIZE);
    expect(response.status).toBe(502);
    expect(String(front.errors[0])).toContain('does not answer');
  });

  it('that never names one is given up', async () => {
    const server = await startScriptedServer({ greeting: ': hello\n\n' });
    onTestFinished(server.close);
    const upstream = createSseUpstream({ url: server.url, headersTimeout: 200 });
    const front = await serveFront(upstream);
    expect((await post(front, '/mcp', INITIALIZE)).status).toBe(504);
    await vi.waitFor(() => expect(server.streams).toEqual([]));
  });
});

describe('the endpoint that a client is told', () => {
  it("is the proxy's own, and the server's is nowhere to be seen", async () => {
    const { front } = await start({ greeting: event('/message?secret=s3cr3t', 'endpoint') });
    const stream = await openStream(front);
    expect(stream.endpoint).toMatch(/^\/messages\?session_id=[0-9a-f-]{36}$/);
    expect(stream.endpoint).not.toContain('s3cr3t');
  });

  it('is another one for every stream', async () => {
    const { front } = await start();
    const endpoints = [];
    for (const name of ['u', 'u', 'v']) endpoints.push((await openStream(front, name)).endpoint);
    expect(new Set(endpoints).size).toBe(3);
  });

  it.each([
    ['https://mcp.example/weather/mcp', '/weather/messages?'],
    ['https://mcp.example//evil.example/mcp', '/evil.example/messages?'],
    ['https://mcp.example/other', '/messages?'],
  ])('stands where the public URL %s says', async (resource, start_) => {
    const { front } = await start({}, { resourceMetadata: () => ({ resource }) });
    expect((await openStream(front)).endpoint.startsWith(start_)).toBe(true);
  });

  it('is of no use to another user, and to nobody once the stream has ended', async () => {
    const { front, server } = await start();
    const stream = await openStream(front, 'alice');
    const call = rpc('tools/call', { name: 'weather', arguments: {} });
    expect((await post(front, stream.endpoint, call, {}, 'mallory')).status).toBe(404);
    const nobody = { headers: { authorization: '' } };
    expect((await post(front, stream.endpoint, call, nobody)).status).toBe(401);
    expect(server.posts).toEqual([]);
    await stream.close();
    await vi.waitFor(() => expect(server.streams).toEqual([]));
    expect((await post(front, stream.endpoint, call, {}, 'alice')).status).toBe(404);
    expect(server.posts).toEqual([]);
  });

  it('must be named exactly once, and a header names nothing', async () => {
    const { front, server } = await start();
    const [mine, other] = [await openStream(front), await openStream(front)];
    const id = other.endpoint.split('=')[1] ?? '';
    const header = { headers: { 'mcp-session-id': id } };
    for (const path of [
      '/messages',
      '/messages?session_id=',
      `${mine.endpoint}&session_id=${id}`,
    ]) {
      expect((await post(front, path, rpc('ping'), header)).status).toBe(400);
    }
    expect((await post(front, mine.endpoint, rpc('ping'), header)).status).toBe(202);
    expect(server.posts.map(({ path }) => path)).toEqual(['/message?n=0']);
    expect(server.headers.at(-1)?.['mcp-session-id']).toBeUndefined();
  });

  it('lets no header through that names a session, whatever stands behind', async () => {
    const names: (string | null)[] = [];
    const taken = async (_: unknown, context?: UpstreamContext): Promise<Response> => {
      names.push(context?.headers.get('mcp-session-id') ?? null);
      return new Response(null, { status: 202 });
    };
    const open = async (context: UpstreamContext) => {
      await taken(undefined, context);
      const body = new ReadableStream<Uint8Array>();
      const headers = { 'content-type': 'text/event-stream' };
      return { sessionId: 'mine', response: new Response(body, { headers }) };
    };
    const front = await serveFront({ ...fakeUpstream(), legacy: { open, send: taken } });
    const headers = { 'mcp-session-id': 'of-somebody-else' };
    const stream = await front.fetch('/sse', { headers });
    expect((await post(front, '/messages?session_id=mine', rpc('ping'), { headers })).status).toBe(
      202,
    );
    expect(names).toEqual([null, null]);
    await stream.body?.cancel();
  });

  it('is not that of a session of the other transport, nor the other way round', async () => {
    const { front, server } = await start();
    const begun = await post(front, '/mcp', INITIALIZE);
    const modern = begun.headers.get('mcp-session-id') ?? '';
    const posts = server.posts.length;
    expect((await post(front, `/messages?session_id=${modern}`, rpc('ping'))).status).toBe(404);
    const legacy = (await openStream(front)).endpoint.split('=')[1] ?? '';
    const headers = { 'mcp-session-id': legacy, accept: 'text/event-stream' };
    expect((await front.fetch('/mcp', { headers })).status).toBe(404);
    expect(server.posts).toHaveLength(posts);
  });
});

describe('a message of a client of 2024', () => {
  it('is judged like any other', async () => {
    const { front, server } = await start();
    const { endpoint } = await openStream(front);
    const denied = await post(front, endpoint, rpc('tools/call', { name: SECRET }));
    expect(denied.status).toBe(403);
    for (const body of [
      '[]',
      '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}',
      '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}',
      '{"jsonrpc":"2.0","id":5,"result":{}}',
      `\ufeff${JSON.stringify(rpc('ping'))}`,
    ]) {
      expect((await post(front, endpoint, body)).status).toBe(400);
    }
    expect((await post(front, endpoint, rpc('elicitation/create'))).status).toBe(403);
    expect((await post(front, endpoint, rpc('no/such'))).status).toBe(403);
    const text = { headers: { 'content-type': 'text/plain' } };
    expect((await post(front, endpoint, rpc('ping'), text)).status).toBe(415);
    expect(server.posts).toEqual([]);
  });

  it('cannot pass as one of 2026, which has no sessions to be judged', async () => {
    const { front, server } = await start();
    const { endpoint } = await openStream(front);
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };
    const params = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };
    const response = await post(front, endpoint, rpc('tools/list', params), { headers });
    expect(response.status).toBe(400);
    expect(server.posts).toEqual([]);
  });

  it.each([
    ...['/sse', '/sse/', '/sse?x=1', '/SSE', '//sse', '/%73se', '/sse%2f', '/sse%00', '/sse;x'],
    ...['/mcp/sse', '/mcp/../sse', '/x/sse', '/messages/sse', '/mcp%2fsse', '/.sse', '/sse/sse'],
    ...['/message', '/messages/', '/messages/x', '/mcp/messages'],
  ])('does not go round the policy by POST %s', async (path) => {
    const { front, server } = await start();
    const { endpoint } = await openStream(front);
    const query = endpoint.split('?')[1] ?? '';
    const target = `${path}${path.includes('?') ? '&' : '?'}${query}`;
    const response = await post(front, target, rpc('tools/call', { name: SECRET }));
    expect([404, 405]).toContain(response.status);
    expect(server.posts).toEqual([]);
  });

  it.each(['PUT', 'PATCH', 'DELETE', 'HEAD', 'GET', 'POST'])(
    'has no %s beyond its two',
    async (method) => {
      const { front, server } = await start();
      const { endpoint } = await openStream(front);
      const streams = server.streams.length;
      const path = method === 'GET' ? endpoint : '/sse';
      const body = method === 'GET' || method === 'HEAD' ? null : JSON.stringify(rpc('ping'));
      const response = await front.fetch(path, { method, body });
      expect(response.status).toBe(405);
      expect(server.posts).toEqual([]);
      expect(server.streams).toHaveLength(streams);
    },
  );

  it('finds no such routes before a server of another transport', async () => {
    const server = await startScriptedServer();
    onTestFinished(server.close);
    const front = await serveFront(createUndiciUpstream({ url: server.url }));
    expect((await front.fetch('/sse')).status).toBe(404);
    expect((await post(front, '/messages', rpc('ping'))).status).toBe(404);
    expect(server.posts).toEqual([]);
  });

  it('needs a token, an allowed origin and an era for the stream as well', async () => {
    const { front, server } = await start();
    const accept = { accept: 'text/event-stream' };
    const ask = (headers: Record<string, string>) =>
      front.fetch('/sse', { headers: { ...accept, ...headers } });
    expect((await ask({ authorization: '' })).status).toBe(401);
    expect((await ask({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await ask({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await ask({ 'mcp-protocol-version': '2026-07-28' })).status).toBe(405);
    expect(server.streams).toEqual([]);
  });
});

describe('what a server says to a client of 2024', () => {
  it('is filtered: lists, whatever they claim to answer', async () => {
    const { front, server } = await start({ onPost: () => 202 });
    const stream = await openStream(front);
    await post(front, stream.endpoint, rpc('tools/list', {}, 1));
    await post(front, stream.endpoint, rpc('ping', {}, 2));
    const cr = `data: ${JSON.stringify({ jsonrpc: '2.0', id: 77, result: LIST })}\r\r`;
    server.write(result(1, LIST));
    server.write(result(2, LIST));
    server.write(result(3, LIST));
    server.write(result('1', LIST));
    server.write(cr);
    server.write(event(JSON.stringify({ jsonrpc: '2.0', id: 4, result: LIST }), 'endpoint'));
    server.write(event(JSON.stringify({ jsonrpc: '2.0', id: 5, result: LIST }), 'other'));
    server.write(event('{"jsonrpc":"2.0","method":"notifications/last"}'));
    const text = await stream.until('notifications/last');
    expect(text).toContain('"id":1,"result":{"tools":[{"name":"weather"}]}');
    expect(text).toContain('"id":2,"error"');
    expect(text).not.toContain(SECRET);
  });

  it('holds nothing of the list that the proxy asks for to know the hints of a tool', async () => {
    const annotated = {
      tools: [
        { name: 'rm', annotations: { destructiveHint: true } },
        { name: 'ls', annotations: { destructiveHint: false } },
      ],
    };
    const { front, server } = await start(
      {
        onPost: (body, stream) => {
          const { id, method } = JSON.parse(body) as { id: unknown; method: string };
          stream?.write(result(id, method === 'tools/list' ? annotated : { content: [] }));
          return 202;
        },
      },
      { authorize: engine(({ hints }) => hints?.destructiveHint === false, true) },
    );
    const stream = await openStream(front);
    const call = (name: string, id: number): Promise<Response> =>
      post(front, stream.endpoint, rpc('tools/call', { name }, id));
    expect((await call('rm', 1)).status).toBe(403);
    expect((await call('ls', 2)).status).toBe(202);
    const text = await stream.until('"id":2');
    expect(text).not.toMatch(/destructiveHint|thv-/);
    expect(server.posts.map(({ body }) => /"method":"([^"]+)/.exec(body)?.[1])).toEqual([
      'tools/list',
      'tools/call',
    ]);
  });

  it('shows the tools that were chosen, by their names for callers', async () => {
    const { front, server } = await start(
      {
        onPost: (body, stream) => {
          const { id, method } = JSON.parse(body) as { id: unknown; method: string };
          stream?.write(result(id, method === 'tools/list' ? LIST : { content: [] }));
          return 202;
        },
      },
      {
        authorize: 'anything-authenticated',
        tools: { only: ['forecast'], override: { weather: { name: 'forecast' } } },
      },
    );
    const stream = await openStream(front);
    await post(front, stream.endpoint, rpc('tools/list', {}, 1));
    await post(front, stream.endpoint, rpc('tools/call', { name: 'forecast' }, 2));
    await post(front, stream.endpoint, rpc('tools/call', { name: SECRET }, 3));
    const text = await stream.until('"id":2');
    expect(text).toContain('"name":"forecast"');
    expect(text).not.toContain(SECRET);
    expect(server.posts).toHaveLength(2);
    expect(server.posts[1]?.body).toContain('"name":"weather"');
  });

  it('reaches this client only', async () => {
    const { front, server } = await start();
    const alice = await openStream(front, 'alice');
    const bob = await openStream(front, 'bob');
    const [first, second] = server.streams;
    await post(front, alice.endpoint, rpc('tools/call', { name: 'weather' }, 1), {}, 'alice');
    // An answer to Alice on the stream of Bob, who has asked nothing.
    second?.write(result(1, { content: [{ type: 'text', text: 'for alice' }] }));
    second?.write(event('{"jsonrpc":"2.0","method":"notifications/bob"}'));
    first?.write(event('{"jsonrpc":"2.0","method":"notifications/alice"}'));
    const toBob = await bob.until('notifications/bob');
    const toAlice = await alice.until('notifications/alice');
    expect(toBob).not.toContain('for alice');
    expect(toBob).not.toContain('notifications/alice');
    expect(toAlice).not.toContain('notifications/bob');
  });

  it('may be a question, and only its client can answer, once', async () => {
    const { front, server } = await start();
    const alice = await openStream(front, 'alice');
    const bob = await openStream(front, 'bob');
    server.streams[0]?.write(event(JSON.stringify(rpc('roots/list', {}, 'q'))));
    await alice.until('roots/list');
    const reply = { jsonrpc: '2.0', id: 'q', result: { roots: [] } };
    const sent = [
      (await post(front, bob.endpoint, reply, {}, 'bob')).status,
      (await post(front, alice.endpoint, reply, {}, 'bob')).status,
      (await post(front, alice.endpoint, reply, {}, 'alice')).status,
      (await post(front, alice.endpoint, reply, {}, 'alice')).status,
    ];
    expect(sent).toEqual([400, 404, 202, 400]);
  });

  it('ends its own stream, and no other, when it is larger than anything may be', async () => {
    const server = await startScriptedServer();
    onTestFinished(server.close);
    const upstream = createUndiciSseUpstream({ url: server.url, maxEventLength: 10_000 });
    const front = await serveFront(upstream);
    const alice = await openStream(front, 'alice');
    const bob = await openStream(front, 'bob');
    server.streams[0]?.write(`data: ${'x'.repeat(20_000)}`);
    expect(await alice.until('never')).not.toContain('xxx');
    await vi.waitFor(() => expect(server.streams).toHaveLength(1));
    await post(front, bob.endpoint, rpc('ping', {}, 3), {}, 'bob');
    expect(await bob.until('"id":3')).toContain('"result":{}');
  });

  it('ends with the token that opened the stream', async () => {
    const expiresAt = Math.floor(Date.now() / 1000) - 29;
    const { front, server } = await start(
      {},
      {
        authenticate: {
          verify: async () => ({ ...identity('u'), expiresAt }),
          toResponse: () => new Response(null, { status: 401 }),
        },
      },
    );
    const stream = await openStream(front);
    await stream.until('never');
    await vi.waitFor(() => expect(server.streams).toEqual([]));
    expect((await post(front, stream.endpoint, rpc('ping'))).status).toBe(404);
  });
});

describe('a session of the newer transport before such a server', () => {
  async function begin(front: Front, name = 'u'): Promise<RequestInit> {
    const response = await post(front, '/mcp', INITIALIZE, {}, name);
    expect(response.status).toBe(200);
    return { headers: { 'mcp-session-id': response.headers.get('mcp-session-id') ?? '' } };
  }

  it('keeps answers apart by id, and gives an answer to nothing to nobody', async () => {
    const { front, server } = await start({
      onPost: (body, stream) => {
        const { id, method } = JSON.parse(body) as { id?: number; method: string };
        if (method === 'initialize') {
          stream?.write(result(id, { protocolVersion: '2024-11-05', capabilities: {} }));
        }
        return 202;
      },
    });
    const session = await begin(front);
    const list = post(front, '/mcp', rpc('tools/list', {}, 10), session);
    const ping = post(front, '/mcp', rpc('ping', {}, 11), session);
    await vi.waitFor(() => expect(server.posts).toHaveLength(3));
    const again = await post(front, '/mcp', rpc('tools/list', {}, 11), session);
    expect(again.status).toBe(503);
    server.write(result(99, LIST));
    server.write(result(11, LIST));
    server.write(result(10, LIST));
    expect(await (await list).text()).toContain('"result":{"tools":[{"name":"weather"}]}');
    const answer = await (await ping).text();
    expect(answer).not.toContain(SECRET);
  });

  it('belongs to whoever began it', async () => {
    const { front, server } = await start();
    const session = await begin(front, 'alice');
    const posts = server.posts.length;
    expect((await post(front, '/mcp', rpc('ping'), session, 'mallory')).status).toBe(404);
    expect((await post(front, '/mcp', rpc('ping'), {}, 'alice')).status).toBe(400);
    expect(server.posts).toHaveLength(posts);
  });

  it('belongs to whoever began it even where the store of sessions says otherwise', async () => {
    const anybody = {
      ownerOf: async () => ({ issuer: 'https://idp.test', subject: 'mallory' }),
      remember: async () => undefined,
      forget: async () => undefined,
    };
    const { front, server } = await start({}, { sessions: anybody });
    const { endpoint } = await openStream(front, 'alice');
    expect((await post(front, endpoint, rpc('ping'), {}, 'mallory')).status).toBe(404);
    expect(server.posts).toEqual([]);
  });

  it('that ends while it is begun anew leaves no connection behind', async () => {
    const { front, server } = await start();
    const session = await begin(front);
    await server.close();
    const call = post(front, '/mcp', rpc('tools/call', { name: 'weather' }), session);
    const again = await startScriptedServer(
      {
        onPost: async (body, stream) => {
          if (body.includes('notifications/initialized')) {
            const ended = await front.fetch('/mcp', { ...session, method: 'DELETE' });
            expect(ended.status).toBe(204);
          }
          return answer(body, stream);
        },
      },
      server.port,
    );
    onTestFinished(again.close);
    expect((await call).status).toBe(404);
    await vi.waitFor(() => expect(again.streams).toEqual([]));
    expect(again.posts.at(-1)?.body).toContain('notifications/initialized');
  });

  it('gives way when one caller has them all, however busy they are', async () => {
    const server = await startScriptedServer();
    onTestFinished(server.close);
    const upstream = createUndiciSseUpstream({ url: server.url, maxSessions: 2 });
    const front = await serveFront(upstream);
    const first = await openStream(front, 'eve');
    const second = await openStream(front, 'eve');
    const open = async (name: string): Promise<number> =>
      (await front.fetch('/sse', { headers: { accept: 'text/event-stream' } }, name)).status;
    expect(await open('eve')).toBe(503);
    await begin(front, 'ada');
    expect((await post(front, first.endpoint, rpc('ping'), {}, 'eve')).status).toBe(404);
    expect((await post(front, second.endpoint, rpc('ping'), {}, 'eve')).status).toBe(202);
  });

  it.each(['stream', 'initialize'] as const)(
    'is counted when many begin at once: %s',
    async (how) => {
      const server = await startSdkSseServer();
      onTestFinished(server.close);
      const upstream = createUndiciSseUpstream({ url: server.url, maxSessions: 2 });
      const front = await serveFront(upstream);
      const headers = { accept: 'application/json, text/event-stream' };
      const begin = async (): Promise<boolean> => {
        if (how === 'stream') return (await front.fetch('/sse', { headers })).ok;
        const begun = await front.fetch('/mcp', {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          body: JSON.stringify(INITIALIZE),
        });
        const session = { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '' };
        // In use, so that it makes no room.
        return begun.ok && (await front.fetch('/mcp', { headers: { ...headers, ...session } })).ok;
      };
      const begun = await Promise.all(Array.from({ length: 8 }, begin));
      expect(begun).toContain(true);
      expect(begun.filter(Boolean).length).toBeLessThanOrEqual(2);
      const isOpen = (one: { isConnected(): boolean }): boolean => one.isConnected();
      await vi.waitFor(() => {
        expect(server.connections.filter(isOpen).length).toBeLessThanOrEqual(2);
      });
    },
  );

  it('has a name that the server never hears', async () => {
    const { front, server } = await start();
    const session = await begin(front);
    const headers = { ...(session.headers as Record<string, string>), 'last-event-id': '7' };
    expect((await post(front, '/mcp', rpc('ping'), { headers })).status).toBe(200);
    for (const sent of server.headers) {
      expect(sent['mcp-session-id']).toBeUndefined();
      expect(sent['last-event-id']).toBeUndefined();
    }
  });

  it('does not run a tool twice when the server loses the connection in the middle', async () => {
    const run: string[] = [];
    const { front, server } = await start({
      onPost: (body, stream) => {
        const { id, method } = JSON.parse(body) as { id?: number; method: string };
        if (method === 'initialize') {
          stream?.write(result(id, { protocolVersion: '2024-11-05', capabilities: {} }));
          return 202;
        }
        if (id === undefined) return 202;
        run.push(method);
        const isAgain = run.filter((one) => one === method).length > 1;
        if (isAgain) stream?.write(result(id, LIST));
        else stream?.end();
        return 202;
      },
    });
    const session = await begin(front);
    const call = await post(front, '/mcp', rpc('tools/call', { name: 'weather' }), session);
    expect(call.status).toBe(502);
    const list = await post(front, '/mcp', rpc('tools/list'), session);
    expect(await list.text()).toContain('"name":"weather"');
    expect(run).toEqual(['tools/call', 'tools/list', 'tools/list']);
    expect(server.streams).toHaveLength(1);
  });

  it('courts no server that loses every connection', async () => {
    let initialized = 0;
    const { front } = await start({
      onPost: (body, stream) => {
        const { id, method } = JSON.parse(body) as { id?: number; method: string };
        if (method !== 'initialize') {
          stream?.end();
          return 202;
        }
        initialized += 1;
        stream?.write(result(id, { protocolVersion: '2024-11-05', capabilities: {} }));
        return 202;
      },
    });
    const session = await begin(front);
    const statuses = [];
    for (let n = 0; n < 6; n += 1) {
      statuses.push((await post(front, '/mcp', rpc('ping'), session)).status);
    }
    expect(statuses.at(-1)).toBe(404);
    expect(initialized).toBe(4);
  });
});
