/** What reaches a server behind the proxy, byte by byte, and what never does. */
import type { DevIdp } from '@thv/cli/dev-idp';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type RawHandler,
  type RawUpstream,
  type RecordedRequest,
  startRawUpstream,
} from '../fixtures/raw-http-server.ts';
import { post, request, toolCall } from './support/mcp.ts';
import { ALICE, BOB, signInFlags, startIdp, tokenFor } from './support/people.ts';
import { sendRaw } from './support/raw-http.ts';
import { useStage } from './support/stage.ts';
import { dataFile, startThv, type Thv } from './support/thv.ts';

const stage = useStage();
let idp: DevIdp;
let upstream: RawUpstream;
let thv: Thv;
let bob: string;

beforeAll(async () => {
  idp = await startIdp(stage);
  upstream = await startRawUpstream();
  stage.defer(() => upstream.close());
  const flags = [...signInFlags(idp), '--authz-config', dataFile('authz-basic.json')];
  thv = await startThv(stage, [...flags, upstream.url]);
  bob = await tokenFor(idp, BOB);
});

const answerResult =
  (result: string): RawHandler =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(`{"jsonrpc":"2.0","id":1,"result":${result}}`);
  };

let seenBefore = 0;
beforeEach(() => {
  seenBefore = upstream.requests.length;
  upstream.setHandler(answerResult('{}'));
});

/** What has reached the upstream since the test began. */
const arrived = (): readonly RecordedRequest[] => upstream.requests.slice(seenBefore);

describe('credentials', () => {
  it('never travel on', async () => {
    const body = JSON.stringify(toolCall('weather', { city: 'Oslo' }));
    const pairs = [
      ['Content-Type', 'application/json'],
      ['Content-Length', String(body.length)],
      ['AUTHORIZATION', `bearer ${bob}`],
      ['Cookie', 'session=1'],
      ['Proxy-Authorization', 'Basic dTpw'],
      ['Connection', 'close, X-Private'],
      ['X-Private', 'for the next hop only'],
      ['X-Harmless', 'kept'],
    ];
    expect(await sendRaw(thv.url, { headers: pairs.flat(), body })).toBe(200);
    const [only, ...others] = arrived();
    expect(others).toEqual([]);
    for (const name of ['authorization', 'cookie', 'proxy-authorization', 'x-private']) {
      expect(only?.header(name), name).toEqual([]);
    }
    expect(JSON.stringify(only?.headers)).not.toContain(bob.slice(0, 40));
    expect(only?.header('x-harmless')).toEqual(['kept']);
    expect(only?.body.toString('utf8')).toBe(body);
    expect(only?.header('host')).toEqual([new URL(upstream.url).host]);
  });
});

describe('the body of a permitted message', () => {
  it.each([
    [
      'odd spacing',
      '\n{ "jsonrpc" :"2.0",\t"id": 1,"method":"tools/call" , "params":{"arguments":{ },"name":"weather"}}\r\n',
    ],
    [
      'integers that no double holds',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather","arguments":{"n":12345678901234567890123,"m":-0,"e":1E400,"x":1.10}}}',
    ],
    [
      'escapes and characters of every plane',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"we\\u0061ther","arguments":{"city":"\\ud83d\\ude00 ü 北京 \\/"}}}',
    ],
    [
      'members that nobody knows',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather","arguments":{"b":1,"a":2},"x-new":[]},"x-top":null}',
    ],
  ])('arrives as it was sent: %s', async (_what, body) => {
    const { status } = await post(thv.url, body, { token: bob });
    expect(status).toBe(200);
    expect(arrived().map((one) => one.body.toString('utf8'))).toEqual([body]);
    expect(arrived()[0]).toMatchObject({ method: 'POST', path: '/mcp' });
  });

  it('keeps the id of a large integer in the answer to a denial', async () => {
    const body =
      '{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/call","params":{"name":"admin_tool"}}';
    const { status, text } = await post(thv.url, body, { token: bob });
    expect(status).toBe(403);
    expect(text).toContain('"id":9007199254740993,');
    expect(arrived()).toEqual([]);
  });
});

