/**
 * The conformance vectors A, B, E and F with Cedar's own decisions behind the proxy, where the other
 * files do not have them already. Where ours differs on purpose, the name says by which decision.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { createAuthorizer } from '@thv/authz';
import { loadCedar } from '@thv/authz/node';
import { describe, expect, it } from 'vitest';
import type { PolicyEngine } from '../src/index.ts';
import { fakeUpstream, type Harness, harness, jsonResult } from './support/fakes.ts';

const cedar = await loadCedar();
const policies = (...texts: string[]): PolicyEngine =>
  createAuthorizer(
    { version: '1.0', type: 'cedarv1', cedar: { policies: texts } },
    { cedar, serverName: '' },
  ) as PolicyEngine; // The authorizer fits; this package only names what it needs of it.

const permit = (action: string, resource = '', when = ''): string =>
  `permit(principal, action == Action::"${action}", resource${resource && ` == ${resource}`})${when && ` when { ${when} }`};`;
const ALL = policies('permit(principal, action, resource);');
const CALL = permit('call_tool');
const W = policies(permit('call_tool', 'Tool::"weather"'));

const json = { 'content-type': 'application/json' };
const sse = { 'content-type': 'text/event-stream' };
const body = (method: string, params?: unknown, id: unknown = 1): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });
const call = (name: string, id?: unknown): string => body('tools/call', { name }, id);

describe('A: the gate', () => {
  it.each(['"abc"', '0', '""'])('A18 a denial has the id %s', async (id) => {
    const { send } = harness({ authorize: W });
    const response = await send(call('x', 5).replace('5', id));
    expect(response.status).toBe(403);
    expect(await response.text()).toMatch(new RegExp(`^\\{"jsonrpc":"2.0","id":${id},"error"`));
  });

  it('A19 a denial of a notification has no id', async () => {
    const { send, upstream } = harness({ authorize: W });
    const response = await send('{"jsonrpc":"2.0","method":"tools/call","params":{"name":"x"}}');
    expect([response.status, 'id' in (await response.json())]).toEqual([403, false]);
    expect(upstream.forwarded).toHaveLength(0);
  });

  it('A21 an id beyond 2^53 is exact (D5)', async () => {
    const { send } = harness({ authorize: W });
    const response = await send(call('x', 0).replace('"id":0', '"id":9007199254740993'));
    expect(await response.text()).toContain('"id":9007199254740993,');
  });

  it('A23 GET is a stream, and filtered (D29)', async () => {
    const list = `data: {"jsonrpc":"2.0","id":9,"result":{"tools":[{"name":"x"}]}}\n\n`;
    const upstream = fakeUpstream(() => new Response(list, { headers: sse }));
    const { send } = harness({ authorize: W, upstream });
    const text = await (await send('', { method: 'GET' })).text();
    expect(text).not.toContain('"x"');
    expect(text).toContain('-32603');
  });

  it('A25 DELETE ends a session of one’s own and nothing else (D6)', async () => {
    const upstream = fakeUpstream((message) =>
      jsonResult(message?.id?.text ?? '0', {}, { headers: { 'mcp-session-id': 'S1' } }),
    );
    const h = harness({ authorize: W, upstream });
    await h.call('initialize', {});
    const end = (token: string) =>
      h.send(call('x'), {
        method: 'DELETE',
        headers: { authorization: `Bearer ${token}`, 'mcp-session-id': 'S1' },
      });
    expect((await end('other')).status).toBe(404);
    expect((await end('u')).status).toBe(200);
    expect(upstream.forwarded.map(({ message }) => message?.method)).toEqual([
      'initialize',
      undefined,
    ]);
  });

  it.each([
    ['A26', '/sse', 'text/plain'],
    ['A28', '/sse/messages', 'application/json'],
  ])('%s there is no %s before a server without SSE (D6)', async (_, path, type) => {
    const { send, upstream } = harness({ authorize: ALL });
    const response = await send(call('weather'), { path, headers: { 'content-type': type } });
    expect(response.status).toBe(404);
    expect(upstream.forwarded).toHaveLength(0);
  });

  it('A33 nobody is 401, not 403 (D13)', async () => {
    const { send, upstream } = harness({ authorize: ALL });
    const response = await send(call('weather'), { headers: { authorization: '' } });
    expect(response.status).toBe(401);
    expect(upstream.forwarded).toHaveLength(0);
  });
});

describe('B: methods', () => {
  const URI = { uri: 'data' };
  const DATA = policies(permit('read_resource', 'Resource::"data"'));
  const GREETING = policies(permit('get_prompt', 'Prompt::"greeting"'));
  const ref = (name: string) => ({ ref: { type: 'ref/prompt', name }, argument: {} });
  const uris = (...all: string[]) => ({ notifications: { resourceSubscriptions: all } });

  it.each<[string, PolicyEngine, string, unknown, number]>([
    ['B1', W, 'ping', {}, 200],
    ['B1', W, 'initialize', {}, 200],
    ['B2', W, 'server/discover', {}, 200],
    ['B2 asks for nothing', W, 'subscriptions/listen', uris(), 200],
    ['B2 each URI is judged (D7)', DATA, 'subscriptions/listen', uris('data'), 200],
    ['B2 each URI is judged (D7)', DATA, 'subscriptions/listen', uris('data', 'secret'), 403],
    ['B3', W, 'roots/list', {}, 200],
    ['B3', W, 'logging/setLevel', { level: 'info' }, 200],
    ['B3 is judged by its ref (D7)', GREETING, 'completion/complete', ref('greeting'), 200],
    ['B3 is judged by its ref (D7)', GREETING, 'completion/complete', ref('farewell'), 403],
    ['B4', W, 'notifications/message', {}, 200],
    ['B5 is of the protocol (D7)', W, 'notifications/elicitation/complete', {}, 200],
    ['B6', W, 'notifications/anything_new', {}, 403],
    ['B7', ALL, 'unknown/method', {}, 403],
    ['B8', ALL, 'sampling/createMessage', {}, 403],
    ['B8', ALL, 'elicitation/create', {}, 403],
    ['B8 is nobody’s task (D7)', ALL, 'tasks/get', { taskId: 't' }, 403],
    ['B9', ALL, 'Tools/Call', { name: 'weather' }, 403],
    ['B10', DATA, 'resources/subscribe', URI, 200],
    ['B10', DATA, 'resources/unsubscribe', { uri: 'secret' }, 403],
    ['B15', GREETING, 'prompts/get', { name: 'greeting' }, 200],
    ['B15', GREETING, 'prompts/get', { name: 'farewell' }, 403],
  ])('%s %# %s', async (_, authorize, method, params, status) => {
    const { send, upstream } = harness({ authorize });
    expect((await send(body(method, params))).status).toBe(status);
    expect(upstream.forwarded).toHaveLength(status === 200 ? 1 : 0);
  });

  it('B8 tasks/list is forwarded, and shows one’s own (D7)', async () => {
    const result = { tasks: [{ taskId: 'of somebody' }] };
    const upstream = fakeUpstream(() => jsonResult('1', result));
    const { send } = harness({ authorize: ALL, upstream });
    expect(await (await send(body('tasks/list'))).json()).toMatchObject({ result: { tasks: [] } });
  });

  it('B11 a list is forwarded, whatever is forbidden, and comes back empty', async () => {
    const upstream = fakeUpstream(() => jsonResult('1', { tools: [{ name: 'weather' }] }));
    const authorize = policies('forbid(principal, action, resource);');
    const { send } = harness({ authorize, upstream });
    expect(await (await send(body('tools/list'))).json()).toMatchObject({ result: { tools: [] } });
  });

  it('B12 templates are filtered (D7)', async () => {
    const resourceTemplates = [{ uriTemplate: 'file:///{x}' }];
    const upstream = fakeUpstream(() => jsonResult('1', { resourceTemplates }));
    const { send } = harness({ authorize: W, upstream });
    expect(await (await send(body('resources/templates/list'))).json()).toMatchObject({
      result: { resourceTemplates: [] },
    });
  });
});

describe('E: hints (D30)', () => {
  const READ_ONLY = policies(
    permit('call_tool', '', 'resource has readOnlyHint && resource.readOnlyHint'),
  );
  const NOT_DESTRUCTIVE = policies(
    CALL,
    'forbid(principal, action == Action::"call_tool", resource) when { resource has destructiveHint && resource.destructiveHint };',
  );
  const RM = { name: 'rm', annotations: { destructiveHint: true } };
  const READ = { name: 'read', annotations: { readOnlyHint: true, title: 'Read' } };
  const TITLED = { name: 'titled', annotations: { title: 'Only a title' } };

  /** A server with two pages, whose list may be replaced. */
  function server(authorize: PolicyEngine, pages: unknown[][] = [[RM, READ], [TITLED]]) {
    const state = { pages };
    const upstream = fakeUpstream((message) => {
      const id = message?.id?.text ?? '0';
      if (message?.method !== 'tools/list') return jsonResult(id, { content: [] });
      const page = Number(message.params?.['cursor'] ?? 0);
      const isLast = page + 1 >= state.pages.length;
      const nextCursor = isLast ? undefined : String(page + 1);
      return jsonResult(id, { tools: state.pages[page] ?? [], nextCursor });
    });
    const h = harness({ authorize, upstream });
    const status = async (name: string, more: object = {}) =>
      (await h.call('tools/call', { name, ...more })).status;
    return { ...h, state, status };
  }

  it('E1 a list, then a call', async () => {
    const h = server(READ_ONLY);
    await h.call('tools/list');
    expect([await h.status('read'), await h.status('rm')]).toEqual([200, 403]);
  });

  it('E2 a call without a list before: the proxy asks itself', async () => {
    expect(await server(READ_ONLY).status('read')).toBe(200);
  });

  it('E3 a forbid holds without a list before', async () => {
    expect(await server(NOT_DESTRUCTIVE).status('rm')).toBe(403);
  });

  it('E4 another page takes no hint away', async () => {
    const h = server(NOT_DESTRUCTIVE);
    await h.call('tools/list');
    await h.call('tools/list', { cursor: '1' });
    expect([await h.status('rm'), await h.status('titled')]).toEqual([403, 200]);
  });

  it('E5 an empty list for another user takes no hint away', async () => {
    const h = server(NOT_DESTRUCTIVE);
    await h.call('tools/list');
    h.state.pages = [[]];
    await h.send(body('tools/list', {}, 2), { headers: { authorization: 'Bearer other' } });
    h.state.pages = [[RM, READ], [TITLED]];
    expect(await h.status('rm')).toBe(403);
  });

  it('E6 a tool that has lost its hints has none', async () => {
    const h = server(READ_ONLY);
    await h.call('tools/list');
    h.state.pages = [[{ name: 'read' }]];
    await h.call('tools/list');
    expect(await h.status('read')).toBe(403);
  });

  it('E7 a title is no hint', async () => {
    const h = server(READ_ONLY);
    await h.call('tools/list', { cursor: '1' });
    expect(await h.status('titled')).toBe(403);
  });

  it('E8 what the caller says of a tool is ignored', async () => {
    const annotations = { readOnlyHint: true };
    expect(await server(READ_ONLY).status('rm', { annotations })).toBe(403);
  });

  it('E9 hints do not replace name, operation or feature', async () => {
    const hints = { name: 'weather', operation: 'read', feature: 'prompt', readOnlyHint: true };
    const when =
      'resource has readOnlyHint && resource.name == "read" && action.operation == "call_tool"';
    const h = server(policies(permit('call_tool', '', when)), [
      [{ name: 'read', annotations: hints }],
    ]);
    expect(await h.status('read')).toBe(200);
  });
});

