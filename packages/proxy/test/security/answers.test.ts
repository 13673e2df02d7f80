/** Ways in which a list, or a server's own idea of the protocol, could get past the filter. */

import { describe, expect, it, vi } from 'vitest';
import { createMemorySessionStore, type McpMessage } from '../../src/index.ts';
import { fakeUpstream, harness, jsonResult, W } from '../support/fakes.ts';

const SECRET = 'admin_tool';
const TOOLS = { tools: [{ name: 'weather' }, { name: SECRET }] };
const json = { 'content-type': 'application/json' };
const sse = { 'content-type': 'text/event-stream' };

const event = (message: unknown): string => `data: ${JSON.stringify(message)}\n\n`;
const listAnswer = (id: unknown): unknown => ({ jsonrpc: '2.0', id, result: TOOLS });

/**
 * A server that keeps the stream of each request in a map by id, as common ones do: an answer goes
 * to the request that used the id last. `key` is how it compares ids.
 */
function serverThatMixesIds(key: (id: unknown) => unknown, format: 'json' | 'sse') {
  let answerList: (response: Response) => void = () => undefined;
  let listKey: unknown;
  return fakeUpstream((message) => {
    const id = JSON.parse(message?.id?.text ?? 'null') as unknown;
    if (message?.method === 'tools/list') {
      listKey = key(id);
      return new Promise<Response>((resolve) => {
        answerList = resolve;
      });
    }
    const stolen = listKey !== undefined && key(id) === listKey;
    answerList(new Response(null, { status: 202 }));
    const answer = stolen ? listAnswer(id) : { jsonrpc: '2.0', id, result: {} };
    return format === 'json'
      ? new Response(JSON.stringify(answer), { headers: json })
      : new Response(event(answer), { headers: sse });
  });
}

function inPieces(text: string, size: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, at + size));
      at += size;
    },
  });
}