const weather = toolCall('weather', {});
const call = (members: string) =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${members}}`;

describe('what never reaches the upstream', () => {
  it.each<[string, object | string, number, number]>([
    ['a denied call', toolCall('admin_tool'), 403, 403],
    ['a denied prompt', request('prompts/get', { name: 'greeting' }), 403, 403],
    ['a denied resource', request('resources/read', { uri: 'file:///etc/passwd' }), 403, 403],
    ['an unknown method', request('tools/invoke', { name: 'weather' }), 403, 403],
    ['a method in another case', request('Tools/Call', { name: 'weather' }), 403, 403],
    ['a method for servers only', request('sampling/createMessage'), 403, 403],
    ['a task of somebody', request('tasks/get', { taskId: '1' }), 403, 403],
    ['a batch', [weather], 400, -32600],
    ['an empty batch', [], 400, -32600],
    ['an answer that nobody asked for', { jsonrpc: '2.0', id: 7, result: {} }, 400, -32600],
    ['no JSON', 'not json', 400, -32700],
    ['JSON and more', `${JSON.stringify(weather)} {}`, 400, -32700],
    ['a name given twice', call('{"name":"weather","name":"admin_tool"}'), 400, -32600],
    ['a name in two cases', call('{"name":"weather","Name":"admin_tool"}'), 400, -32600],
    ['a name that is no text', call('{"name":["weather"]}'), 400, -32602],
    ['a byte order mark', `\ufeff${JSON.stringify(weather)}`, 400, -32700],
    ['a fractional id', toolCall('weather', {}, 1.5), 400, -32600],
  ])('%s', async (_what, message, status, code) => {
    const answer = await post(thv.url, message, { token: bob });
    expect([answer.status, answer.message.error?.code]).toEqual([status, code]);
    expect(arrived()).toEqual([]);
  });

  it('a body that says of itself that it is something else', async () => {
    for (const type of [
      'text/plain',
      'application/json-rpc',
      'application/x-www-form-urlencoded',
    ]) {
      const headers = { 'content-type': type };
      expect((await post(thv.url, weather, { token: bob, headers })).status, type).toBe(415);
    }
    expect(arrived()).toEqual([]);
  });

  it.each([
    ['PUT', '/mcp', 405],
    ['PATCH', '/mcp', 405],
    ['POST', '/', 404],
    ['POST', '/mcp/', 404],
    ['POST', '/MCP', 404],
    ['POST', '/mcp/sse', 404],
    ['POST', '/sse', 404],
    ['POST', '/messages', 404],
    ['POST', '//mcp', 404],
    ['POST', '/mcp%2f', 404],
    ['POST', '/mcp;x', 404],
    ['GET', '/other', 404],
    ['POST', '/.well-known/oauth-protected-resource', 405],
    ['POST', '/.well-known/other', 404],
    ['POST', '/healthz', 404],
  ])('%s %s', async (method, path, status) => {
    const credentials = ['Authorization', `Bearer ${bob}`, 'Content-Type', 'application/json'];
    const body = method === 'GET' ? '' : JSON.stringify(weather);
    const headers = [...credentials, 'Content-Length', String(body.length)];
    expect(await sendRaw(thv.url, { method, path, headers, body })).toBe(status);
    expect(arrived()).toEqual([]);
  });

  it('a caller with two credentials', async () => {
    const body = JSON.stringify(weather);
    const headers = ['Content-Type', 'application/json', 'Content-Length', String(body.length)];
    const twice = ['Authorization', `Bearer ${bob}`, 'Authorization', `Bearer ${bob}`];
    expect(await sendRaw(thv.url, { headers: [...headers, ...twice], body })).toBe(400);
    expect(arrived()).toEqual([]);
  });

  it('anything of a caller who has not signed in', async () => {
    expect((await post(thv.url, weather)).status).toBe(401);
    expect((await fetch(thv.url)).status).toBe(401);
    expect((await fetch(thv.url, { method: 'DELETE' })).status).toBe(401);
    expect(arrived()).toEqual([]);
  });
});

describe('sessions', () => {
  it('belong to who began them', async () => {
    upstream.setHandler((_request, response) => {
      const headers = { 'content-type': 'application/json', 'mcp-session-id': 'session-of-bob' };
      response.writeHead(200, headers);
      response.end('{"jsonrpc":"2.0","id":1,"result":{}}');
    });
    const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: {} };
    const greeting = await post(thv.url, request('initialize', hello), { token: bob });
    expect(greeting.headers.get('mcp-session-id')).toBe('session-of-bob');
    const headers = { 'mcp-session-id': 'session-of-bob' };
    expect((await post(thv.url, weather, { token: bob, headers })).status).toBe(200);
    const reached = arrived().length;

    const alice = await tokenFor(idp, ALICE);
    expect((await post(thv.url, weather, { token: alice, headers })).status).toBe(404);
    const authorization = `Bearer ${alice}`;
    for (const method of ['GET', 'DELETE']) {
      const accept = 'text/event-stream';
      const foreign = await fetch(thv.url, {
        method,
        headers: { ...headers, authorization, accept },
      });
      expect(foreign.status, method).toBe(404);
    }
    const madeUp = { 'mcp-session-id': 'guessed' };
    expect((await post(thv.url, weather, { token: bob, headers: madeUp })).status).toBe(404);
    expect(arrived()).toHaveLength(reached);
  });
});
