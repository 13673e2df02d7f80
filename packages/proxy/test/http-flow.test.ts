/** Time and flow before an HTTP server: who is waited for, who is let go, and who slows whom down. */

import { once } from 'node:events';
import { createServer, request as httpRequest, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createHttpUpstream, createSseUpstream, type Upstream } from '../src/index.ts';
import { createUndiciSseUpstream, createUndiciUpstream } from '../src/node/index.ts';
import { W } from './support/fakes.ts';
import { type Front, serveFront } from './support/front.ts';
import { event, listenHttp, type RunningServer } from './support/sse-servers.ts';

const EXCHANGES: readonly (readonly [
  string,
  (url: string, headersTimeout?: number) => Upstream,
])[] = [
  ['undici', (url, headersTimeout = 60_000) => createUndiciUpstream({ url, headersTimeout })],
  ['fetch', (url, headersTimeout = 60_000) => createHttpUpstream({ url, headersTimeout })],
];

interface Rig {
  readonly front: Front;
  readonly server: RunningServer;
  /** Responses that have begun or are awaited, and whether their connection is gone. */
  readonly open: { readonly response: ServerResponse; isGone: boolean }[];
}

async function start(
  create: (url: string) => Upstream,
  answer: (response: ServerResponse) => void,
): Promise<Rig> {
  const open: Rig['open'] = [];
  const server = await listenHttp((request, response) => {
    const entry = { response, isGone: false };
    open.push(entry);
    response.on('close', () => {
      entry.isGone = true;
    });
    request.resume();
    request.on('end', () => answer(response));
  });
  onTestFinished(server.close);
  return { server, open, front: await serveFront(create(`${server.url}/mcp`), { authorize: W }) };
}

const MODERN = {
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'weather',
};
const meta = {
  _meta: {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'c', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  },
};

function post(front: Front, method: string, params: object, init: RequestInit = {}) {
  return front.fetch('/mcp', {
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    ...init,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(init.headers as Record<string, string>),
    },
  });
}

describe.each(EXCHANGES)('over %s', (_, create) => {
  it('a client of 2026 that leaves before the answer has cancelled it', async () => {
    const { front, open } = await start(create, () => undefined);
    const leaving = new AbortController();
    const params = { name: 'weather', ...meta };
    const asked = post(front, 'tools/call', params, { headers: MODERN, signal: leaving.signal });
    await vi.waitFor(() => expect(open).toHaveLength(1));
    expect(open[0]?.isGone).toBe(false);
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await vi.waitFor(() => expect(open[0]?.isGone).toBe(true));
  });

  it('a client of 2026 that leaves in the middle of the answer has cancelled it', async () => {
    const { front, open } = await start(create, (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event('{"jsonrpc":"2.0","method":"notifications/message"}'));
    });
    const leaving = new AbortController();
    const params = { name: 'weather', ...meta };
    const init = { headers: MODERN, signal: leaving.signal };
    const reader = (await post(front, 'tools/call', params, init)).body!.getReader();
    await reader.read();
    expect(open[0]?.isGone).toBe(false);
    leaving.abort();
    await vi.waitFor(() => expect(open[0]?.isGone).toBe(true));
  });

  it.each([
    ['a list is read', 'tools/list', '{"jsonrpc":"2.0","id":1,"result":{"tools":['],
    ['it is not known what is read', 'ping', '{"jsonrpc":"2.0",'],
  ])('a client that leaves while %s does not keep the server busy', async (_name, method, text) => {
    const { front, open } = await start(create, (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(text);
    });
    const leaving = new AbortController();
    const asked = post(front, method, {}, { signal: leaving.signal });
    await vi.waitFor(() => expect(open[0]?.response.headersSent).toBe(true));
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await vi.waitFor(() => expect(open[0]?.isGone).toBe(true));
  });

  it.each([
    ['tools/list', '', 504],
    ['ping', '', 504],
    ['ping', ' '.repeat(5000), 200],
  ] as const)('an answer to %s that stops half-way is given up', async (method, more, status) => {
    const { front, open } = await start(
      (url) => create(url, 300),
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write(`{"jsonrpc":"2.0","id":1,${more}`);
      },
    );
    const response = await post(front, method, {});
    expect(response.status).toBe(status);
    // What has begun to go out cannot become an error; it breaks off.
    if (status === 200) await expect(response.text()).rejects.toThrow();
    await vi.waitFor(() => expect(open[0]?.isGone).toBe(true));
  });

  it('an event stream may be silent for longer than an answer may take', async () => {
    const { front, open } = await start(
      (url) => create(url, 300),
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
        // Three times as long; what is measured is that the stream is still there.
        setTimeout(() => response.end(event('{"jsonrpc":"2.0","id":1,"result":{}}')), 900);
      },
    );
    const response = await post(front, 'ping', {});
    expect(await response.text()).toContain('"result":{}');
    expect(open).toHaveLength(1);
  });

  it('is not ready while nothing listens, and ready again when something does', async () => {
    const { front, server } = await start(create, (response) => response.writeHead(405).end());
    expect((await front.fetch('/readyz')).status).toBe(200);
    await server.close();
    let now = Date.now();
    const late = await serveFront(create(`${server.url}/mcp`), { now: () => now });
    expect((await late.fetch('/readyz')).status).toBe(503);
    const again = await listenHttp(
      (_request, response) => response.writeHead(405).end(),
      server.port,
    );
    onTestFinished(again.close);
    now += 60_000;
    expect((await late.fetch('/readyz')).status).toBe(200);
  });
});

