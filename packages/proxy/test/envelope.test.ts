/** What is refused before any policy is asked, and what is forwarded byte for byte (D5, D6). */

import { describe, expect, it } from 'vitest';
import { ALL, harness, W } from './support/fakes.ts';

const text = (value: string) => new TextEncoder().encode(value);
const call = (name: string, id: unknown = 1) =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name } });

interface Row {
  readonly name: string;
  readonly authorize?: typeof ALL;
  readonly body: BodyInit;
  readonly headers?: Record<string, string>;
  readonly method?: string;
  readonly path?: string;
  /** HTTP status, and for JSON-RPC errors their code; 200 or 202 means forwarded. */
  readonly expect: readonly [number, number?];
}

const bom = Uint8Array.of(0xef, 0xbb, 0xbf, ...text(call('weather')));
const rows: readonly Row[] = [
  { name: 'A1 permitted tool', authorize: W, body: call('weather'), expect: [200] },
  { name: 'A2 other tool', authorize: W, body: call('calculator'), expect: [403, 403] },
  {
    name: 'A3 text/plain (D5)',
    body: call('x'),
    headers: { 'content-type': 'text/plain' },
    expect: [415, -32600],
  },
  {
    name: 'A4 no content type (D5)',
    body: text(call('x')),
    headers: { 'content-type': '' },
    expect: [415, -32600],
  },
  {
    name: 'A5 case of the media type',
    body: call('x'),
    headers: { 'content-type': 'Application/JSON' },
    expect: [200],
  },
  {
    name: 'A6 charset parameter',
    body: call('x'),
    headers: { 'content-type': 'application/json; charset=utf-8' },
    expect: [200],
  },
  {
    name: 'A7 jsonx (D5)',
    body: call('x'),
    headers: { 'content-type': 'application/jsonx' },
    expect: [415, -32600],
  },
  {
    name: 'A7 json-rpc (D5)',
    body: call('x'),
    headers: { 'content-type': 'application/json-rpc' },
    expect: [415, -32600],
  },
  {
    name: 'A8 two media types (D5)',
    body: call('x'),
    headers: { 'content-type': 'application/json, text/plain' },
    expect: [415, -32600],
  },
  {
    name: 'A9 malformed parameter (D5)',
    body: call('x'),
    headers: { 'content-type': 'application/json; charset' },
    expect: [415, -32600],
  },
  { name: 'A10 batch', body: `[${call('x')}]`, expect: [400, -32600] },
  { name: 'A11 empty batch', body: '[]', expect: [400, -32600] },
  { name: 'A11 batch after blanks', body: '  \n[1]', expect: [400, -32600] },
  {
    name: 'A11 batch after other blanks, which are not JSON (D5)',
    body: '\u000b\f[1]',
    expect: [400, -32700],
  },
  { name: 'A11 unterminated batch', body: '[{"a":1}', expect: [400, -32700] },
  { name: 'A12 byte order mark (D5)', body: bom, expect: [400, -32700] },
  { name: 'A13 empty body (D5)', body: '', expect: [400, -32700] },
  { name: 'A13 not JSON (D5)', body: 'not json', expect: [400, -32700] },
  { name: 'A13 unterminated (D5)', body: '{"invalid', expect: [400, -32700] },
  {
    name: 'A14 unasked response (D8)',
    body: '{"jsonrpc":"2.0","id":1,"result":{}}',
    expect: [400, -32600],
  },
  {
    name: 'A15 version 1.0 (D5)',
    body: '{"jsonrpc":"1.0","id":1,"method":"ping"}',
    expect: [400, -32600],
  },
  { name: 'A15 no version (D5)', body: '{"id":1,"method":"ping"}', expect: [400, -32600] },
  { name: 'A16 boolean id (D5)', body: call('x', true), expect: [400, -32600] },
  { name: 'A16 object id (D5)', body: call('x', {}), expect: [400, -32600] },
  { name: 'A17 null id (D5)', authorize: W, body: call('x', null), expect: [400, -32600] },
  { name: 'A20 fraction as id (D5)', authorize: W, body: call('x', 1.5), expect: [400, -32600] },
  {
    name: 'A20 exponent as id (D5)',
    body: '{"jsonrpc":"2.0","id":1e3,"method":"ping"}',
    expect: [400, -32600],
  },
  { name: 'A22 trailing data (D5)', body: `${call('x')}{}`, expect: [400, -32700] },
  { name: 'A24 PUT (D6)', body: call('x'), method: 'PUT', expect: [405, -32600] },
  { name: 'HEAD', body: '', method: 'HEAD', expect: [405] },
  { name: 'PATCH', body: call('x'), method: 'PATCH', expect: [405, -32600] },
  { name: 'A27 /sse (D6)', authorize: W, body: call('x'), path: '/sse', expect: [404] },
  {
    name: 'A27 /anything/sse (D6)',
    authorize: W,
    body: call('x'),
    path: '/anything/sse',
    expect: [404],
  },
  { name: '/mcp/sse', body: call('x'), path: '/mcp/sse', expect: [404] },
  { name: '/mcp/', body: call('x'), path: '/mcp/', expect: [404] },
  { name: '//mcp', body: call('x'), path: '//mcp', expect: [404] },
  { name: '/MCP', body: call('x'), path: '/MCP', expect: [404] },
  { name: '/mcp;x', body: call('x'), path: '/mcp;x', expect: [404] },
  {
    name: 'A29 case variant of method (D5)',
    authorize: W,
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"},"Method":"ping"}',
    expect: [400, -32600],
  },
  {
    name: 'A30 case variant of params (D5)',
    authorize: W,
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"},"Params":{"name":"weather"}}',
    expect: [400, -32600],
  },
  {
    name: 'long s in params',
    authorize: W,
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather"},"param\u017f":{"name":"x"}}',
    expect: [400, -32600],
  },
  {
    name: 'A31 case variant of name (D5)',
    authorize: W,
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather","Name":"x"}}',
    expect: [400, -32600],
  },
  {
    name: 'A32 name twice (D5)',
    authorize: W,
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather","name":"x"}}',
    expect: [400, -32600],
  },
  {
    name: 'name twice, once escaped',
    authorize: W,
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather","n\\u0061me":"x"}}',
    expect: [400, -32600],
  },
  {
    name: 'duplicate deep in arguments',
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"a":[{"b":1,"b":2}]}}}',
    expect: [400, -32600],
  },
  {
    name: "case variants inside arguments are the tool's own",
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"name":"a","Name":"b"}}}',
    expect: [200],
  },
  {
    name: 'lone surrogate escape',
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x\\ud800"}}',
    expect: [400, -32600],
  },
  {
    name: 'ill-formed UTF-8',
    body: Uint8Array.of(...text('{"jsonrpc":"2.0","id":1,"method":"pi'), 0xff, ...text('ng"}')),
    expect: [400, -32700],
  },
  {
    name: 'UTF-16',
    body: Uint8Array.from(
      call('x')
        .split('')
        .flatMap((c) => [c.charCodeAt(0), 0]),
    ),
    expect: [400, -32700],
  },
  {
    name: 'depth 65',
    body: `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${'['.repeat(63)}${']'.repeat(63)}}}`,
    expect: [400, -32600],
  },
  {
    name: 'depth 64',
    body: `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${'['.repeat(62)}${']'.repeat(62)}}}`,
    expect: [200],
  },
  {
    name: 'method and result',
    body: '{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}',
    expect: [400, -32600],
  },
  {
    name: 'result and error',
    body: '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}',
    expect: [400, -32600],
  },
  {
    name: 'gzip body',
    body: call('x'),
    headers: { 'content-encoding': 'gzip' },
    expect: [415, -32600],
  },
  { name: 'no token', body: call('x'), headers: { authorization: '' }, expect: [401] },
  {
    name: 'A34 declared too large',
    body: call('x'),
    headers: { 'content-length': String(8 * 1024 * 1024 + 1) },
    expect: [413, -32600],
  },
  {
    name: 'B13 params without name (D5)',
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}',
    expect: [400, -32602],
  },
  {
    name: 'B13 null params (D5)',
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}',
    expect: [400, -32602],
  },
  { name: 'B13 number as name (D5)', body: call(5 as unknown as string), expect: [400, -32602] },
  {
    name: 'B14 array as params (D5)',
    authorize: W,
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["weather"]}',
    expect: [400, -32602],
  },
  {
    name: 'array as arguments',
    authorize: W,
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather","arguments":["x"]}}',
    expect: [400, -32602],
  },
];

