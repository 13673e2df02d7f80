/** The static choice of tools: what callers see, what the server gets, what policies judge. */

import { describe, expect, it } from 'vitest';
import type { PolicyRequest, ToolOptions } from '../src/index.ts';
import { assertToolOptions } from '../src/index.ts';
import { ALL, engine, fakeUpstream, harness, W } from './support/fakes.ts';

const json = { 'content-type': 'application/json' };
const sse = { 'content-type': 'text/event-stream' };
const RENAMED: ToolOptions = {
  override: { Foo: { name: 'my_foo', description: 'Does "foo".' }, Bar: { description: 'B.' } },
};

const call = (name: string, rest = ''): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":${JSON.stringify(name)}${rest}}}`;
const UNKNOWN = '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Unknown tool"}}';

const listOf = (...tools: string[]): string =>
  `{"jsonrpc":"2.0","id":1,"result":{"tools":[${tools.join(',')}]}}`;
const named = (...names: string[]): string =>
  listOf(...names.map((name) => `{"name":${JSON.stringify(name)}}`));

function lists(body: string, tools: ToolOptions, authorize = ALL, headers: object = json) {
  const upstream = fakeUpstream(
    () => new Response(body, { headers: headers as Record<string, string> }),
  );
  const h = harness({ upstream, tools, authorize });
  return { ...h, list: async () => (await h.call('tools/list')).text() };
}

describe('a call', () => {
  it('by the shown name reaches the server by its own, every other byte as it was', async () => {
    const { send, upstream } = harness({ tools: RENAMED });
    const body =
      ' {"jsonrpc" :"2.0", "id":90071992547409931234,\t"method":"tools/call","params":{"arguments":{"name":"my_foo","n":1.50,"big":123456789012345678901} , "name" : "my_\\u0066oo","_meta":{"name":"my_foo"}}}\n';
    expect((await send(body)).status).toBe(200);
    const [forwarded] = upstream.forwarded;
    const wanted = body.replace('"my_\\u0066oo"', '"Foo"');
    expect(new TextDecoder().decode(forwarded?.message?.raw)).toBe(wanted);
    expect(forwarded?.message?.text).toBe(wanted);
    expect(forwarded?.message?.id?.text).toBe('90071992547409931234');
    expect(forwarded?.message?.params?.['name']).toBe('Foo');
  });

  it('of a tool that keeps its name is forwarded as it came', async () => {
    const { send, upstream } = harness({ tools: RENAMED });
    await send(call('Bar'));
    expect(new TextDecoder().decode(upstream.forwarded[0]?.message?.raw)).toBe(call('Bar'));
  });

  it('is judged by the name of the server, with its arguments', async () => {
    const asked: Partial<PolicyRequest>[] = [];
    const authorize = engine((request) => asked.push(request) > 0);
    const { send } = harness({ tools: RENAMED, authorize });
    await send(call('my_foo', ',"arguments":{"a":1}'));
    expect(asked).toMatchObject([{ action: 'call_tool', target: 'Foo', arguments: { a: 1 } }]);
  });

  it('is judged by the hints of the server’s tool', async () => {
    const tools = '[{"name":"Foo","annotations":{"readOnlyHint":true}},{"name":"my_foo"}]';
    const upstream = fakeUpstream(
      (message) =>
        new Response(
          `{"jsonrpc":"2.0","id":${message?.id?.text},"result":{"tools":${tools},"content":[]}}`,
          { headers: json },
        ),
    );
    const asked: Partial<PolicyRequest>[] = [];
    const authorize = engine((request) => asked.push(request) > 0, true);
    await harness({ upstream, tools: RENAMED, authorize }).send(call('my_foo'));
    expect(asked[0]).toMatchObject({ target: 'Foo', hints: { readOnlyHint: true } });
  });

  it('is denied with 403 where a policy denies the server’s tool', async () => {
    const { send, upstream, reports } = harness({ tools: RENAMED, authorize: W });
    expect((await send(call('my_foo'))).status).toBe(403);
    expect(upstream.forwarded).toHaveLength(0);
    expect(reports[0]).toMatchObject({ target: 'Foo', shownTarget: 'my_foo', reason: 'policy' });
  });

  it('is reported under both names', async () => {
    const { send, reports } = harness({ tools: RENAMED });
    await send(call('my_foo'));
    await send(call('Bar'));
    expect(reports).toMatchObject([
      { outcome: 'success', target: 'Foo', shownTarget: 'my_foo' },
      { outcome: 'success', target: 'Bar', shownTarget: undefined },
    ]);
  });

  it.each<[string, ToolOptions]>([
    ['the server’s name of a renamed tool', RENAMED],
    ['a tool that is not chosen', { only: ['Bar'] }],
    ['a renamed tool that is not chosen', { ...RENAMED, only: ['Bar'] }],
  ])('by %s is answered as by a server that has no such tool', async (_, tools) => {
    const { send, upstream, reports } = harness({ tools });
    const response = await send(call('Foo'));
    expect([response.status, await response.text()]).toEqual([200, UNKNOWN]);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(upstream.forwarded).toHaveLength(0);
    expect(reports[0]).toMatchObject({ outcome: 'denied', reason: 'tool-unknown', target: 'Foo' });
  });

  it('without an id is accepted and goes nowhere', async () => {
    const { send, upstream } = harness({ tools: { only: ['Bar'] } });
    const response = await send('{"jsonrpc":"2.0","method":"tools/call","params":{"name":"Foo"}}');
    expect([response.status, await response.text()]).toEqual([202, '']);
    expect(upstream.forwarded).toHaveLength(0);
  });

  it('by names that were swapped reaches the other one', async () => {
    const tools = { override: { a: { name: 'b' }, b: { name: 'a' } } };
    const { send, upstream } = harness({ tools });
    await send(call('a'));
    await send(call('b'));
    expect(upstream.forwarded.map(({ message }) => message?.params?.['name'])).toEqual(['b', 'a']);
  });

  it('of a prompt that is named like a tool is not touched', async () => {
    const { call: ask, upstream } = harness({ tools: { ...RENAMED, only: ['my_foo'] } });
    await ask('prompts/get', { name: 'my_foo' });
    await ask('completion/complete', { ref: { type: 'ref/prompt', name: 'Foo' }, argument: {} });
    expect(upstream.forwarded.map(({ message }) => message?.text)).toEqual([
      expect.stringContaining('"name":"my_foo"'),
      expect.stringContaining('"name":"Foo"'),
    ]);
  });
});