const LIST = '{"tools":[{"name":"weather"},{"name":"admin_tool"}]}';
const answer = (result: string, id = '99'): string =>
  `{"jsonrpc":"2.0","id":${id},"result":${result}}`;
const FILTERED = answer('{"tools":[{"name":"weather"}]}');

function lists(text: string, headers: Record<string, string>, authorize = W): Harness {
  return harness({ authorize, upstream: fakeUpstream(() => new Response(text, { headers })) });
}
const ask = async (h: Harness, method = 'tools/list'): Promise<string> =>
  (await h.send(body(method, undefined, 99))).text();

describe('F: lists', () => {
  it('F11 a notification alone is passed', async () => {
    const text = '{"jsonrpc":"2.0","method":"notifications/message","params":{"data":1}}';
    expect(await ask(lists(`data: ${text}\n\n`, sse))).toBe(`data: ${text}\n\n`);
  });

  it('F16, F17 every other field stays, and no cache may share it (D29)', async () => {
    const rest = '"nextCursor":"c2","_meta":{"a":1},"ttlMs":5,"resultType":"complete"';
    const tool = '{"name":"weather","x-vendor":{"b":[1]}}';
    const given = answer(`{"tools":[${tool},{"name":"x"}],${rest},"cacheScope":"public"}`);
    const wanted = answer(`{"tools":[${tool}],${rest},"cacheScope":"private"}`);
    expect(await ask(lists(given, json))).toBe(wanted);
  });

  it.each(['\u000b', '\u0085', '\u00a0', '\u3000'])(
    'F24 U+%j before or between data values hides nothing (D29: such text is withheld)',
    async (space) => {
      const half = answer(LIST).split(',"result"');
      const events = [
        `data:${space}${answer(LIST)}\n\n`,
        `data: ${half[0]}\ndata:${space},"result"${half[1]}\n\n`,
      ];
      for (const text of events) expect(await ask(lists(text, sse))).not.toContain('admin_tool');
    },
  );

  it('F29 what needs no filtering means the same, in one spelling (D29)', async () => {
    const note = '{"jsonrpc":"2.0","method":"notifications/message"}';
    expect(await ask(lists(`data: ${note}`, sse))).toBe(`data: ${note}\n\n`);
    expect(await ask(lists(`data: ${note}\r\n\r\n\r\n`, sse))).toBe(`data: ${note}\n\n`);
    expect(await ask(lists('\n\r\n\r', sse))).toBe('');
  });

  it('F30 events are written anew with LF (D29)', async () => {
    expect(await ask(lists(`data: ${answer(LIST)}\r\n\r\n`, sse))).toBe(`data: ${FILTERED}\n\n`);
  });

  it('F31 a policy that fails for one tool costs that tool only', async () => {
    const authorize = policies(
      permit('call_tool', 'Tool::"weather"'),
      permit('call_tool', 'Tool::"admin_tool"', 'principal.claim_missing == "x"'),
    );
    expect(await ask(lists(answer(LIST), json, authorize))).toBe(FILTERED);
  });

  it('F32 a tool is listed when some arguments could be permitted (D28)', async () => {
    const authorize = policies(
      permit('call_tool', 'Tool::"weather"', 'context has arg_x && context.arg_x == 1'),
    );
    expect(await ask(lists(answer(LIST), json, authorize))).toBe(FILTERED);
  });

  it.each([
    [
      'prompts/list',
      '{"prompts":[{"name":"ok"}',
      '{"name":"no"}',
      permit('get_prompt', 'Prompt::"ok"'),
    ],
    [
      'resources/list',
      '{"resources":[{"uri":"ok"}',
      '{"uri":"no"}',
      permit('read_resource', 'Resource::"ok"'),
    ],
  ])('F33 %s is filtered by what it lists', async (method, kept, cut, policy) => {
    const h = lists(answer(`${kept},${cut}]}`), json, policies(policy));
    expect(await ask(h, method)).toBe(answer(`${kept}]}`));
  });
});

it('every vector of A, B, E and F is cited by a test of this package', () => {
  const folder = new URL('.', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const text = files
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .join('\n');
  const all = Object.entries({ A: 34, B: 15, E: 9, F: 35 }).flatMap(([letter, last]) =>
    Array.from({ length: last }, (_, index) => `${letter}${index + 1}`),
  );
  // At the beginning of a test's name, or after another vector there.
  expect(all.filter((id) => !new RegExp(`['",] ?${id}\\b[ ',:]`).test(text))).toEqual([]);
});
