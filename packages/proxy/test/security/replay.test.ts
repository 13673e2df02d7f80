/** What is sent a second time, and what never is, whatever the server says. */

import { describe, expect, it } from 'vitest';
import {
  createRecoveringUpstream,
  type McpMessage,
  ProxyError,
  type RecoveryOptions,
  type UpstreamContext,
} from '../../src/index.ts';
import { buildMessage } from '../../src/mcp/message.ts';
import { createRecoveryBook } from '../../src/upstream/recovery-book.ts';
import { wasNeverSent } from '../../src/upstream/replay.ts';
import { fakeUpstream, type Harness, harness, jsonResult } from '../support/fakes.ts';

type Answer = (message: McpMessage, context: UpstreamContext, seen: readonly string[]) => Response;

interface Rig extends Harness {
  /** `method session` of everything that reached the server. */
  readonly seen: string[];
  readonly bodies: string[];
  begin(user?: string): Promise<string>;
  ask(method: string, params?: unknown, headers?: Record<string, string>): Promise<Response>;
}

/** A server that answers `initialize` with sessions `s1`, `s2`, … and everything else as it is told. */
function rig(answer: Answer, options: RecoveryOptions = {}): Rig {
  const seen: string[] = [];
  const bodies: string[] = [];
  let sessions = 0;
  const fake = fakeUpstream((message, context) => {
    const session = context.headers.get('mcp-session-id') ?? '-';
    seen.push(`${message?.method ?? context.sessionId} ${session}`);
    if (message !== undefined) bodies.push(message.text);
    if (message?.method === 'initialize') {
      sessions += 1;
      const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: {} };
      return jsonResult(message.id?.text ?? '', result, {
        headers: { 'mcp-session-id': `s${sessions}` },
      });
    }
    if (message?.kind === 'notification') return new Response(null, { status: 202 });
    return answer(message as McpMessage, context, seen);
  });
  const upstream = createRecoveringUpstream(fake, { patience: 0, ...options });
  const h = harness({ upstream: upstream as never });
  const initialize =
    '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"big":12345678901234567890}}';
  let session = '';
  return {
    ...h,
    seen,
    bodies,
    begin: async (user = 'u') => {
      const response = await h.send(initialize, { headers: { authorization: `Bearer ${user}` } });
      session = response.headers.get('mcp-session-id') ?? '';
      return session;
    },
    ask: (method, params, headers) =>
      h.call(method, params, { 'mcp-session-id': session, ...headers }),
  };
}

const lost = (): Response => new Response('not found', { status: 404 });
const rpcError = (status: number, code: number, message = 'x', id: unknown = 1): Response =>
  Response.json({ jsonrpc: '2.0', id, error: { code, message } }, { status });
const breakOff = (): never => {
  throw new ProxyError('ERR_PROXY_UPSTREAM_UNREACHABLE', 'x', {
    cause: Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }),
  });
};
const countOf = (seen: readonly string[], method: string): number =>
  seen.filter((one) => one.startsWith(`${method} `)).length;

