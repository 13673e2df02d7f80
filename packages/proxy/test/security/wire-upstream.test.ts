/** A server that is broken or malicious on the wire: nobody hangs, nothing leaks, nothing dies. */

import type { Socket } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpUpstream, type Upstream } from '../../src/index.ts';
import { createUndiciUpstream } from '../../src/node/index.ts';
import { type RawServer, rawServer, request, serve, type Wire } from './wire.ts';

const SECRET = 'admin_tool';
const list = `{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"weather"},{"name":"${SECRET}"}]}}`;
const tools = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
/** The connection ends with the answer, so that nobody has to wait for more. */
const last = { headers: ['Connection: close'] };
const json = 'content-type: application/json';

const http = (status: string, headers: readonly string[], body: string): string =>
  [`HTTP/1.1 ${status}`, ...headers, '', body].join('\r\n');
const chunked = (...chunks: string[]): string =>
  `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n`;
const length = (text: string): string => `content-length: ${text.length}`;

/** Raw answers to `tools/list`; the connection is closed after those that cannot end otherwise. */
const ANSWERS: readonly (readonly [string, string | Uint8Array, 'close'?])[] = [
  // Attempts: status tricks
  ['nothing', '', 'close'],
  ['no HTTP', `SSH-2.0-OpenSSH\r\n${list}`, 'close'],
  ['HTTP/0.9', list, 'close'],
  ['half a status line', 'HTTP/1.1 20', 'close'],
  ['status 99', http('099 X', [json, length(list)], list)],
  ['status 600', http('600 X', [json, length(list)], list)],
  ['status 999', http('999 X', [json, length(list)], list)],
  ['status 101', http('101 Switching', ['upgrade: x', 'connection: upgrade'], list), 'close'],
  [
    'many 1xx',
    `${'HTTP/1.1 103 Early\r\nlink: </x>\r\n\r\n'.repeat(50)}${http('200 OK', [json, length(list)], list)}`,
  ],
  ['204 with a body', http('204 No', [json, length(list)], list), 'close'],
  ['205 with a body', http('205 Reset', [json, length(list)], list), 'close'],
  [
    '205 with a chunked body',
    http('205 Reset', [json, 'transfer-encoding: chunked'], `${chunked(list)}\r\n`),
    'close',
  ],
  ['304 with a length', http('304 Not', [json, length(list)], ''), 'close'],
  ['303 elsewhere', http('303 See', ['location: http://evil.example/', length(list)], list)],
  ['300 with a list', http('300 Many', [json, length(list)], list)],
  [
    '401 with a challenge',
    http('401 No', ['www-authenticate: Bearer realm="x"', length(list)], list),
  ],
  ['407 with a challenge', http('407 No', ['proxy-authenticate: Basic', json, length(list)], list)],
  ['418 with a list', http('418 Tea', [json, length(list)], list)],
  [
    '500 with a stack',
    http('500 No', ['content-type: text/plain', 'content-length: 18'], 'Error: at 10.1.2.3'),
  ],
  // Attempts: smuggling
  ['a length that is too long', http('200 OK', [json, 'content-length: 9999'], list), 'close'],
  ['a length that is too short', http('200 OK', [json, `content-length: 20`], list), 'close'],
  [
    'both framings',
    http('200 OK', [json, length(list), 'transfer-encoding: chunked'], `${chunked(list)}\r\n`),
    'close',
  ],
  [
    'chunks that lie',
    http('200 OK', [json, 'transfer-encoding: chunked'], `5\r\n${list}\r\n0\r\n\r\n`),
    'close',
  ],
  [
    'chunks without end',
    http(
      '200 OK',
      [json, 'transfer-encoding: chunked'],
      `${list.length.toString(16)}\r\n${list}\r\n`,
    ),
    'close',
  ],
  [
    'chunks in words',
    http('200 OK', [json, 'transfer-encoding: chunked'], `zz\r\n${list}`),
    'close',
  ],
  [
    'a list in a trailer',
    http(
      '200 OK',
      [json, 'transfer-encoding: chunked', 'trailer: x-list'],
      `${chunked('{}')}x-list: ${list}\r\n\r\n`,
    ),
  ],
  [
    'one byte at a time',
    http('200 OK', [json, 'transfer-encoding: chunked'], `${chunked(...list)}\r\n`),
  ],
  [
    'a header of another charset',
    Buffer.concat([
      Buffer.from(`HTTP/1.1 200 OK\r\n${json}\r\nx-a: `),
      Buffer.from([0xff, 0xfe, 0xe2, 0x82, 0xac]),
      Buffer.from(`\r\n${length(list)}\r\n\r\n${list}`),
    ]),
  ],
  ['a header with a NUL', http('200 OK', [json, 'x-a: a\0b', length(list)], list), 'close'],
  ['a header without end', `HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(200_000)}`, 'close'],
  [
    'a folded header',
    http('200 OK', [json, 'x-a: 1', ' content-encoding: gzip', length(list)], list),
  ],
  // Attempts: duplicate headers
  ['two types', http('200 OK', [json, 'content-type: text/event-stream', length(list)], list)],
  // Attempts: compression
  ['two codings', http('200 OK', [json, 'content-encoding: gzip, gzip', length(list)], list)],
  ['gzip that is none', http('200 OK', [json, 'content-encoding: gzip', length(list)], list)],
  ['a coding nobody knows', http('200 OK', [json, 'content-encoding: secret', length(list)], list)],
  [
    'a cut gzip',
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 200 OK\r\n${json}\r\ncontent-encoding: gzip\r\ncontent-length: 30\r\n\r\n`,
      ),
      gzipSync(list).subarray(0, 30),
    ]),
  ],
  ['a gzip bomb', bomb()],
  ['gzip in two members', coded('gzip', gzipSync(list.slice(0, 40)), gzipSync(list.slice(40)))],
  ['gzip with a list behind it', coded('gzip', gzipSync('{}'), Buffer.from(list))],
  ['gzip twice, one declared', coded('gzip', gzipSync(gzipSync(list)))],
  ['deflate without its head', coded('deflate', deflateRawSync(list))],
  ['deflate with a list behind it', coded('deflate', deflateSync('{}'), Buffer.from(list))],
  ['gzip called deflate', coded('deflate', gzipSync(list))],
  ['Brotli', coded('br', brotliCompressSync(list))],
  ['two codings in two headers', coded('gzip\r\ncontent-encoding: identity', gzipSync(list))],
  ['a coding behind a comma', coded(', gzip', gzipSync(list))],
  // Attempts: SSE framing
  [
    'a stream that breaks off',
    http(
      '200 OK',
      ['content-type: text/event-stream', 'transfer-encoding: chunked'],
      `5\r\n: hi\n\r\n10\r\ndata: {"jsonrpc"`,
    ),
    'close',
  ],
  [
    'a stream with a list, cut',
    http('200 OK', ['content-type: text/event-stream'], `data: ${list}`),
    'close',
  ],
  // Attempts: smuggling
  [
    'a second answer behind the first',
    `${http('200 OK', [json, 'content-length: 36'], '{"jsonrpc":"2.0","id":1,"result":{}}')}${http('200 OK', [json, length(list)], list)}`,
  ],
  [
    'a session id of two lines',
    http('200 OK', [json, 'mcp-session-id: a', 'mcp-session-id: b', length(list)], list),
  ],
  [
    'an order to the server in front',
    http('202 OK', ['x-hono-already-sent: true', 'content-length: 0'], ''),
  ],
];

function bomb(): Uint8Array {
  return coded('gzip', gzipSync(Buffer.alloc(32 * 1024 * 1024, 0x20)));
}

function coded(coding: string, ...parts: Buffer[]): Uint8Array {
  const body = Buffer.concat(parts);
  const lines = [json, `content-encoding: ${coding}`, `content-length: ${body.length}`];
  return Buffer.concat([Buffer.from(http('200 OK', lines, '')), body]);
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function rig(
  make: (url: string) => Upstream,
  answer: (text: string, socket: Socket) => void,
): Promise<Wire & { readonly upstream: RawServer }> {
  const upstream = await rawServer(answer);
  const wire = await serve(make(upstream.url));
  open.push(wire, upstream);
  return { ...wire, upstream };
}

describe.each([
  ['fetch', (url: string): Upstream => createHttpUpstream({ url, headersTimeout: 1500 })],
  ['undici', (url: string): Upstream => createUndiciUpstream({ url, headersTimeout: 1500 })],
])('over %s', (_kind, make) => {
  it.each(ANSWERS.map(([name, bytes, then]) => [name, bytes, then ?? 'open'] as const))(
    '%s',
    async (_name, bytes, then) => {
      let isRaw = true;
      const wire = await rig(make, (text, socket) => {
        if (/"tools\/list"|"notifications/.test(text) && isRaw) {
          socket.write(bytes);
          if (then === 'close') socket.end();
        } else
          socket.write(
            http('200 OK', [json, 'content-length: 36'], '{"jsonrpc":"2.0","id":1,"result":{}}'),
          );
      });
      const answer = await wire.raw(request(wire.port, tools, last));
      expect(answer).toMatch(/^HTTP\/1\.1 [2-5]\d\d /);
      expect(answer).not.toContain(SECRET);
      expect(answer).not.toMatch(
        /evil|10\.1\.2\.3|127\.0\.0\.1|ECONN|undici|at .*\.ts|www-authenticate/i,
      );
      // A notification gets its answer as well, and the next caller is served.
      const note = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
      expect(await wire.raw(request(wire.port, note, last))).toMatch(/^HTTP\/1\.1 [2-5]\d\d /);
      isRaw = false;
      expect(await wire.raw(request(wire.port, ping, last))).toMatch(/^HTTP\/1\.1 200/);
    },
  );

  it('a client that leaves while the answer comes ends the exchange behind', async () => {
    let closed = 0;
    const wire = await rig(make, (_text, socket) => {
      socket.on('close', () => {
        closed += 1;
      });
      socket.write(
        http(
          '200 OK',
          ['content-type: text/event-stream', 'transfer-encoding: chunked'],
          '6\r\n: hi\n\n\r\n',
        ),
      );
    });
    for (const body of [tools, ping]) {
      await wire.raw(request(wire.port, body), { patience: 50 });
    }
    await expect.poll(() => closed).toBe(2);
  });

  it('a list that stops half-way is let go when the client leaves', async () => {
    let closed = 0;
    const wire = await rig(make, (_text, socket) => {
      socket.on('close', () => {
        closed += 1;
      });
      socket.write(http('200 OK', [json, 'transfer-encoding: chunked'], '1\r\n{\r\n'));
    });
    const answer = wire.raw(request(wire.port, tools), { patience: 50 });
    await new Promise((done) => setTimeout(done, 200));
    await wire.close();
    await answer;
    await expect.poll(() => closed).toBeGreaterThan(0);
  });
});