describe('a call of 2026-07-28', () => {
  const META = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}';
  const headers = (name: string) => ({
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': name,
  });

  it.each([
    ['Foo', 'Foo'],
    ['Grüße', '=?base64?R3LDvMOfZQ==?='],
    ['=?base64?Rm9v?=', '=?base64?PT9iYXNlNjQ/Um05dj89?='],
    ['a b', 'a b'],
  ])('names the tool %s in the header too', async (real, mirrored) => {
    const { send, upstream } = harness({ tools: { override: { [real]: { name: 'my_foo' } } } });
    const response = await send(call('my_foo', `,${META}`), { headers: headers('my_foo') });
    expect(response.status).toBe(200);
    const [forwarded] = upstream.forwarded;
    expect(forwarded?.message?.params?.['name']).toBe(real);
    expect(forwarded?.context.headers.get('mcp-name')).toBe(mirrored);
  });

  it('has its header held against the name of the caller', async () => {
    const { send, upstream } = harness({ tools: RENAMED });
    const response = await send(call('my_foo', `,${META}`), { headers: headers('Foo') });
    expect(response.status).toBe(400);
    expect((await response.json()).error.code).toBe(-32020);
    expect(upstream.forwarded).toHaveLength(0);
  });

  it('of a hidden tool gets the same answer as in 2025', async () => {
    const { send } = harness({ tools: RENAMED });
    const response = await send(call('Foo', `,${META}`), { headers: headers('Foo') });
    expect([response.status, await response.text()]).toEqual([200, UNKNOWN]);
  });
});

