/** The method table (D7), in both eras. */

import { describe, expect, it } from 'vitest';
import { ALL, engine, harness, W } from './support/fakes.ts';

const V26 = '2026-07-28';
const modern = (method: string, name?: string): Record<string, string> => ({
  'mcp-protocol-version': V26,
  'mcp-method': method,
  ...(name === undefined ? {} : { 'mcp-name': name }),
});
const meta = { _meta: { 'io.modelcontextprotocol/protocolVersion': V26 } };

describe('methods of the 2025 era', () => {
  it.each([
    ['ping', {}],
    ['initialize', {}],
    ['server/discover', {}],
    ['roots/list', {}],
    ['logging/setLevel', { level: 'info' }],
    ['notifications/message', {}],
    ['notifications/elicitation/complete', {}],
    ['notifications/roots/list_changed', {}],
    ['subscriptions/listen', { notifications: { toolsListChanged: true } }],
  ])('%s is forwarded without a policy', async (method, params) => {
    const { call, upstream } = harness({ authorize: W });
    expect((await call(method, params)).status).toBe(200);
    expect(upstream.forwarded).toHaveLength(1);
  });

  it.each([
    'notifications/anything_new',
    'notifications/subscriptions/acknowledged',
    'unknown/method',
    'sampling/createMessage',
    'elicitation/create',
    'Tools/Call',
    'tools/call ',
    'features/list',
    'constructor',
    '__proto__',
  ])('%s never reaches the upstream, whatever the policy', async (method) => {
    const { call, upstream, reports } = harness({ authorize: ALL });
    const response = await call(method, {});
    expect(response.status).toBe(403);
    const { error } = await response.json();
    expect(error).toMatchObject({ code: 403, message: 'Forbidden' });
    expect(error.data.decision).toBe(reports[0]?.decision);
    expect(upstream.forwarded).toHaveLength(0);
  });

  it.each([
    ['prompts/get', { name: 'greeting' }, 'get_prompt', 'greeting'],
    ['resources/read', { uri: 'file:///a' }, 'read_resource', 'file:///a'],
    ['resources/subscribe', { uri: 'file:///a' }, 'read_resource', 'file:///a'],
    ['resources/unsubscribe', { uri: 'file:///a' }, 'read_resource', 'file:///a'],
    [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'greeting' }, argument: {} },
      'get_prompt',
      'greeting',
    ],
    [
      'completion/complete',
      { ref: { type: 'ref/resource', uri: 'file:///{x}' }, argument: {} },
      'read_resource',
      'file:///{x}',
    ],
    [
      'subscriptions/listen',
      { notifications: { resourceSubscriptions: ['file:///a'] } },
      'read_resource',
      'file:///a',
    ],
  ])('%s is judged by its target', async (method, params, action, target) => {
    const allowed = harness({
      authorize: engine((r) => r.action === action && r.target === target),
    });
    expect((await allowed.call(method, params)).status).toBe(200);
    const denied = harness({
      authorize: engine((r) => r.action === action && r.target !== target),
    });
    expect((await denied.call(method, params)).status).toBe(403);
    expect(denied.upstream.forwarded).toHaveLength(0);
  });

  it('judges every resource that a subscription names', async () => {
    const { call, upstream } = harness({ authorize: engine((r) => r.target !== 'file:///secret') });
    const uris = ['file:///a', 'file:///secret', 'file:///b'];
    const response = await call('subscriptions/listen', {
      notifications: { resourceSubscriptions: uris },
    });
    expect(response.status).toBe(403);
    expect(upstream.forwarded).toHaveLength(0);
  });

  it.each([
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'ok', uri: 'file:///secret' } }],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'ok', Name: 'secret' } }],
    ['completion/complete', { ref: 'ok' }],
    ['completion/complete', {}],
    ['resources/read', {}],
    [
      'subscriptions/listen',
      { notifications: { resourceSubscriptions: [{ uri: 'file:///secret' }] } },
    ],
    ['subscriptions/listen', { notifications: { ResourceSubscriptions: ['file:///secret'] } }],
    ['subscriptions/listen', {}],
  ])('%s with a target that can be read two ways is refused', async (method, params) => {
    const { call, upstream } = harness({ authorize: ALL });
    expect((await call(method, params)).status).toBe(400);
    expect(upstream.forwarded).toHaveLength(0);
  });
});

