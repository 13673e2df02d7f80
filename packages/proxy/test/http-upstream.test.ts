/** The HTTP upstream over `fetch` and over undici, against a real server on loopback. */

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpUpstream, type Upstream } from '../src/index.ts';
import { createUndiciUpstream } from '../src/node/index.ts';
import { harness, W } from './support/fakes.ts';

let server: Server;
let base: string;
let left = 0;
const seen: { url: string | undefined; headers: NodeJS.Dict<string | string[]> }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push({ url: request.url, headers: request.headers });
    request.resume();
    switch (request.url) {
      case '/redirect':
        return response.writeHead(307, { location: 'http://evil.example/' }).end();
      case '/wants-token':
        return response.writeHead(401, { 'www-authenticate': 'Bearer x' }).end('{}');
      case '/hangs':
        return undefined;
      case '/stops-half-way':
        return response
          .writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
          .write('{"jsonrpc":');
      case '/gzip': {
        const list =
          '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"weather"},{"name":"no"}]}}';
        return response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(gzipSync(list));
      }
      case '/headers':
        return response
          .writeHead(200, {
            'content-type': 'application/json',
            'set-cookie': 'a=b',
            'access-control-allow-origin': '*',
            'x-hop': '1',
            connection: 'x-hop',
            'x-kept': '2',
          })
          .end('{"jsonrpc":"2.0","id":1,"result":{}}');
      case '/reads': {
        const chunks: Buffer[] = [];
        request.on('data', (chunk) => chunks.push(chunk));
        return request.on('end', () => {
          const result = {
            body: createHash('sha256').update(Buffer.concat(chunks)).digest('hex'),
            length: request.headers['content-length'],
            coding: request.headers['transfer-encoding'],
            port: request.socket.remotePort,
          };
          const body = JSON.stringify({ jsonrpc: '2.0', id: 1, result });
          response.writeHead(200, { 'content-type': 'application/json' }).end(body);
        });
      }
      case '/accepts':
        return response.writeHead(202).end();
      case '/accepts-for-ever': {
        const timer = setInterval(() => response.write('x'.repeat(1024)), 5);
        response.on('close', () => {
          clearInterval(timer);
          left += 1;
        });
        return response.writeHead(202).flushHeaders();
      }
      default:
        return response.writeHead(204).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Short only where nothing will come; everything else may take its time on a busy machine. */
function limit(url: string): { readonly headersTimeout?: number } {
  return url.endsWith('/hangs') ? { headersTimeout: 200 } : {};
}

describe.each([
  ['fetch', (url: string): Upstream => createHttpUpstream({ url, ...limit(url) })],
  ['undici', (url: string): Upstream => createUndiciUpstream({ url, ...limit(url) })],
])('an HTTP upstream over %s', (_, create) => {
  const at = (path: string, origin = base) =>
    harness({ authorize: W, upstream: create(`${origin}${path}`) as never });

  it.each([
    ['a redirect', '/redirect', 502, 'Upstream redirected'],
    ['a 401 of the server', '/wants-token', 502, 'Upstream refused the proxy'],
    ['a server that does not answer', '/hangs', 504, 'Upstream timed out'],
  ])('turns %s into an error of its own', async (_name, path, status, message) => {
    const h = at(path);
    const response = await h.call('ping');
    expect(response.status).toBe(status);
    expect(response.headers.has('www-authenticate')).toBe(false);
    expect((await response.json()).error).toEqual({ code: -32603, message });
    await h.proxy.close();
  });

  it('says 502 when nothing listens there', async () => {
    const h = at('/', 'http://127.0.0.1:1');
    expect((await h.call('ping')).status).toBe(502);
    expect(String(h.errors[0])).toContain('127.0.0.1:1 cannot be reached');
    await expect(h.proxy.fetch(new Request('http://x/readyz'))).resolves.toMatchObject({
      status: 503,
    });
    await h.proxy.close();
  });

  it('filters a list that comes compressed although nobody asked for it', async () => {
    const h = at('/gzip');
    const response = await h.call('tools/list');
    expect(await response.text()).toBe(
      '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"weather"}]}}',
    );
    await h.proxy.close();
  });

  it.each([10, 16 * 1024, 3 * 1024 * 1024])(
    'sends a body of %i bytes more as it is',
    async (more) => {
      const h = at('/reads');
      const ports = new Set<number>();
      for (const letter of 'abcd') {
        const padding = letter.repeat(more);
        const body = `{ "jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"padding":"${padding}"}}`;
        const { result } = await (await h.send(body)).json();
        expect(result).toMatchObject({
          body: createHash('sha256').update(body).digest('hex'),
          length: String(body.length),
        });
        expect(result).not.toHaveProperty('coding');
        ports.add(result.port);
      }
      expect(ports.size).toBeLessThan(4);
      await h.proxy.close();
    },
  );

  it('passes on neither hop-by-hop headers nor cookies, in either direction', async () => {
    const h = at('/headers');
    const response = await h.call('ping', {}, { cookie: 'c=d' });
    expect(response.headers.get('x-kept')).toBe('2');
    for (const name of ['set-cookie', 'x-hop', 'access-control-allow-origin', 'connection']) {
      expect(response.headers.has(name)).toBe(false);
    }
    const { headers } = seen.at(-1)!;
    expect(headers['authorization']).toBeUndefined();
    expect(headers['cookie']).toBeUndefined();
    await response.text();
    await h.proxy.close();
  });
});

it.each([
  ['202 and nothing', '/accepts'],
  ['204', '/says-nothing'],
])('keeps the connection over which a message was answered by %s', async (_name, path) => {
  const ports = new Set<number | undefined>();
  const note = (request: IncomingMessage): void => void ports.add(request.socket.remotePort);
  server.on('request', note);
  const h = harness({ upstream: createUndiciUpstream({ url: `${base}${path}` }) as never });
  for (let count = 0; count < 3; count += 1) {
    const note = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
    expect((await h.send(note)).ok).toBe(true);
    // The answer is there before its connection is free again.
    await new Promise((free) => setImmediate(free));
  }
  server.off('request', note);
  expect(ports.size).toBe(1);
  await h.proxy.close();
});

it('does not wait long for the end of a body that nobody reads', async () => {
  const upstream = createUndiciUpstream({ url: `${base}/accepts-for-ever` });
  const h = harness({ upstream: upstream as never });
  const note = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
  expect((await h.send(note)).status).toBe(202);
  await expect.poll(() => left).toBe(1);
  await h.proxy.close();
});

it('gives up on a small answer that stops half-way', async () => {
  const upstream = createUndiciUpstream({ url: `${base}/stops-half-way`, headersTimeout: 200 });
  const h = harness({ authorize: W, upstream: upstream as never });
  expect((await h.call('ping')).status).toBe(504);
  await h.proxy.close();
});

it.each(['ftp://x/', 'nonsense', 'http://user:pass@x/'])('refuses the URL %s', (url) => {
  expect(() => createHttpUpstream({ url })).toThrow(TypeError);
});