describe('a list', () => {
  it('shows names and descriptions, every other byte as it was', async () => {
    const { list } = lists(
      listOf(
        '{ "name" : "Foo" , "x":12345678901234567890, "description" : "old" }',
        '{"annotations":{"name":"Foo"},"description":null,"name":"Foo"}',
        '{"name":"Bar", "inputSchema":{"description":"Foo"} }',
        '{"name":"other","description":"Foo"}',
      ).replace('"tools":', '"nextCursor":"c","cacheScope":"public", "tools": '),
      RENAMED,
      'anything-authenticated' as never,
    );
    expect(await list()).toBe(
      listOf(
        '{ "name" : "my_foo" , "x":12345678901234567890, "description" : "Does \\"foo\\"." }',
        '{"annotations":{"name":"Foo"},"description":"Does \\"foo\\".","name":"my_foo"}',
        '{"name":"Bar", "inputSchema":{"description":"Foo"} ,"description":"B."}',
        '{"name":"other","description":"Foo"}',
      ).replace('"tools":', '"nextCursor":"c","cacheScope":"public", "tools": '),
    );
  });

  it('shows only the chosen ones, by the names that callers see', async () => {
    const { list } = lists(named('Foo', 'Bar', 'other'), { ...RENAMED, only: ['my_foo', 'other'] });
    expect(await list()).toBe(
      listOf('{"name":"my_foo","description":"Does \\"foo\\"."}', '{"name":"other"}'),
    );
  });

  it('is filtered by policy before, by the names of the server', async () => {
    const authorize = engine(({ target }) => target === 'Foo');
    const tools = { override: { Foo: { name: 'Bar' }, Bar: { name: 'Foo' } } };
    const { list } = lists(named('Foo', 'Bar'), tools, authorize);
    expect(await list()).toBe(named('Bar'));
  });

  it('is not shared between callers where a policy has cut it', async () => {
    const body = named('Foo', 'x').replace('"tools"', '"cacheScope":"public","tools"');
    const { list } = lists(body, { only: ['Foo'] });
    expect(await list()).toBe(named('Foo').replace('"tools"', '"cacheScope":"private","tools"'));
  });

  it.each([
    ['an event stream', `event: message\rdata: ${named('Foo', 'Bar')}\r\r`],
    [
      'several data lines',
      `data: {"jsonrpc":"2.0","id":1,\ndata: "result":{"tools":[{"name":"Foo"},{"name":"Bar"}]}}\n\n`,
    ],
  ])('is rewritten in %s', async (_, body) => {
    const { list } = lists(body, { override: { Foo: { name: 'x' } }, only: ['x'] }, ALL, sse);
    const data = (await list()).split('\n').flatMap((line) => line.match(/^data: (.*)/)?.[1] ?? []);
    expect(JSON.parse(data.join('\n')).result).toEqual({ tools: [{ name: 'x' }] });
  });

  it('is rewritten on a GET stream that resumes', async () => {
    const upstream = fakeUpstream((message) =>
      message === undefined
        ? new Response(`id: 1\ndata: ${named('Foo', 'Bar')}\n\n`, { headers: sse })
        : new Response(': nothing yet\n\n', { headers: sse }),
    );
    const h = harness({ upstream, tools: { only: ['Bar'] } });
    await (await h.call('tools/list')).text();
    const headers = { accept: 'text/event-stream', 'last-event-id': '0' };
    const response = await h.send('', { method: 'GET', headers });
    expect(await response.text()).toBe(`id: 1\ndata: ${named('Bar')}\n\n`);
  });

  it.each([
    ['no result', '{"jsonrpc":"2.0","id":1,"result":{}}'],
    ['tools that are no list', '{"jsonrpc":"2.0","id":1,"result":{"tools":{"name":"Foo"}}}'],
    ['the key twice', '{"jsonrpc":"2.0","id":1,"result":{"tools":[],"tools":[{"name":"Foo"}]}}'],
    ['prompts beside it', '{"jsonrpc":"2.0","id":1,"result":{"tools":[],"prompts":[]}}'],
  ])('with %s is withheld', async (_, body) => {
    const { list } = lists(body, { only: ['Bar'] }, 'anything-authenticated' as never);
    expect(JSON.parse(await list())).toMatchObject({ id: 1, error: { code: -32603 } });
  });

  it.each(['{}', '{"name":5}', 'null', '"Foo"', '[]', '{"Name":"Bar"}'])(
    'leaves out %s, which has no name',
    async (item) => {
      const { list } = lists(listOf(item, '{"name":"Bar"}'), { only: ['Bar'] });
      expect(await list()).toBe(named('Bar'));
    },
  );

  it('of prompts, resources or a call is not touched', async () => {
    const body = '{"jsonrpc":"2.0","id":1,"result":{"prompts":[{"name":"Foo"}]}}';
    const { call: ask } = lists(body, { only: ['Bar'] }, 'anything-authenticated' as never);
    expect(await (await ask('prompts/list')).text()).toBe(body);
  });
});