describe('a list that the server sends in answer to another request', () => {
  const same = (id: unknown): unknown => id;
  it.each([
    // Attempts: id confusion
    ['the same id', '1', '1', same],
    ['the same text, another spelling', '"a"', '"\\u0061"', same],
    ['a number and its text (Python servers key by str)', '1', '"1"', String],
    ['two integers that are one double', '9007199254740993', '9007199254740992', Number],
    ['minus zero', '0', '-0', Number],
    [
      'a letter and its two parts (equal in Swift)',
      '"\u00e9"',
      '"e\u0301"',
      (id: unknown) => String(id).normalize('NFC'),
    ],
  ])('%s', async (_name, listId, otherId, key) => {
    for (const format of ['json', 'sse'] as const) {
      const { send } = harness({ authorize: W, upstream: serverThatMixesIds(key, format) });
      const list = send(`{"jsonrpc":"2.0","id":${listId},"method":"tools/list"}`);
      const other = await send(`{"jsonrpc":"2.0","id":${otherId},"method":"ping"}`);
      expect(await other.text()).not.toContain(SECRET);
      expect(await (await list).text()).not.toContain(SECRET);
    }
  });

  it.each([
    ['a body with its length', (text: string) => text],
    ['a stream', (text: string) => new Blob([text]).stream()],
    ['a stream of single bytes', (text: string) => inPieces(text, 1)],
    [
      'a large stream',
      (text: string) =>
        inPieces(text.replace('}]}', `},{"name":"${'x'.repeat(100_000)}"}]}`), 8192),
    ],
  ])('somebody else asked for, without sessions: %s', async (_name, bodyOf) => {
    // Servers that answer everybody by one transport find the request by its id alone.
    const mixing = serverThatMixesIds(same, 'json');
    const upstream = fakeUpstream(async (message, context) => {
      const answer = await mixing.handle(message!, context);
      const text = await new Response(answer.body as BodyInit).text();
      return new Response(text === '' ? null : bodyOf(text), {
        status: answer.status,
        headers: json,
      });
    });
    const { send } = harness({ authorize: W, upstream });
    const list = send('{"jsonrpc":"2.0","id":1,"method":"tools/list"}', {
      headers: { authorization: 'Bearer a' },
    });
    const other = await send('{"jsonrpc":"2.0","id":1,"method":"ping"}', {
      headers: { authorization: 'Bearer b' },
    });
    expect(await other.json()).toMatchObject({ id: 1, error: { code: -32603 } });
    await list;
  });

  it('also after the memory of the session has been flooded', async () => {
    const { send, call } = harness({ authorize: W, upstream: serverThatMixesIds(same, 'json') });
    const list = send('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
    for (let id = 2; id < 1100; id += 1) {
      await send(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`);
    }
    expect(await (await call('ping')).text()).not.toContain(SECRET);
    await list;
  });

  it('also when another replica has asked for the list', async () => {
    const { ownerOf, remember, forget } = createMemorySessionStore();
    const sessions = { ownerOf, remember, forget };
    await remember('S1', { issuer: 'https://idp.test', subject: 'u' });
    const options = { authorize: W, sessions, upstream: serverThatMixesIds(same, 'json') };
    const [one, other] = [harness(options), harness(options)];
    const session = { 'mcp-session-id': 'S1' };
    const list = one.call('tools/list', {}, session);
    // It has to have reached the server.
    await vi.waitFor(() => expect(options.upstream.forwarded).toHaveLength(1));
    expect(await (await other.call('ping', {}, session)).text()).not.toContain(SECRET);
    await list;
  });

  it('although nobody asked for a list', async () => {
    const upstream = fakeUpstream(() => new Response(event(listAnswer(1)), { headers: sse }));
    const { call } = harness({ authorize: W, upstream });
    expect(await (await call('ping')).text()).not.toContain(SECRET);
  });
});

const ask = (message: Pick<McpMessage, 'id'> | undefined): string => message?.id?.text ?? 'null';
const inOneEvent = (data: string): string => `data: ${data}\n\n`;

/** What a server answers to `tools/list` with id 99. */
const BODIES: readonly (readonly [string, BodyInit | null, ResponseInit])[] = [
  // Attempts: key tricks
  [
    'a second list beside the first',
    `{"jsonrpc":"2.0","id":99,"result":{"tools":[],"prompts":[{"name":"${SECRET}"}]}}`,
    { headers: json },
  ],
  [
    'resources beside the tools',
    `{"jsonrpc":"2.0","id":99,"result":{"resources":[{"uri":"${SECRET}"}],"tools":[]}}`,
    { headers: json },
  ],
  // Attempts: encodings
  ['UTF-16 little endian', utf16(JSON.stringify(listAnswer(99))), { headers: json }],
  [
    'UTF-16 as declared',
    utf16(JSON.stringify(listAnswer(99))),
    { headers: { 'content-type': 'application/json; charset=utf-16le' } },
  ],
  [
    'UTF-7 as declared',
    `{"jsonrpc":"2.0","id":99,"result":{+ACI-tools+ACI-:[{"name":"${SECRET}"}]}}`,
    { headers: { 'content-type': 'application/json; charset=utf-7' } },
  ],
  [
    'multipart',
    `--x\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(listAnswer(99))}\r\n--x--`,
    { headers: { 'content-type': 'multipart/mixed; boundary=x' } },
  ],
  // Attempts: status tricks
  ['status 206', JSON.stringify(listAnswer(99)).slice(9), { status: 206, headers: json }],
  ['status 203', JSON.stringify(listAnswer(99)), { status: 203, headers: json }],
  ['status 299', JSON.stringify(listAnswer(99)), { status: 299, headers: json }],
  ['status 400', JSON.stringify(listAnswer(99)), { status: 400, headers: json }],
  ['status 599', JSON.stringify(listAnswer(99)), { status: 599, headers: sse }],
  ['status 304', null, { status: 304 }],
  ['status 204', null, { status: 204 }],
  // Attempts: SSE framing
  [
    'two content types',
    event(listAnswer(99)),
    { headers: { 'content-type': 'text/event-stream, application/json' } },
  ],
  ['no content type', event(listAnswer(99)), {}],
  ['event stream called JSON', event(listAnswer(99)), { headers: json }],
  ['JSON called event stream', JSON.stringify(listAnswer(99)), { headers: sse }],
  // Attempts: key tricks
  [
    'duplicate members',
    `{"jsonrpc":"2.0","id":99,"result":{"tools":[],"tools":[{"name":"${SECRET}"}]}}`,
    { headers: json },
  ],
  [
    'members in another case',
    `{"jsonrpc":"2.0","id":99,"result":{"Tools":[{"name":"${SECRET}"}]}}`,
    { headers: json },
  ],
  [
    'a list in a list',
    `{"jsonrpc":"2.0","id":99,"result":{"tools":[[{"name":"${SECRET}"}]]}}`,
    { headers: json },
  ],
  [
    'an object for a list',
    `{"jsonrpc":"2.0","id":99,"result":{"tools":{"0":{"name":"${SECRET}"},"length":1}}}`,
    { headers: json },
  ],
  [
    'an escaped member',
    `{"jsonrpc":"2.0","id":99,"result":{"\\u0074ools":[{"name":"${SECRET}"}]}}`,
    { headers: json },
  ],
  [
    'a prototype',
    `{"jsonrpc":"2.0","id":99,"result":{"__proto__":{"tools":[{"name":"${SECRET}"}]}}}`,
    { headers: json },
  ],
  // Attempts: encodings
  [
    'JSON lines',
    `${JSON.stringify(listAnswer(99))}\n{}`,
    { headers: { 'content-type': 'application/x-ndjson' } },
  ],
  [
    'a prefix against JSON hijacking',
    `)]}',\n${JSON.stringify(listAnswer(99))}`,
    { headers: json },
  ],
  ['JSON with comments', `/* */${JSON.stringify(listAnswer(99))}`, { headers: json }],
  ['a NUL before it', `\u0000${JSON.stringify(listAnswer(99))}`, { headers: json }],
  ['two byte order marks', `\ufeff\ufeff${JSON.stringify(listAnswer(99))}`, { headers: json }],
  ['no JSON-RPC', JSON.stringify(TOOLS), { headers: json }],
  // Attempts: SSE framing
  [
    'data fields without a colon',
    `data\ndata: ${JSON.stringify(listAnswer(99))}\ndata\n\n`,
    { headers: sse },
  ],
  [
    'after a retry field',
    `retry: 1\rid: 7\rdata: ${JSON.stringify(listAnswer(99))}\r\r`,
    { headers: sse },
  ],
  ['after a comment', `: x\rdata:${JSON.stringify(listAnswer(99))}\r\n\r\n`, { headers: sse }],
  // Attempts: SSE framing
  [
    'after a byte order mark',
    `\ufeff\ufeffdata: ${JSON.stringify(listAnswer(99))}\n\n`,
    { headers: sse },
  ],
  [
    'under an id with a NUL',
    `id: 7\0\ndata: ${JSON.stringify(listAnswer(99))}\n\n`,
    { headers: sse },
  ],
  [
    'after a retry of endless length',
    `retry: ${'9'.repeat(400)}\ndata: ${JSON.stringify(listAnswer(99))}\n\n`,
    { headers: sse },
  ],
  [
    'with a field in capitals',
    `DATA: {}\nData: x\ndata: ${JSON.stringify(listAnswer(99))}\n\n`,
    { headers: sse },
  ],
  [
    'with lines that other readers end elsewhere',
    `: \u2028data: ${JSON.stringify(listAnswer(99))}\u2028\u2028\n\x0bdata: ${JSON.stringify(listAnswer(99))}\x0b\x0b\x85\n\n`,
    { headers: sse },
  ],
  // Attempts: batch
  ['in a batch', inOneEvent(`[${JSON.stringify(listAnswer(99))}]`), { headers: sse }],
  // Attempts: id confusion
  ['an id as text', inOneEvent(JSON.stringify(listAnswer('99'))), { headers: sse }],
  [
    'an id with a fraction',
    inOneEvent(`{"jsonrpc":"2.0","id":99.0,"result":${JSON.stringify(TOOLS)}}`),
    { headers: sse },
  ],
  [
    'an id with an exponent',
    inOneEvent(`{"jsonrpc":"2.0","id":9.9e1,"result":${JSON.stringify(TOOLS)}}`),
    { headers: sse },
  ],
  [
    'beside an error',
    inOneEvent(
      `{"jsonrpc":"2.0","id":99,"error":{"code":1,"message":"x"},"result":${JSON.stringify(TOOLS)}}`,
    ),
    { headers: sse },
  ],
  [
    'beside a method',
    inOneEvent(
      `{"jsonrpc":"2.0","id":99,"method":"notifications/message","result":${JSON.stringify(TOOLS)}}`,
    ),
    { headers: sse },
  ],
  [
    'without an id',
    inOneEvent(`{"jsonrpc":"2.0","result":${JSON.stringify(TOOLS)}}`),
    { headers: sse },
  ],
  [
    'with id null',
    inOneEvent(`{"jsonrpc":"2.0","id":null,"result":${JSON.stringify(TOOLS)}}`),
    { headers: sse },
  ],
  ['for an id of nobody', inOneEvent(JSON.stringify(listAnswer(7))), { headers: sse }],
  // Attempts: lenient readers
  [
    'an escaped result, and a comma too many',
    inOneEvent(`{"jsonrpc":"2.0","id":99,"\\u0072esult":${JSON.stringify(TOOLS)},}`),
    { headers: sse },
  ],
  [
    'an escaped result in single quotes',
    inOneEvent(`{'jsonrpc':'2.0','id':99,'\\x72esult':${JSON.stringify(TOOLS)}}`),
    { headers: sse },
  ],
  [
    'an escaped result behind a comment',
    inOneEvent(`/**/{"jsonrpc":"2.0","id":99,"res\\u0075lt":${JSON.stringify(TOOLS)}}`),
    { headers: sse },
  ],
  [
    'a result with a long s, and a comma too many',
    inOneEvent(`{"jsonrpc":"2.0","id":99,"re\u017fult":${JSON.stringify(TOOLS)},}`),
    { headers: sse },
  ],
  [
    'a result with NULs between',
    inOneEvent(`{"jsonrpc":"2.0","id":99,"res\0ult":${JSON.stringify(TOOLS)}}`),
    { headers: sse },
  ],
  [
    'a result with a soft hyphen within',
    inOneEvent(`{"jsonrpc":"2.0","id":99,"res\u00adult":${JSON.stringify(TOOLS)},}`),
    { headers: sse },
  ],
  [
    'two bytes for each character, as declared',
    inOneEvent([...JSON.stringify(listAnswer(99))].join('\0')),
    { headers: { 'content-type': 'text/event-stream; charset=utf-16le' } },
  ],
  [
    'single quotes and a missing comma',
    inOneEvent(`{'jsonrpc':'2.0' 'id':99 'result':${JSON.stringify(TOOLS)}}`),
    { headers: sse },
  ],
];

describe('a list in disguise', () => {
  it.each(BODIES)('%s', async (_name, body, init) => {
    const upstream = fakeUpstream(() => new Response(body, init));
    const { send, errors } = harness({ authorize: W, upstream });
    const response = await send('{"jsonrpc":"2.0","id":99,"method":"tools/list"}');
    const bytes = new Uint8Array(await response.arrayBuffer());
    // Read as a client would, and as one would that follows the declared charset.
    expect(new TextDecoder().decode(bytes)).not.toContain(SECRET);
    expect(new TextDecoder('utf-16le').decode(bytes)).not.toContain(SECRET);
    // Withheld in good order, not by falling over.
    expect(errors.filter((error) => error instanceof TypeError)).toEqual([]);
  });
});

function utf16(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...text].flatMap((char) => [char.charCodeAt(0), 0]));
}