describe('methods of the 2026 era', () => {
  it('answers 404 and -32601 for what does not exist', async () => {
    const { call } = harness();
    const response = await call('logging/frobnicate', meta, modern('logging/frobnicate'));
    expect(response.status).toBe(404);
    expect((await response.json()).error.code).toBe(-32601);
  });

  it.each([
    'initialize',
    'ping',
    'logging/setLevel',
    'resources/subscribe',
    'resources/unsubscribe',
  ])('no longer has %s, whatever its params say', async (method) => {
    const { call, upstream } = harness();
    const response = await call(method, meta, modern(method));
    expect(response.status).toBe(404);
    expect((await response.json()).error.code).toBe(-32601);
    expect(upstream.forwarded).toHaveLength(0);
  });

  it.each([
    ['_meta', {}],
    ['the version in _meta', { _meta: {} }],
  ])('refuses a request without %s with -32602, before policy', async (_, params) => {
    const { call, upstream } = harness({ authorize: engine(() => false) });
    const response = await call('tools/list', params, modern('tools/list'));
    expect(response.status).toBe(400);
    expect((await response.json()).error.code).toBe(-32602);
    expect(upstream.forwarded).toHaveLength(0);
  });

  it.each([
    ['version only in the body', meta, {}],
    [
      'another version in the header',
      meta,
      { ...modern('tools/call', 'weather'), 'mcp-protocol-version': '2025-11-25' },
    ],
    ['another method in the header', meta, modern('tools/list', 'weather')],
    ['no method in the header', meta, { 'mcp-protocol-version': V26, 'mcp-name': 'weather' }],
    ['another name in the header', meta, modern('tools/call', 'other')],
    ['no name in the header', meta, modern('tools/call')],
    ['a bad Base64 name', meta, modern('tools/call', '=?base64?%%%?=')],
  ])('refuses %s with -32020, before policy', async (_, params, headers) => {
    const { call, upstream } = harness({ authorize: engine(() => false) });
    const response = await call('tools/call', { name: 'weather', ...params }, headers);
    expect(response.status).toBe(400);
    expect((await response.json()).error.code).toBe(-32020);
    expect(upstream.forwarded).toHaveLength(0);
  });

  it('reads a Base64 name', async () => {
    const { call, upstream } = harness();
    const name = `=?base64?${Buffer.from('wétter').toString('base64')}?=`;
    const response = await call(
      'tools/call',
      { name: 'wétter', ...meta },
      modern('tools/call', name),
    );
    expect(response.status).toBe(200);
    expect(upstream.forwarded[0]?.message?.era).toBe('2026');
  });

  it('refuses a version nobody here knows with -32022 and the list of known ones', async () => {
    const { call } = harness();
    const response = await call('ping', {}, { 'mcp-protocol-version': '2031-01-01' });
    expect(response.status).toBe(400);
    expect((await response.json()).error).toMatchObject({
      code: -32022,
      data: { requested: '2031-01-01', supported: expect.arrayContaining([V26, '2025-11-25']) },
    });
  });

  it('offers who declares an unknown version with each request no version of the other era', async () => {
    const { call } = harness();
    const version = '2031-01-01';
    const params = { _meta: { 'io.modelcontextprotocol/protocolVersion': version } };
    const response = await call('tools/list', params, { 'mcp-protocol-version': version });
    expect(response.status).toBe(400);
    expect((await response.json()).error.data).toEqual({ requested: version, supported: [V26] });
  });

  it.each(['GET', 'DELETE'])('has no %s', async (method) => {
    const { send, upstream } = harness();
    const response = await send('', { method, headers: { 'mcp-protocol-version': V26 } });
    expect(response.status).toBe(405);
    expect(upstream.forwarded).toHaveLength(0);
  });

  it('ignores and never echoes a session id', async () => {
    const { call, upstream } = harness();
    const response = await call('tools/list', meta, {
      ...modern('tools/list'),
      'mcp-session-id': 'not-mine',
    });
    expect(response.status).not.toBe(404);
    expect(upstream.forwarded[0]?.context.headers.has('mcp-session-id')).toBe(false);
    expect(response.headers.has('mcp-session-id')).toBe(false);
  });
});