describe('a client that does not read', () => {
  const MIB = 1024 * 1024;
  const TOTAL = 200 * MIB;

  /** Writes events as fast as they are taken, and counts them. */
  function flood(response: ServerResponse, count: (bytes: number) => void): void {
    const chunk = event(
      JSON.stringify({
        jsonrpc: '2.0',
        method: 'notifications/message',
        params: { data: 'x'.repeat(64_000) },
      }),
    );
    let sent = 0;
    const write = (): void => {
      while (sent < TOTAL) {
        sent += chunk.length;
        count(sent);
        if (!response.write(chunk)) {
          response.once('drain', write);
          return;
        }
      }
      response.end();
    };
    write();
  }

  /** A client that has asked for a stream and then never looks at it. */
  async function askAndIgnore(front: Front, head: string): Promise<Socket> {
    const socket = connect(Number(new URL(front.base).port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.pause();
    await once(socket, 'connect');
    socket.write(`${head}\r\nHost: ${new URL(front.base).host}\r\nAuthorization: Bearer u\r\n\r\n`);
    return socket;
  }

  /** What `read` gives once it has stopped to grow: looked at again and again, never at the clock. */
  async function settled(read: () => number): Promise<number> {
    let [before, same] = [-1, 0];
    await vi.waitFor(
      () => {
        const value = read();
        same = value === before && value > 0 ? same + 1 : 0;
        before = value;
        expect(same).toBeGreaterThan(20);
      },
      { timeout: 15_000, interval: 25 },
    );
    return before;
  }

  it.each<[string, string, (base: string) => Upstream]>([
    [
      'a GET stream, undici',
      'GET /mcp HTTP/1.1',
      (base) => createUndiciUpstream({ url: `${base}/mcp` }),
    ],
    [
      'a GET stream, fetch',
      'GET /mcp HTTP/1.1',
      (base) => createHttpUpstream({ url: `${base}/mcp` }),
    ],
    [
      'HTTP+SSE, undici',
      'GET /sse HTTP/1.1',
      (base) => createUndiciSseUpstream({ url: `${base}/sse` }),
    ],
    ['HTTP+SSE, fetch', 'GET /sse HTTP/1.1', (base) => createSseUpstream({ url: `${base}/sse` })],
  ])('stops the server instead of filling the memory: %s', async (_, head, create) => {
    let taken = 0;
    const server = createServer((request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (request.url === '/sse') response.write(event('/message', 'endpoint'));
      flood(response, (bytes) => {
        taken = bytes;
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const front = await serveFront(
      create(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
    const socket = await askAndIgnore(front, `${head}\r\nAccept: text/event-stream`);
    // What fits into the buffers of three sockets, and no more.
    expect(await settled(() => taken)).toBeLessThan(30 * MIB);
    socket.destroy();
  });

  it('cannot make the proxy hold more of a request than it may have', async () => {
    const { front, open } = await start(
      (url) => createUndiciUpstream({ url }),
      (response) => response.end(),
    );
    let written = 0;
    const asked = httpRequest(`${front.base}/mcp`, {
      method: 'POST',
      headers: { authorization: 'Bearer u', 'content-type': 'application/json' },
    });
    const status = new Promise<number | undefined>((resolve) => {
      asked.on('response', (response) => resolve(response.statusCode));
      asked.on('error', () => resolve(undefined));
    });
    const chunk = Buffer.alloc(MIB, 0x20);
    const write = (): void => {
      while (written < 64 * MIB && !asked.destroyed) {
        written += chunk.length;
        if (!asked.write(chunk)) {
          asked.once('drain', write);
          return;
        }
      }
    };
    write();
    expect([413, undefined]).toContain(await status);
    asked.destroy();
    expect(open).toEqual([]);
  });
});