describe('what the operator is told', () => {
  const told = ({ errors }: { readonly errors: readonly unknown[] }) =>
    errors.map((error) => (error as Error).message);

  it('names that the server does not have, once', async () => {
    const h = lists(named('Foo'), { only: ['Foo', 'wether'], override: { Baz: { name: 'b' } } });
    await h.list();
    await h.list();
    expect(told(h)).toEqual([
      'the server lists no tool "Baz"',
      'the server lists no tool "wether"',
    ]);
  });

  it('nothing of a page that is not the whole list', async () => {
    const body = named('Foo').replace('"tools"', '"nextCursor":"2","tools"');
    const h = lists(body, { only: ['Foo', 'Bar'] });
    await h.list();
    await h.call('tools/list', { cursor: '2' });
    expect(told(h)).toEqual([]);
  });

  it('a tool whose name an override has taken', async () => {
    const h = lists(named('Foo', 'my_foo'), { override: { Foo: { name: 'my_foo' } } });
    expect(await h.list()).toBe(named('my_foo'));
    expect(told(h)).toEqual(['the server\'s tool "my_foo" is hidden: an override uses that name']);
  });
});

describe('options that contradict themselves', () => {
  it.each<[string, ToolOptions]>([
    ['"tools" needs only or override', {}],
    ['"tools.only" must name at least one tool', { only: [] }],
    ['"tools.override" must name at least one tool', { override: {} }],
    ['"tools.override" of "a" needs a name or a description', { override: { a: {} } }],
    ['"tools.override" of "a" changes nothing', { override: { a: { name: 'a' } } }],
    [
      '"tools.override" of "a" has a description that is empty or no text',
      { override: { a: { description: '' } } },
    ],
    [
      '"tools.override" of "a" holds "", which is no name of a tool',
      { override: { a: { name: '' } } },
    ],
    ['"tools.override" holds "", which is no name of a tool', { override: { '': { name: 'a' } } }],
    ['"tools.only" holds " a", which is no name of a tool', { only: [' a'] }],
    ['"tools.only" holds "a\\n", which is no name of a tool', { only: ['a\n'] }],
    ['"tools.only" holds "\\ud800", which is no name of a tool', { only: ['\ud800'] }],
    [
      '"tools.override" shows "a" and "b" under one name, "x"',
      { override: { a: { name: 'x' }, b: { name: 'x' } } },
    ],
    [
      '"tools.override" shows "a" and "b" under one name, "X"',
      { override: { a: { name: 'x' }, b: { name: 'X' } } },
    ],
    [
      '"tools.override" shows "a" and "b" under one name, "b"',
      { override: { a: { name: 'b' }, b: { description: 'B' } } },
    ],
    [
      '"tools.only" says "a", but "a" is shown as "x"',
      { only: ['a'], override: { a: { name: 'x' } } },
    ],
    [
      '"tools.only" says "X", but "a" is shown as "x"',
      { only: ['X'], override: { a: { name: 'x' } } },
    ],
  ])('%s', (message, options) => {
    expect(() => assertToolOptions(options)).toThrow(new TypeError(message));
    expect(() => harness({ tools: options })).toThrow(new TypeError(message));
  });

  it.each<[string, ToolOptions]>([
    ['two tools that swap names', { override: { a: { name: 'b' }, b: { name: 'a' } } }],
    ['a shown name among the chosen', { only: ['x'], override: { a: { name: 'x' } } }],
    ['an override of a tool that is not chosen', { only: ['y'], override: { a: { name: 'x' } } }],
    ['names like members of objects', { only: ['constructor', 'toString'] }],
  ])('not: %s', (_, options) => {
    expect(() => assertToolOptions(options)).not.toThrow();
  });
});