describe('a call', () => {
  it.each([
    ['the connection breaks', breakOff, 502],
    [
      'no answer comes in time',
      () => {
        throw new ProxyError('ERR_PROXY_UPSTREAM_TIMEOUT', 'x');
      },
      504,
    ],
    ['the server fails', () => new Response('no', { status: 500 }), 500],
    ['the server is busy', () => new Response('no', { status: 503 }), 503],
  ])('runs once when %s', async (_, answer, status) => {
    const h = rig(answer);
    await h.begin();
    const response = await h.ask('tools/call', { name: 'pay' });
    expect(response.status).toBe(status);
    expect(countOf(h.seen, 'tools/call')).toBe(1);
    expect(countOf(h.seen, 'initialize')).toBe(1);
  });

  it('is sent again once, byte for byte, after a session that was lost', async () => {
    const h = rig((message, { sessionId }) =>
      sessionId === 's1' ? lost() : jsonResult(message.id?.text ?? '', {}),
    );
    await h.begin();
    const response = await h.ask('tools/call', { name: 'pay', arguments: { n: '1e400' } });
    expect(response.status).toBe(200);
    expect(h.seen).toEqual([
      'initialize -',
      'tools/call s1',
      'initialize -',
      'notifications/initialized s2',
      'tools/call s2',
    ]);
    expect(h.bodies[4]).toBe(h.bodies[1]);
    expect(h.bodies[2]).toBe(h.bodies[0]);
  });

  it('is given up when the new session is lost as well', async () => {
    const h = rig(lost);
    await h.begin();
    expect((await h.ask('tools/call', { name: 'pay' })).status).toBe(404);
    expect(countOf(h.seen, 'tools/call')).toBe(2);
  });

  it('cannot make a broken server begin sessions without end', async () => {
    const h = rig(lost);
    await h.begin();
    for (let n = 0; n < 20; n += 1) await h.ask('tools/call', { name: 'pay' });
    expect(countOf(h.seen, 'initialize')).toBe(4);
  });

  it.each<[string, () => Response]>([
    ['an unknown method (404)', () => rpcError(404, -32601)],
    ['bad params (400)', () => rpcError(400, -32602, 'Invalid session arguments')],
    ['a resource that is not there (404)', () => rpcError(404, -32002)],
    ['a bad request with other words', () => rpcError(400, -32600, 'Bad Request')],
    ['a bad request in HTML', () => new Response('<p>no session</p>', { status: 400 })],
    ['a session of its own (400)', () => rpcError(400, -32000, 'No checkout session')],
    ['a customer that is not there (404)', () => rpcError(404, -32000, 'No such customer')],
  ])('costs no session when the answer is about %s', async (_, answer) => {
    const h = rig(answer);
    await h.begin();
    const response = await h.ask('tools/call', { name: 'pay' });
    expect([400, 404]).toContain(response.status);
    expect(countOf(h.seen, 'tools/call')).toBe(1);
    expect(countOf(h.seen, 'initialize')).toBe(1);
  });
});

describe('an answer that the session is not known', () => {
  it.each<[string, () => Response]>([
    ['404 without a word', () => new Response(null, { status: 404 })],
    ['404 under the id of the request', () => rpcError(404, -32001, 'Session not found')],
    ['404 with words, under that id', () => rpcError(404, -32600, 'Session not found')],
    ['404 under no id', () => rpcError(404, -32000, 'Not here', null)],
    ['400 under no id', () => rpcError(400, -32000, 'No valid session ID provided', null)],
    ['400 under an id of its own', () => rpcError(400, -32600, 'Unknown session', 'server-error')],
  ])('%s', async (_, answer) => {
    const h = rig((message, { sessionId }) =>
      sessionId === 's1' ? answer() : jsonResult(message.id?.text ?? '', {}),
    );
    await h.begin();
    expect((await h.ask('tools/call', { name: 'pay' })).status).toBe(200);
    expect(countOf(h.seen, 'tools/call')).toBe(2);
  });
});

describe('a request that was on its way when the host became unreachable', () => {
  it.each(['read', 'write', 'shutdown'])('is not sent again after a failed %s', (syscall) => {
    const cause = Object.assign(new Error('x'), { code: 'EHOSTUNREACH', syscall });
    expect(wasNeverSent(new Error('x', { cause }))).toBe(false);
  });

  it.each(['connect', 'getaddrinfo', undefined])('is when it was at %s', (syscall) => {
    const cause = Object.assign(new Error('x'), { code: 'EHOSTUNREACH', syscall });
    expect(wasNeverSent(new Error('x', { cause }))).toBe(true);
  });

  // What Deno 2.9 says; only the words tell these apart.
  it.each([
    ['client error (Connect): tcp connect error: Connection refused (os error 111)', true],
    ['client error (Connect): dns error: failed to lookup address information', true],
    ['client error (SendRequest): connection closed before message completed', false],
    ['client error (SendRequest): client error (Connect): x', false],
  ])('on Deno: %s', (words, expected) => {
    const cause = new Error(`error sending request for url (http://127.0.0.1:9/mcp): ${words}`);
    expect(wasNeverSent(new TypeError('fetch failed', { cause }))).toBe(expected);
  });
});

