/** Tricks of a client with raw bytes: paths, verbs, framing, headers, and leaving at the wrong time. */

import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createUndiciUpstream } from '../../src/node/index.ts';
import { type RawServer, rawServer, request, serve, type Wire } from './wire.ts';

const rm = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"rm"}}';
const weather = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather"}}';
const OK = '{"jsonrpc":"2.0","id":1,"result":{}}';

describe.each([false, true])('with global objects replaced: %s', (replaceGlobals) => {
  let upstream: RawServer;
  let wire: Wire;
  beforeAll(async () => {
    upstream = await rawServer((_request, socket) => {
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${OK.length}\r\n\r\n${OK}`,
      );
    });
    wire = await serve(createUndiciUpstream({ url: upstream.url }), { replaceGlobals });
  });
  afterAll(async () => {
    await wire.close();
    await upstream.close();
  });
  beforeEach(() => {
    upstream.seen.length = 0;
  });

  /** No call of `rm`, and nothing but what the proxy itself would send. */
  const expectNoHarm = (): void => {
    expect(upstream.seen.filter((text) => /"rm"/.test(text))).toEqual([]);
    expect(upstream.seen.filter((text) => !/^(POST|GET|DELETE) \/mcp HTTP/.test(text))).toEqual([]);
    expect(upstream.seen.filter((text) => /Bearer|evil/.test(text))).toEqual([]);
  };

  it.each([
    // Attempts, one per text: path tricks
    ...['//mcp', '/./mcp', '/x/../mcp', '/%6dcp', '/mcp/', '/mcp;x', '/mcp?method=ping', '/mcp#x'],
    ...['/MCP', '/mcp%00', '/mcp/..%2fmcp', '/mcp/sse', '/sse', '/messages', '/mcp%2f', '\\mcp'],
    ...['*', 'mcp', 'http://evil.example/mcp', 'https://127.0.0.1/mcp', 'http://[::1/mcp'],
    ...['/healthz', '/readyz', '/.well-known/oauth-protected-resource', '/mcp%zz', '/%2e/mcp'],
    ...['ftp://evil.example/mcp', 'http://u:p@evil.example/mcp', '//evil.example/mcp'],
  ])('target %s', async (target) => {
    const answer = await wire.raw(
      request(wire.port, rm, { target, headers: ['Connection: close'] }),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 [45]\d\d |^HTTP\/1\.1 200 OK[\s\S]*(ok|not ready)\n?$/);
    expectNoHarm();
    expect(upstream.seen.filter((text) => text.startsWith('POST'))).toEqual([]);
  });

  it.each([
    // Attempts, one per text: verb tricks
    'post',
    'Post',
    'PUT',
    'PATCH',
    'HEAD',
    'TRACE',
    'CONNECT',
    'QUERY',
    'PRI',
    'OPTIONS',
    'GET',
    'DELETE',
    'X',
  ])('verb %s', async (method) => {
    const answer = await wire.raw(
      request(wire.port, rm, { method, headers: ['Connection: close'] }),
    );
    expectNoHarm();
    expect(upstream.seen.filter((text) => text.startsWith('POST'))).toEqual([]);
    if (method !== 'CONNECT') expect(answer).toMatch(/^HTTP\/1\.1 \d\d\d /);
  });

  const head = (port: number, ...lines: string[]): string =>
    [
      'POST /mcp HTTP/1.1',
      `Host: 127.0.0.1:${port}`,
      'Authorization: Bearer u',
      'Content-Type: application/json',
      ...lines,
      '',
      '',
    ].join('\r\n');
  const smuggled = (port: number): string => request(port, rm);
  const chunkedBody = (port: number, coding = 'chunked'): string =>
    `${head(port, `Transfer-Encoding: ${coding}`)}${rm.length.toString(16)}\r\n${rm}\r\n0\r\n\r\n`;

  const anonymous = (text: string): string => text.replace('Authorization: Bearer u\r\n', '');

  it.each<[string, (port: number) => string]>([
    // Attempts: smuggling
    [
      'both framings',
      (port) =>
        `${head(port, 'Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n${smuggled(port)}`,
    ],
    [
      'two lengths',
      (port) =>
        `${head(port, `Content-Length: ${weather.length}`, 'Content-Length: 0')}${weather}${smuggled(port)}`,
    ],
    ['a list of lengths', (port) => `${head(port, 'Content-Length: 0, 5')}${smuggled(port)}`],
    ['a signed length', (port) => `${head(port, 'Content-Length: +0')}${smuggled(port)}`],
    ['a negative length', (port) => `${head(port, 'Content-Length: -1')}${smuggled(port)}`],
    ['a hexadecimal length', (port) => `${head(port, 'Content-Length: 0x10')}${smuggled(port)}`],
    [
      'an endless length',
      (port) => `${head(port, `Content-Length: ${'9'.repeat(30)}`)}${smuggled(port)}`,
    ],
    [
      'a coding that is not chunked',
      (port) => `${head(port, 'Transfer-Encoding: xchunked')}${smuggled(port)}`,
    ],
    [
      'chunked not last',
      (port) => `${head(port, 'Transfer-Encoding: chunked, identity')}0\r\n\r\n${smuggled(port)}`,
    ],
    [
      'chunked twice',
      (port) =>
        `${head(port, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    ],
    [
      'a blank before the colon',
      (port) => `${head(port, 'Transfer-Encoding : chunked')}0\r\n\r\n${smuggled(port)}`,
    ],
    [
      'a folded header',
      (port) => `${head(port, 'X-A: 1', ' Transfer-Encoding: chunked')}0\r\n\r\n${smuggled(port)}`,
    ],
    [
      'bare line feeds',
      (port) => head(port, 'Content-Length: 0').replaceAll('\r', '') + smuggled(port),
    ],
    [
      'a chunk that lies',
      (port) => `${head(port, 'Transfer-Encoding: chunked')}5\r\n${rm}\r\n0\r\n\r\n`,
    ],
    [
      'a chunk without end',
      (port) => `${head(port, 'Transfer-Encoding: chunked')}ffffffffffffffff\r\n${rm}`,
    ],
    ['a chunk in words', (port) => `${head(port, 'Transfer-Encoding: chunked')}x\r\n${rm}`],
    ['two types', (port) => request(port, rm, { headers: ['Content-Type: text/plain'] })],
    ['a NUL in a header', (port) => request(port, rm, { headers: ['X-A: a\0b'] })],
    ['a header without a name', (port) => request(port, rm, { headers: [': x'] })],
    [
      'an upgrade',
      (port) =>
        request(port, rm, {
          headers: [
            'Connection: Upgrade',
            'Upgrade: websocket',
            'Sec-WebSocket-Key: x',
            'Sec-WebSocket-Version: 13',
          ],
        }),
    ],
    [
      'an upgrade to HTTP/2',
      (port) =>
        request(port, rm, {
          headers: [
            'Connection: Upgrade, HTTP2-Settings',
            'Upgrade: h2c',
            'HTTP2-Settings: AAMAAABkAAQAAP__',
          ],
        }),
    ],
    ['HTTP/2 at once', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/0.9', () => 'GET /mcp\r\n\r\n'],
    ['another expectation', (port) => request(port, rm, { headers: ['Expect: 200-ok'] })],
    ['too many headers', (port) => request(port, rm, { headers: [`X-A: ${'a'.repeat(100_000)}`] })],
    ['a GET whose body is a request', (port) => request(port, smuggled(port), { method: 'GET' })],
    ['HTTP/1.0 in chunks', (port) => `${chunkedBody(port).replace('1.1', '1.0')}`],
    ['HTTP/1.2', (port) => smuggled(port).replace('HTTP/1.1', 'HTTP/1.2')],
    [
      'a request behind one without a token',
      (port) => request(port, smuggled(port)).replace('Bearer u', 'Bearer !'),
    ],
    [
      'a request that waits to be asked for its body',
      (port) => request(port, rm, { headers: ['Expect: 100-continue'] }) + smuggled(port),
    ],
    ['a coding that is not known before chunks', (port) => chunkedBody(port, 'gzip, chunked')],
    ['a coding behind a vertical tab', (port) => chunkedBody(port, '\x0bchunked')],
    ['a coding in quotes', (port) => chunkedBody(port, '"chunked"')],
    [
      'a coding under a name with an underscore',
      (port) => `${head(port, 'Transfer_Encoding: chunked', 'Content-Length: 0')}${smuggled(port)}`,
    ],
    ['a chunk with a sign', (port) => chunkedBody(port).replace('\r\n\r\n', '\r\n\r\n+')],
    ['a chunk in hexadecimal', (port) => chunkedBody(port).replace('\r\n\r\n', '\r\n\r\n0x')],
    [
      'a chunk whose extension is a line',
      (port) => `${head(port, 'Transfer-Encoding: chunked')}2;\n{}\r\n0\r\n\r\n${smuggled(port)}`,
    ],
    [
      'a chunk whose extension has no end',
      (port) => `${head(port, 'Transfer-Encoding: chunked')}2;${'a'.repeat(100_000)}`,
    ],
    [
      'chunks that end with bare line feeds',
      (port) => `${head(port, 'Transfer-Encoding: chunked')}2\n{}\n0\n\n${smuggled(port)}`,
    ],
    [
      'two thousand headers before a session',
      (port) =>
        request(port, weather, {
          headers: [...Array<string>(2001).fill('a:'), 'Mcp-Session-Id: evil'],
        }),
    ],
  ])('framing: %s', async (_name, bytes) => {
    await wire.raw(bytes(wire.port));
    expectNoHarm();
  });

  it.each<[string, string[], RegExp]>([
    // Attempts: duplicate headers
    ['two hosts', ['Host: evil.example'], /^HTTP\/1\.1 (400|403|200)/],
    ['two sessions', ['Mcp-Session-Id: a', 'Mcp-Session-Id: b'], /^HTTP\/1\.1 400/],
    [
      'two versions',
      ['MCP-Protocol-Version: 2025-11-25', 'MCP-Protocol-Version: 2026-07-28'],
      /^HTTP\/1\.1 400/,
    ],
    [
      'two origins',
      ['Origin: http://127.0.0.1', 'Origin: https://evil.example'],
      /^HTTP\/1\.1 403/,
    ],
    ['a foreign origin', ['Origin: https://evil.example'], /^HTTP\/1\.1 403/],
    ['a foreign page without an origin', ['Sec-Fetch-Site: cross-site'], /^HTTP\/1\.1 403/],
    ['a page of another local port', ['Sec-Fetch-Site: same-site'], /^HTTP\/1\.1 403/],
  ])('headers: %s', async (_name, headers, expected) => {
    expect(await wire.raw(request(wire.port, weather, { headers }))).toMatch(expected);
    expect(upstream.seen.filter((text) => /evil|Bearer/.test(text))).toEqual([]);
  });

  it.each<[string, (port: number) => string]>([
    // Attempts: borrowed credentials
    [
      'of the request before it',
      (port) => `${request(port, weather)}${anonymous(request(port, weather))}`,
    ],
    [
      'of its own trailer',
      (port) =>
        `${anonymous(head(port, 'Transfer-Encoding: chunked', 'Trailer: Authorization'))}${weather.length.toString(16)}\r\n${weather}\r\n0\r\nAuthorization: Bearer u\r\n\r\n`,
    ],
    ['of the request in its body', (port) => anonymous(request(port, request(port, weather)))],
    ['in its target', (port) => request(port, weather, { target: 'http://u:u@127.0.0.1/mcp' })],
    [
      'under a folded name',
      (port) => request(port, weather).replace('Authorization:', 'X-A: 1\r\n Authorization:'),
    ],
    [
      'under a name with a blank',
      (port) => request(port, weather).replace('Authorization:', 'Authorization :'),
    ],
    [
      'under a name with an underscore before it',
      (port) => request(port, weather).replace('Authorization:', 'HTTP_AUTHORIZATION:'),
    ],
    [
      'beside a second one',
      (port) => request(port, weather, { headers: ['Authorization: Bearer v'] }),
    ],
  ])('a request does not live on credentials %s', async (name, bytes) => {
    const answer = await wire.raw(bytes(wire.port));
    const before = name === 'of the request before it' ? 1 : 0;
    expect(answer.match(/HTTP\/1\.1 200/g) ?? []).toHaveLength(before);
    expect(upstream.seen).toHaveLength(before);
  });

  it.each([
    // Attempts: path tricks
    ['http://evil.example/mcp'],
    ['http://127.0.0.1:1/mcp'],
    ['https://evil.example/mcp'],
    ['http://localhost/mcp'],
  ])('a target that names another host than Host does is refused: %s', async (target) => {
    const answer = await wire.raw(request(wire.port, weather, { target }));
    expect(answer).toMatch(/^HTTP\/1\.1 40[03] /);
    expect(upstream.seen).toEqual([]);
  });

  it('a target that names the same host is served', async () => {
    const target = `http://127.0.0.1:${wire.port}/mcp`;
    const answer = await wire.raw(request(wire.port, weather, { target }));
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('without a token nothing gets there, whatever else is said', async () => {
    for (const line of [
      'Authorization: Basic dTp1',
      'Cookie: token=u',
      'Proxy-Authorization: Bearer u',
      'X-Authorization: Bearer u',
    ]) {
      const text = request(wire.port, weather, { target: '/mcp?access_token=u' });
      expect(await wire.raw(text.replace('Authorization: Bearer u', line))).toMatch(
        /^HTTP\/1\.1 401/,
      );
    }
    expect(upstream.seen).toEqual([]);
  });

  it('a client that leaves at any byte does no harm', async () => {
    const text = request(wire.port, weather);
    for (let cut = 1; cut <= text.length; cut += 9)
      await wire.raw(text.slice(0, cut), { leave: true });
    expect(await wire.raw(request(wire.port, weather))).toMatch(/^HTTP\/1\.1 200/);
    expectNoHarm();
  });

  it('a body of endless small chunks is counted, and held as what it is', async () => {
    const chunk = '1\r\n \r\n'.repeat(20_000);
    const before = process.memoryUsage().heapUsed;
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(wire.port, '127.0.0.1');
      socket.on('data', (data) => {
        text += String(data);
        socket.destroy();
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(text));
      socket.write(head(wire.port, 'Transfer-Encoding: chunked'));
      for (let count = 0; count < 10; count += 1) socket.write(chunk);
      socket.write('0\r\n\r\n');
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(150_000_000);
  });
});