describe('the one reading of a POST', () => {
  it.each(rows)(
    '$name',
    async ({ authorize = ALL, body, headers = {}, method = 'POST', path = '/mcp', ...row }) => {
      const { send, upstream } = harness({ authorize });
      const response = await send(body, { headers, method, path });
      const [status, code] = row.expect;
      expect(response.status).toBe(status);
      const isForwarded = status === 200;
      expect(upstream.forwarded).toHaveLength(isForwarded ? 1 : 0);
      if (code !== undefined) expect((await response.json()).error.code).toBe(code);
    },
  );

  it('counts a body that does not declare its size', async () => {
    const { send, upstream } = harness({ bodyLimit: 1000 });
    const chunk = new Uint8Array(400).fill(0x20);
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(chunk),
    });
    const response = await send(body, { duplex: 'half' } as RequestInit);
    expect(response.status).toBe(413);
    expect(upstream.forwarded).toHaveLength(0);
  });

  it('forwards the bytes as they came, large integers and all', async () => {
    const { send, upstream } = harness();
    const body =
      '{ "jsonrpc":"2.0","id": 9007199254740993 ,\n"method":"tools/call","params":{"name":"x","arguments":{"n":12345678901234567890,"f":1.0}}}';
    await send(body);
    expect(new TextDecoder().decode(upstream.forwarded[0]?.message?.raw)).toBe(body);
  });
});

