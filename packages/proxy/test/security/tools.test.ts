/** Ways to reach, or to learn of, a tool that the operator has hidden or renamed. */

import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ToolOptions } from '../../src/index.ts';
import { fakeUpstream, harness } from '../support/fakes.ts';

const json = { 'content-type': 'application/json' };
const sse = { 'content-type': 'text/event-stream' };
/** `rm` is hidden, `Foo` is called `safe_foo` and nothing else. */
const RENAMED: ToolOptions = { override: { Foo: { name: 'safe_foo' }, rm: { name: 'Remove' } } };
const CHOSEN: ToolOptions = { ...RENAMED, only: ['safe_foo', 'weather'] };
const META = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}';

const call = (params: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;

const NAMES: readonly (readonly [string, string])[] = [
  // Attempts: hidden tools
  ['the server’s name', 'Foo'],
  ['small letters', 'foo'],
  ['capitals', 'FOO'],
  ['the shown name in capitals', 'SAFE_FOO'],
  ['a space behind', 'Foo '],
  ['a space before', ' Foo'],
  ['a line end', 'Foo\n'],
  ['a no-break space', '\u00a0Foo'],
  ['a byte order mark', '\ufeffFoo'],
  ['fullwidth letters', '\uff26\uff4f\uff4f'],
  ['a mathematical letter', '\u{1d405}oo'],
  ['another hidden tool', 'rm'],
  ['another hidden tool in capitals', 'RM'],
];

describe.each([
  ['renamed', RENAMED],
  ['chosen and renamed', CHOSEN],
])('a tool that is %s cannot be called by', (_, tools) => {
  it.each(NAMES)('%s', async (_name, name) => {
    const { send, upstream, reports } = harness({ tools, authorize: 'anything-authenticated' });
    const response = await send(call(`{"name":${JSON.stringify(name)}}`));
    expect(await response.text()).toBe(
      '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Unknown tool"}}',
    );
    expect(upstream.forwarded).toHaveLength(0);
    expect(reports[0]?.outcome).toBe('denied');
  });

  it.each<[string, string, Record<string, string>?]>([
    // Attempts: hidden tools
    ['its name in escapes', call('{"name":"\\u0046oo"}')],
    ['a second name', call('{"name":"safe_foo","name":"Foo"}')],
    ['a second name in another case', call('{"name":"safe_foo","Name":"Foo"}')],
    ['a second name behind an escape', call('{"name":"safe_foo","\\u006eame":"Foo"}')],
    ['params twice', `${call('{"name":"safe_foo"}').slice(0, -1)},"params":{"name":"Foo"}}`],
    ['a batch', `[${call('{"name":"Foo"}')}]`],
    ['a name that is a list', call('{"name":["Foo"]}')],
    ['a notification', '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"Foo"}}'],
    ['a task', call('{"name":"Foo","task":{"ttl":1}}')],
    [
      'the header of the other name',
      call(`{"name":"Foo",${META}}`),
      {
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'safe_foo',
      },
    ],
    [
      'a later round',
      call(`{"name":"Foo","requestState":"s","inputResponses":{},${META}}`),
      { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'Foo' },
    ],
  ])('%s', async (_name, body, headers) => {
    const { send, upstream } = harness({ tools, authorize: 'anything-authenticated' });
    await send(body, headers === undefined ? {} : { headers });
    expect(upstream.forwarded).toHaveLength(0);
  });

  it('nobody who has not signed in', async () => {
    const { send, upstream } = harness({ tools });
    const answers = await Promise.all(
      ['Foo', 'safe_foo', 'nothing'].map((name) =>
        send(call(`{"name":"${name}"}`), { headers: { authorization: '' } }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(upstream.forwarded).toHaveLength(0);
  });
});

it.each([
  ['decomposed', 'Ệ', 'E\u0302\u0323'],
  ['decomposed, in small letters and spaces', 'Ệ', `${' '.repeat(999)}e\u0323\u0302`],
  ['as jamo', '각', '\u1100\u1161\u11a8'],
])('a tool cannot be called by its name %s', async (_, real, name) => {
  const { send, upstream } = harness({ tools: { override: { [real]: { name: 'x' } } } });
  expect(await (await send(call(`{"name":"${name}"}`))).text()).toContain('-32602');
  expect(upstream.forwarded).toHaveLength(0);
});

it('a name of megabytes is not folded to see whether it is hidden', async () => {
  const { send, upstream } = harness({ tools: RENAMED });
  const normalize = vi.spyOn(String.prototype, 'normalize');
  onTestFinished(() => normalize.mockRestore());
  await send(call(`{"name":"${'\ufdfa'.repeat(2_000_000)}"}`));
  expect(upstream.forwarded).toHaveLength(1);
  // Each of these letters becomes eighteen.
  expect(normalize.mock.contexts.filter((text) => String(text).length > 1000)).toEqual([]);
});

it.each(['STRASSE', 'strasse', 'Strasse', 'straße'])(
  'a tool named Straße cannot be called as %s',
  async (name) => {
    const tools = { override: { Straße: { name: 'street' } } };
    const { send, upstream } = harness({ tools });
    expect(await (await send(call(`{"name":"${name}"}`))).text()).toContain('-32602');
    expect(upstream.forwarded).toHaveLength(0);
  },
);

it('a hidden tool and one that never was get one answer, byte for byte', async () => {
  const { send } = harness({ tools: CHOSEN });
  const answer = async (name: string) => {
    const response = await send(call(`{"name":"${name}"}`));
    return [response.status, [...response.headers], await response.text()];
  };
  const first = await answer('never_was');
  for (const name of ['Foo', 'rm', 'Remove', 'other']) expect(await answer(name)).toEqual(first);
});

it('what the caller says of a name is not what the server is told', async () => {
  const { send, upstream } = harness({ tools: RENAMED, authorize: 'anything-authenticated' });
  await send(call(`{"name":"safe_foo"}`), { headers: { 'mcp-name': 'safe_foo' } });
  const [forwarded] = upstream.forwarded;
  expect(forwarded?.message?.params?.['name']).toBe('Foo');
  expect(forwarded?.context.headers.has('mcp-name')).toBe(false);
});

const tools = '[{"name":"Foo"},{"name":"rm"},{"name":"RM"},{"name":"weather"},{"name":"Safe_Foo"}]';
const HIDDEN = /"(?:Foo|rm|RM|Safe_Foo)"/;
const answer = (id: string) => `{"jsonrpc":"2.0","id":${id},"result":{"tools":${tools}}}`;

describe('hidden tools are in no list', () => {
  it.each<[string, string, Record<string, string>, number?]>([
    // Attempts: hidden tools
    ['as JSON', answer('1'), json],
    ['with a byte order mark', `\ufeff${answer('1')}`, json],
    ['called text', answer('1'), { 'content-type': 'text/plain' }],
    ['as an event with CR', `event: message\rdata: ${answer('1')}\r\r`, sse],
    ['as an unfinished event', `data: ${answer('1')}`, sse],
    [
      'after another event',
      `data: {"jsonrpc":"2.0","method":"x"}\n\ndata: ${answer('1')}\n\n`,
      sse,
    ],
    ['under another id', answer('2'), json],
    ['in a batch', `[${answer('1')}]`, json],
    ['beside an error', answer('1').replace('"result"', '"error":{},"result"'), json],
    ['with status 500', answer('1'), json, 500],
    ['twice', answer('1') + answer('1'), json],
  ])('%s', async (_, body, headers, status = 200) => {
    const upstream = fakeUpstream(() => new Response(body, { status, headers }));
    const h = harness({ upstream, tools: CHOSEN, authorize: 'anything-authenticated' });
    const text = await (await h.call('tools/list')).text();
    expect(text).not.toMatch(HIDDEN);
  });

  it.each(['ping', 'prompts/list', 'resources/list'])(
    'that comes as an event in answer to %s',
    async (method) => {
      const upstream = fakeUpstream(
        () => new Response(`data: ${answer('1')}\n\n`, { headers: sse }),
      );
      const h = harness({ upstream, tools: CHOSEN, authorize: 'anything-authenticated' });
      expect(await (await h.call(method)).text()).not.toMatch(HIDDEN);
    },
  );

  it('on a GET stream, asked for or not', async () => {
    const upstream = fakeUpstream((message) =>
      message === undefined
        ? new Response(`data: ${answer('1')}\n\ndata: ${answer('9')}\n\n`, { headers: sse })
        : new Response(': nothing yet\n\n', { headers: sse }),
    );
    const h = harness({ upstream, tools: CHOSEN, authorize: 'anything-authenticated' });
    await (await h.call('tools/list')).text();
    const response = await h.send('', { method: 'GET', headers: { accept: 'text/event-stream' } });
    const text = await response.text();
    expect(text).toContain('{"tools":[{"name":"safe_foo"},{"name":"weather"}]}');
    expect(text).not.toMatch(HIDDEN);
  });
});