describe('events that are no messages of the protocol', () => {
  it('never tell a client of the old transport where to send its token', async () => {
    const upstream = fakeUpstream(
      () => new Response('event: endpoint\ndata: https://evil.example/steal\n\n', { headers: sse }),
    );
    const { send, call } = harness({ upstream });
    expect(await (await send('', { method: 'GET' })).text()).not.toContain('evil');
    expect(await (await call('ping')).text()).not.toContain('evil');
  });
});

describe('headers of the answer', () => {
  it.each([
    ['x-hono-already-sent', 'true'],
    ['set-cookie', 'session=1'],
    ['www-authenticate', 'Bearer resource_metadata="https://evil.example"'],
    ['access-control-allow-origin', '*'],
    ['access-control-allow-credentials', 'true'],
    ['clear-site-data', '"*"'],
    ['refresh', '0; url=https://evil.example'],
    ['report-to', '{"endpoints":[{"url":"https://evil.example"}]}'],
    ['nel', '{"report_to":"x"}'],
    ['alt-svc', 'h3="evil.example:443"'],
    ['strict-transport-security', 'max-age=1'],
    ['service-worker-allowed', '/'],
    ['x-accel-redirect', '/internal/secret'],
    ['x-sendfile', '/etc/passwd'],
    ['x-lighttpd-send-file', '/etc/passwd'],
    ['x-litespeed-location', '/internal/secret'],
    ['x-reproxy-url', 'http://169.254.169.254/'],
    ['x-reproxy-file', '/etc/passwd'],
    ['transfer-encoding', 'chunked'],
    ['connection', 'keep-alive'],
  ])('%s stays behind', async (name, value) => {
    const { returnedResponseHeaders } = await import('../../src/upstream/headers.ts');
    expect(returnedResponseHeaders(new Headers({ [name]: value })).has(name)).toBe(false);
  });
});

it('a question of the server with an endless id is not remembered', async () => {
  const id = JSON.stringify('x'.repeat(100_000));
  const upstream = fakeUpstream((message) =>
    message?.method === 'ping'
      ? new Response(`data: {"jsonrpc":"2.0","id":${id},"method":"roots/list"}\n\n`, {
          headers: sse,
        })
      : jsonResult(ask(message), {}),
  );
  const { call, send } = harness({ upstream });
  await (await call('ping')).text();
  expect((await send(`{"jsonrpc":"2.0","id":${id},"result":{}}`)).status).toBe(400);
});
