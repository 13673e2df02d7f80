/** Ways to get a forbidden call past the gate with a valid token of low privilege. */

import { describe, expect, it } from 'vitest';
import { ALL, engine, fakeUpstream, harness, jsonResult, W } from '../support/fakes.ts';

const V26 = '2026-07-28';
const META = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}';
const modern = (method: string, name?: string): Record<string, string> => ({
  'mcp-protocol-version': V26,
  'mcp-method': method,
  ...(name !== undefined && { 'mcp-name': name }),
});
const rm = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"rm"}}';
const call = (params: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
const read = (uri: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"${uri}"}}`;
const complete = (ref: string, more = ''): string =>
  `{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":${ref},"argument":{"name":"x","value":""}${more}}}`;
const listen = (params: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":${params}}`;
const utf16 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([0xff, 0xfe, ...[...text].flatMap((char) => [char.charCodeAt(0), 0])]);
const base64 = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`;
const bytes = (...parts: (string | number[])[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === 'string' ? [...new TextEncoder().encode(part)] : part,
    ),
  );

/** None of these may reach a server whose only permitted tool is `weather`. */
const ATTEMPTS: readonly (readonly [string, BodyInit, Record<string, string>?])[] = [
  // Attempts: key tricks
  ['a name with a NUL', call('{"name":"weather\\u0000"}')],
  ['a name with a blank', call('{"name":"weather "}')],
  ['a name with a byte order mark', call('{"name":"\\ufeffweather"}')],
  ['a name in fullwidth letters', call('{"name":"\uff57eather"}')],
  ['a name with a soft hyphen', call('{"name":"wea\u00adther"}')],
  ['a name as an object that prints well', call('{"name":{"toString":"weather"}}')],
  ['a name in a list', call('{"name":["weather"]}')],
  ['an empty name', call('{"name":""}')],
  ['a name only in the prototype', call('{"__proto__":{"name":"weather"}}')],
  ['a name only in _meta', call('{"_meta":{"name":"weather"}}')],
  ['a name in two cases, Kelvin', call('{"name":"weather","\u212aame":"rm","Name":"rm"}')],
  [
    'params in two cases',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather"},"PARAMS":{"name":"rm"}}',
  ],
  [
    'params with a long s',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather"},"param\u017f":{"name":"rm"}}',
  ],
  [
    'params with an escaped long s',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather"},"param\\u017f":{"name":"rm"}}',
  ],
  ['an escaped second key', call('{"name":"weather","\\u006eame":"rm"}')],
  ['an unpaired surrogate in a key', call('{"name":"weather","\\ud800":1}')],
  ['an unpaired surrogate in the name', call('{"name":"weather\\udfff"}')],
  // Attempts: verb tricks
  [
    'a method in two cases',
    '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","params":{"name":"rm"}}',
  ],
  [
    'a method twice, escaped',
    '{"jsonrpc":"2.0","id":1,"method":"ping","\\u006dethod":"tools/call","params":{"name":"rm"}}',
  ],
  [
    'a method named toString',
    '{"jsonrpc":"2.0","id":1,"method":"toString","params":{"name":"rm"}}',
  ],
  ['a method named hasOwnProperty', '{"jsonrpc":"2.0","id":1,"method":"hasOwnProperty"}'],
  [
    'a method with a slash too many',
    '{"jsonrpc":"2.0","id":1,"method":"tools//call","params":{"name":"rm"}}',
  ],
  [
    'a method with a leading slash',
    '{"jsonrpc":"2.0","id":1,"method":"/tools/call","params":{"name":"rm"}}',
  ],
  ['a method with a NUL', '{"jsonrpc":"2.0","id":1,"method":"ping\\u0000","params":{"name":"rm"}}'],
  [
    'a notification nobody defined',
    '{"jsonrpc":"2.0","method":"notifications/../tools/call","params":{"name":"rm"}}',
  ],
  ['notifications alone', '{"jsonrpc":"2.0","method":"notifications/","params":{"name":"rm"}}'],
  ['a call without an id', '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"rm"}}'],
  [
    'a call with a result',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"rm"},"result":{}}',
  ],
  [
    'a call with an error',
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"name":"rm"},"error":null}',
  ],
  ['a response with a method that is null', '{"jsonrpc":"2.0","id":1,"method":null,"result":{}}'],
  // Attempts: batch
  ['two values', `{"jsonrpc":"2.0","id":1,"method":"ping"}${rm}`],
  ['two lines', `{"jsonrpc":"2.0","id":1,"method":"ping"}\n${rm}`],
  ['a record separator', `\u001e{"jsonrpc":"2.0","id":1,"method":"ping"}\u001e${rm}`],
  ['a batch of one', `[{"jsonrpc":"2.0","id":1,"method":"ping"}]`],
  ['a batch in a string', JSON.stringify(rm)],
  // Attempts: encodings
  ['UTF-16 with its mark', utf16(rm)],
  ['UTF-16 without its mark', utf16(rm).subarray(2)],
  ['UTF-32', bytes([0xff, 0xfe, 0, 0])],
  ['an overlong quote', bytes('{"jsonrpc":"2.0","id":1,"method":"ping","x":"', [0xc0, 0xa2], '"}')],
  [
    'a surrogate in UTF-8',
    bytes('{"jsonrpc":"2.0","id":1,"method":"ping","x":"', [0xed, 0xa0, 0x80], '"}'),
  ],
  ['a cut character', bytes('{"jsonrpc":"2.0","id":1,"method":"ping","x":"', [0xe2, 0x82], '"}')],
  ['a no-break space before it', `\u00a0${rm}`],
  ['a vertical tab before it', `\v{"jsonrpc":"2.0","id":1,"method":"ping"}`],
  ['a NUL after it', `{"jsonrpc":"2.0","id":1,"method":"ping"}\0`],
  ['a comment', `{"jsonrpc":"2.0","id":1,/*"*/"method":"ping"}`],
  ['single quotes', `{'jsonrpc':'2.0','id':1,'method':'ping'}`],
  ['NaN', '{"jsonrpc":"2.0","id":1,"method":"ping","x":NaN}'],
  ['a trailing comma', '{"jsonrpc":"2.0","id":1,"method":"ping",}'],
  // Attempts: id confusion
  ['a hexadecimal id', '{"jsonrpc":"2.0","id":0x1,"method":"ping"}'],
  ['an exponent for an id', '{"jsonrpc":"2.0","id":1e3,"method":"ping"}'],
  ['a fraction for an id', '{"jsonrpc":"2.0","id":1.0,"method":"ping"}'],
  ['an id that is a list', '{"jsonrpc":"2.0","id":[1],"method":"ping"}'],
  ['an id of endless length', `{"jsonrpc":"2.0","id":"${'x'.repeat(5000)}","method":"ping"}`],
  ['an id of endless digits', `{"jsonrpc":"2.0","id":${'9'.repeat(5000)},"method":"ping"}`],
  // Attempts: framing in headers
  ['a body that is coded for transfer', rm, { 'transfer-encoding': 'gzip, chunked' }],
  [
    'a body that may be coded for transfer',
    '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    { 'transfer-encoding': 'gzip, chunked' },
  ],
  [
    'a transfer coding that nobody knows',
    '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    { 'transfer-encoding': 'xchunked' },
  ],
  // Attempts: encodings
  [
    'nesting without end',
    `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${'['.repeat(200_000)}`,
  ],
  [
    'nesting with an end',
    `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}}`,
  ],
  // Attempts: encodings
  ['form data', rm, { 'content-type': 'application/x-www-form-urlencoded' }],
  ['text, as a page may send it', rm, { 'content-type': 'text/plain;application/json' }],
  ['JSON with a second type', rm, { 'content-type': 'application/json, text/plain' }],
  // Attempts: compression
  ['gzip that is none', rm, { 'content-encoding': 'gzip' }],
  ['identity and gzip', rm, { 'content-encoding': 'identity, gzip' }],
  // Attempts: key tricks
  [
    'a subscription in another case',
    listen(
      '{"notifications":{"resourceSubscriptions":[]},"Notifications":{"resourceSubscriptions":["secret"]}}',
    ),
  ],
  [
    'a subscription with a long s',
    listen('{"notifications":{},"notification\u017f":{"resourceSubscriptions":["secret"]}}'),
  ],
  ['a subscription to tasks', listen('{"notifications":{"taskIds":["t"]}}')],
  ['a subscription to a number', listen('{"notifications":{"resourceSubscriptions":[1]}}')],
  [
    'a subscription in a prototype',
    listen('{"notifications":{"__proto__":{"resourceSubscriptions":["secret"]}}}'),
  ],
  ['a second subscription', listen('{"notifications":{"resourceSubscriptions":["ok","secret"]}}')],
  [
    'a reference in another case',
    '{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"x"},"Ref":{"type":"ref/resource","uri":"secret"}}}',
  ],
  [
    'a reference of another type',
    '{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/tool","name":"weather"}}}',
  ],
  // Attempts: completions
  ['a completion around what is permitted', complete('{"type":"ref/resource","uri":"ok{/path*}"}')],
  ['a completion of what it expands to', complete('{"type":"ref/resource","uri":"{+x}"}')],
  [
    'a completion whose context says otherwise',
    complete('{"type":"ref/resource","uri":"secret"}', ',"context":{"arguments":{"uri":"ok"}}'),
  ],
  ['a completion of two things', complete('{"type":"ref/prompt","name":"ok","uri":"secret"}')],
  ['a completion of a type in another case', complete('{"type":"Ref/Prompt","name":"ok"}')],
  ['a completion of a list of things', complete('[{"type":"ref/prompt","name":"ok"}]')],
  ['a completion of a name that is none', complete('{"type":"ref/prompt","name":["ok"]}')],
  [
    'a completion that names its target beside the reference',
    complete('{"type":"ref/resource"}', ',"uri":"ok"'),
  ],
  // Attempts: URI tricks
  ['a resource that is above it', read('ok/../secret')],
  ['a resource with a fragment', read('ok#x')],
  ['a resource with a query', read('ok?x')],
  ['a resource in capitals', read('OK')],
  ['a resource with a coded NUL', read('ok%00')],
  ['a resource with a coded blank', read('ok%20')],
  ['a resource with a coded letter', read('%6fk')],
  ['a resource with a slash behind it', read('ok/')],
  ['a resource with a blank before it', read(' ok')],
  ['a resource with a NUL', read('ok\\u0000')],
  // Attempts: two eras at once
  [
    'modern headers, a body of no version',
    call('{"name":"weather"}'),
    modern('tools/call', 'weather'),
  ],
  ['a modern body, headers of no version', call(`{"name":"weather",${META}}`)],
  [
    'a modern body, a header of the other era',
    call(`{"name":"weather",${META}}`),
    { ...modern('tools/call', 'weather'), 'mcp-protocol-version': '2025-11-25' },
  ],
  [
    'two versions in the header',
    call(`{"name":"weather",${META}}`),
    { ...modern('tools/call', 'weather'), 'mcp-protocol-version': `${V26}, 2025-11-25` },
  ],
  ['two names in the header', call(`{"name":"rm",${META}}`), modern('tools/call', 'weather, rm')],
  ['another name in the header', call(`{"name":"rm",${META}}`), modern('tools/call', 'weather')],
  ['another method in the header', call(`{"name":"rm",${META}}`), modern('ping', 'rm')],
  [
    'a method in another case in the header',
    call(`{"name":"rm",${META}}`),
    modern('Tools/Call', 'rm'),
  ],
  [
    'a version that is a list',
    call('{"name":"rm","_meta":{"io.modelcontextprotocol/protocolVersion":["2026-07-28"]}}'),
  ],
  [
    'a name in UTF-8 that a header says otherwise',
    call(`{"name":"caf\u00c3\u00a9",${META}}`),
    modern('tools/call', 'caf\u00c3\u00a9'),
  ],
  [
    'a name in raw Latin-1',
    call(`{"name":"caf\u00e9",${META}}`),
    modern('tools/call', 'caf\u00e9'),
  ],
  [
    'a name of another normalisation in the header',
    call(`{"name":"caf\u00e9",${META}}`),
    modern('tools/call', base64('cafe\u0301')),
  ],
  [
    'a name with a byte order mark in the header',
    call(`{"name":"ok",${META}}`),
    modern('tools/call', base64('\ufeffok')),
  ],
  [
    'a name coded twice in the header',
    call(`{"name":"ok",${META}}`),
    modern('tools/call', base64(base64('ok'))),
  ],
  [
    'a name coded in another case in the header',
    call(`{"name":"ok",${META}}`),
    modern('tools/call', base64('ok').replace('base64', 'BASE64')),
  ],
  [
    'a name coded with other letters in the header',
    call(`{"name":"ok?>",${META}}`),
    modern('tools/call', '=?base64?b2s_Pg==?='),
  ],
  [
    'a name coded as what it is not in the header',
    call(`{"name":"ok",${META}}`),
    modern('tools/call', base64('rm')),
  ],
  [
    'a coded method in the header',
    call(`{"name":"ok",${META}}`),
    modern(base64('tools/call'), 'ok'),
  ],
  [
    'a name in the header of a list',
    `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{${META}}}`,
    modern('tools/list', 'rm'),
  ],
  [
    'a version in another case in the body',
    call(`{"name":"ok",${META.replace('protocolVersion', 'ProtocolVersion')}}`),
    modern('tools/call', 'ok'),
  ],
  ['_meta in another case', call(`{"name":"ok","_Meta":{},${META}}`), modern('tools/call', 'ok')],
  [
    'another URI in the header of a subscription',
    `{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"ok",${META}}}`,
    modern('resources/subscribe', 'secret'),
  ],
  [
    'initialize in the modern era, with a list',
    '{"jsonrpc":"2.0","id":1,"method":"Initialize"}',
    modern('initialize'),
  ],
];

/** Permits the tool `weather`, and what is called `ok`. */
const narrow = engine((r) =>
  ['weather', 'ok', 'ok?>', 'caf\u00e9', 'caf\u00c3\u00a9'].includes(r.target),
);

describe('a forbidden call', () => {
  it.each(ATTEMPTS.map(([name, body, headers]) => [name, body, headers ?? {}] as const))(
    '%s',
    async (_name, body, headers) => {
      const { send, upstream } = harness({ authorize: narrow });
      const response = await send(body, { headers });
      expect([400, 403, 404, 415]).toContain(response.status);
      expect(upstream.forwarded).toEqual([]);
      // Callers learn fixed texts: nothing of the message comes back but its id.
      expect(await response.text()).not.toMatch(/rm"|secret|SyntaxError|Unexpected/);
    },
  );
});

describe('headers that would change the request behind the proxy', () => {
  it.each([
    // Attempts: smuggling by headers
    ['x-http-method-override', 'DELETE'],
    ['x-http-method', 'PUT'],
    ['x-method-override', 'GET'],
    ['x-original-url', '/admin'],
    ['x-rewrite-url', '/admin'],
    ['x-forwarded-for', '127.0.0.1'],
    ['x-forwarded-host', 'evil.example'],
    ['x-forwarded-proto', 'https'],
    ['x-real-ip', '127.0.0.1'],
    ['forwarded', 'for=127.0.0.1'],
    ['proxy-authorization', 'Basic x'],
    ['proxy-foo', 'x'],
    ['cookie', 'session=1'],
    ['origin', 'http://localhost:8080'],
    ['expect', '100-continue'],
    ['te', 'trailers'],
    ['upgrade', 'h2c'],
    ['http2-settings', 'AAMAAABkAAQAAP__'],
    ['keep-alive', 'timeout=5'],
    ['mcp-session-id', ''],
    ['mcp-method', 'tools/call'],
    ['mcp-name', 'rm'],
    ['mcp-param-path', '/etc/passwd'],
    // Servers that know headers as variables take these for what they look like.
    ['mcp_session_id', 'S1'],
    ['mcp.session.id', 'S1'],
    ['mcp_protocol_version', '2026-07-28'],
    ['mcp_name', 'rm'],
    ['x_http_method_override', 'DELETE'],
    ['x_forwarded_for', '127.0.0.1'],
    ['x_forwarded-host', 'evil.example'],
    ['x_original_url', '/admin'],
    ['proxy_authorization', 'Basic x'],
    ['content_length', '0'],
    ['transfer_encoding', 'chunked'],
    ['content_type', 'text/plain'],
    ['remote!user', 'root'],
  ])('%s does not get there', async (name, value) => {
    const { call: ask, upstream } = harness({ authorize: ALL });
    await ask('ping', {}, { [name]: value });
    for (const { context } of upstream.forwarded) expect(context.headers.has(name)).toBe(false);
  });

  it('are not hidden by naming others in Connection', async () => {
    const { call: ask, upstream } = harness({ authorize: ALL });
    await ask(
      'ping',
      {},
      { connection: 'keep-alive, x-a , X-B', 'x-a': '1', 'x-b': '1', 'x-c': '1' },
    );
    const { headers } = upstream.forwarded[0]!.context;
    expect(['x-a', 'x-b', 'x-c', 'connection'].map((n) => headers.has(n))).toEqual([
      ...[false, false, true, false],
    ]);
  });

  it.each([
    // Attempts: smuggling by headers
    ['mcp-session-id', 'S1'],
    ['mcp-protocol-version', '2025-06-18'],
    ['MCP-Protocol-Version', '2025-06-18'],
    ['content-type', 'application/json'],
    ['accept-encoding', 'identity'],
  ])('that were judged stay, although Connection names %s', async (name, value) => {
    const upstream = fakeUpstream((message) =>
      jsonResult(message?.id?.text ?? '1', {}, { headers: { 'mcp-session-id': 'S1' } }),
    );
    const { call: ask } = harness({ authorize: ALL, upstream });
    await ask('initialize', {});
    const headers = { 'mcp-session-id': 'S1', connection: `close, ${name}`, [name]: value };
    expect((await ask('ping', {}, headers)).status).toBe(200);
    const { context } = upstream.forwarded[1]!;
    // The type is set when the message is sent.
    if (name !== 'content-type') expect(context.headers.get(name)).toBe(value);
    expect(context.sessionId).toBe('S1');
  });

  it('of parameters have the names that the tools give them', async () => {
    const { send, upstream } = harness({ authorize: ALL });
    const headers = { ...modern('tools/call', 'ok'), 'mcp-param-user_id': '7' };
    await send(call(`{"name":"ok",${META}}`), { headers });
    expect(upstream.forwarded[0]?.context.headers.get('mcp-param-user_id')).toBe('7');
  });

  it('name nothing that was not compared in the modern era', async () => {
    const { send, upstream } = harness({ authorize: ALL });
    const body = `{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"a",${META}}}`;
    await send(body, { headers: modern('resources/subscribe', 'a') });
    expect(upstream.forwarded[0]?.context.headers.get('mcp-name') ?? 'a').toBe('a');
  });
});

describe('sessions', () => {
  const begun = async () => {
    const upstream = fakeUpstream((message) =>
      jsonResult(message?.id?.text ?? '1', {}, { headers: { 'mcp-session-id': 'S1' } }),
    );
    const h = harness({ upstream, authorize: W });
    await h.call('initialize', {}, { authorization: 'Bearer ada' });
    return { ...h, seen: () => upstream.forwarded.slice(1) };
  };
  const eve = { authorization: 'Bearer eve', 'mcp-session-id': 'S1' };
  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

  it.each([
    // Attempts: session swapping
    ['a modern request', { ...eve, ...modern('ping') }, ping.replace('}', `,"params":{${META}}}`)],
    ['initialize', eve, '{"jsonrpc":"2.0","id":1,"method":"initialize"}'],
  ])('of somebody else are not used by %s', async (_name, headers, body) => {
    const { send, seen } = await begun();
    const response = await send(body, { headers });
    expect(seen().every(({ context }) => context.sessionId === undefined)).toBe(true);
    expect(seen().every(({ context }) => !context.headers.has('mcp-session-id'))).toBe(true);
    expect(response.headers.has('mcp-session-id')).toBe(false);
  });

  it.each([
    // Attempts: session swapping
    [
      'a notification',
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}',
    ],
    ['a response', '{"jsonrpc":"2.0","id":0,"result":{}}'],
    ['a call', rm],
  ])('of somebody else are not reached by %s', async (_name, body) => {
    const { send, seen } = await begun();
    expect((await send(body, { headers: eve })).status).toBe(404);
    expect(seen()).toEqual([]);
  });

  it.each(['S1, S1', 'S1;', 'S1\u007f', `${'x'.repeat(1025)}`, '\tS1\t,', 'S1%00', 's1'])(
    'named %j are not S1',
    async (session) => {
      const { send, seen } = await begun();
      const response = await send(ping, { headers: { ...eve, 'mcp-session-id': session } });
      expect([400, 404]).toContain(response.status);
      expect(seen()).toEqual([]);
    },
  );

  it('that two callers begin at once under one id do not mix', async () => {
    let answer: () => void = () => undefined;
    const wait = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const upstream = fakeUpstream(async (message) => {
      await wait;
      return jsonResult(message?.id?.text ?? '1', {}, { headers: { 'mcp-session-id': 'S1' } });
    });
    const { call: ask } = harness({ upstream });
    const users = ['ada', 'eve'].map((user) => ({ authorization: `Bearer ${user}` }));
    const both = users.map((headers) => ask('initialize', {}, headers));
    answer();
    const named = (await Promise.all(both)).map((r) => r.headers.get('mcp-session-id'));
    const allowed = await Promise.all(
      users.map(async (u) => (await ask('ping', {}, { ...u, 'mcp-session-id': 'S1' })).status),
    );
    // Whoever was told of the session owns it, and only one was.
    expect(named.filter((name) => name !== null)).toHaveLength(1);
    expect(allowed.toSorted()).toEqual([200, 404]);
  });
});

describe('answers to questions of the server', () => {
  const sse = { 'content-type': 'text/event-stream' };
  const asks = (id: string) =>
    fakeUpstream((message) =>
      message?.kind === 'request'
        ? new Response(`data: {"jsonrpc":"2.0","id":${id},"method":"roots/list"}\n\n`, {
            headers: sse,
          })
        : new Response(null, { status: 202 }),
    );
  it.each([
    // Attempts: id confusion
    ['a number for text', '"1"', '1'],
    ['text for a number', '1', '"1"'],
    ['another case', '"a"', '"A"'],
    ['the neighbour of a large integer', '9007199254740993', '9007199254740992'],
    ['minus zero', '0', '-0'],
  ])('with an id that is not the question’s: %s', async (_name, asked, given) => {
    const upstream = asks(asked);
    const { call: ask, send } = harness({ upstream });
    await (await ask('ping')).text();
    expect((await send(`{"jsonrpc":"2.0","id":${given},"result":{}}`)).status).toBe(400);
    expect(upstream.forwarded).toHaveLength(1);
  });

  it('of another caller', async () => {
    const upstream = asks('7');
    const { call: ask, send } = harness({ upstream });
    await (await ask('ping')).text();
    const eve = { authorization: 'Bearer eve' };
    const answer = '{"jsonrpc":"2.0","id":7,"result":{}}';
    expect((await send(answer, { headers: eve })).status).toBe(400);
    expect((await send(answer)).status).toBe(202);
  });

  it('twice at once', async () => {
    const upstream = asks('7');
    const { call: ask, send } = harness({ upstream });
    await (await ask('ping')).text();
    const answer = '{"jsonrpc":"2.0","id":7,"result":{}}';
    const both = await Promise.all([send(answer), send(answer)]);
    expect(both.map((r) => r.status).toSorted()).toEqual([202, 400]);
  });
});