describe('what only reads', () => {
  it.each(['tools/list', 'resources/list', 'ping'])(
    '%s is sent twice, not more',
    async (method) => {
      const h = rig(breakOff);
      await h.begin();
      expect((await h.ask(method)).status).toBe(502);
      expect(countOf(h.seen, method)).toBe(2);
    },
  );

  it('is what is listed, and nothing that is unknown', async () => {
    const h = rig(breakOff);
    await h.begin();
    await h.ask('resources/subscribe', { uri: 'file:///r' });
    await h.ask('logging/setLevel', { level: 'debug' });
    expect(countOf(h.seen, 'resources/subscribe')).toBe(1);
    expect(countOf(h.seen, 'logging/setLevel')).toBe(1);
  });
});

describe('a session that is begun anew', () => {
  const renewing: Answer = (message, { sessionId }) =>
    sessionId === 's1'
      ? lost()
      : jsonResult(message.id?.text ?? '', {}, { headers: { 'mcp-session-id': 's2' } });

  it('keeps its name for the client, and the new name is worth nothing', async () => {
    const h = rig(renewing);
    await h.begin();
    const response = await h.ask('ping');
    expect(response.headers.get('mcp-session-id')).toBe('s1');
    const direct = await h.call('ping', {}, { 'mcp-session-id': 's2' });
    expect(direct.status).toBe(404);
    expect(countOf(h.seen, 'ping')).toBe(2);
  });

  it('is nothing that another user can bring about', async () => {
    const h = rig(renewing);
    const session = await h.begin('alice');
    const headers = { authorization: 'Bearer mallory', 'mcp-session-id': session };
    expect((await h.call('ping', {}, headers)).status).toBe(404);
    expect(h.seen).toEqual(['initialize -']);
  });

  it('is given up when the server speaks another revision now', async () => {
    const h = rig(renewing);
    await h.begin();
    const version = { 'mcp-protocol-version': '2025-06-18' };
    expect((await h.ask('ping', {}, version)).status).toBe(404);
    expect(countOf(h.seen, 'ping')).toBe(1);
  });

  it('never ends by what is only told: answers and cancellations of the old one are dropped', async () => {
    const h = rig(renewing);
    await h.begin();
    const headers = { 'mcp-session-id': 's1' };
    const cancel = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}';
    expect((await h.send(cancel, { headers })).status).toBe(202);
    expect(countOf(h.seen, 'initialize')).toBe(1);
  });
});

describe('the memory of sessions', () => {
  const alice = { issuer: 'i', subject: 'alice' };
  const bob = { issuer: 'i', subject: 'bob' };
  const initialize = (padding = 0): McpMessage =>
    buildMessage(
      { jsonrpc: '2.0', id: 1, method: 'initialize', params: { x: 'x'.repeat(padding) } },
      '2025',
    );

  it('is bounded in number, in bytes, and for each message', () => {
    const book = createRecoveryBook({ maxSessions: 2, maxBytes: 100_000 });
    for (const id of ['a', 'b', 'c']) book.begin(id, initialize(), alice);
    expect(['a', 'b', 'c'].map((id) => book.find(id, alice) !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
    book.begin('large', initialize(50_000), alice);
    book.begin('larger', initialize(60_000), alice);
    expect(book.find('large', alice)).toBeUndefined();
    book.begin('too-large', initialize(70_000), alice);
    expect(book.find('too-large', alice)).toBeUndefined();
  });

  it('counts subscriptions, of which each session has so many', () => {
    const book = createRecoveryBook({ maxSessions: 10, maxBytes: 20_000 });
    book.begin('a', initialize(), alice);
    book.begin('b', initialize(), alice);
    const session = book.find('b', alice)!;
    for (let n = 0; n < 500; n += 1) {
      const params = { uri: `file:///${n}` };
      const message = { jsonrpc: '2.0', id: n, method: 'resources/subscribe', params };
      book.note(session, buildMessage(message, '2025'));
    }
    expect(session.memory.interests()).toHaveLength(100);
    expect(session.memory.size).toBeLessThan(20_000);
  });

  it('is not changed by a server that gives one session to two users', () => {
    const book = createRecoveryBook({ maxSessions: 10, maxBytes: 100_000 });
    book.begin('a', initialize(1), alice);
    book.begin('a', initialize(99), bob);
    expect(book.find('a', bob)).toBeUndefined();
    expect(book.find('a', alice)?.memory.initialize?.text).toBe(initialize(1).text);
  });
});