describe('a denial', () => {
  it.each(['"abc"', '0', '""', '9007199254740993', '-1'])(
    'echoes the id %s exactly',
    async (id) => {
      const { send } = harness({ authorize: W });
      const response = await send(
        `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"x"}}`,
      );
      expect(response.status).toBe(403);
      expect(await response.text()).toBe(
        `{"jsonrpc":"2.0","id":${id},"error":{"code":403,"message":"Forbidden","data":{"decision":"d-1"}}}`,
      );
    },
  );

  it('has no id for a notification', async () => {
    const { send } = harness({ authorize: W });
    const response = await send('{"jsonrpc":"2.0","method":"tools/call","params":{"name":"x"}}');
    expect(response.status).toBe(403);
    expect(Object.keys(await response.json())).toEqual(['jsonrpc', 'error']);
  });

  it('is reported with its decision, and with argument names but no values', async () => {
    const { call: send, reports } = harness({ authorize: W });
    await send('tools/call', { name: 'x', arguments: { password: 'hunter2' } });
    expect(reports).toEqual([
      expect.objectContaining({
        outcome: 'denied',
        status: 403,
        reason: 'policy',
        decision: 'd-1',
        policies: ['p0'],
        subject: 'u',
        target: 'x',
        arguments: ['password'],
      }),
    ]);
    expect(JSON.stringify(reports)).not.toContain('hunter2');
  });

  it('is reported in few words, however many the caller used', async () => {
    const { call: send, reports } = harness({ authorize: W });
    const names = Array.from({ length: 1000 }, (_, index) => [`${'n'.repeat(500)}${index}`, 1]);
    await send('tools/call', { name: 'x'.repeat(100_000), arguments: Object.fromEntries(names) });
    expect(JSON.stringify(reports).length).toBeLessThan(12_000);
  });
});
