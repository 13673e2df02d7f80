/** Proxies under paths of somebody's own Hono app: everything stands where clients look for it. */

import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { createProxy } from '../src/index.ts';
import { ALL, authenticate, fakeUpstream } from './support/fakes.ts';

const METADATA = '/.well-known/oauth-protected-resource';
const HOST = 'mcp.example.com';

function host(): { readonly app: Hono; readonly reached: () => readonly number[] } {
  const upstreams = ['tools', 'files'].map(() => fakeUpstream());
  const app = new Hono();
  for (const [index, name] of ['tools', 'files'].entries()) {
    const resource = `https://${HOST}/${name}/mcp`;
    const proxy = createProxy({
      upstream: upstreams[index]!,
      authenticate,
      authorize: ALL,
      origins: { allowedHosts: [HOST], allowedOrigins: ['https://app.example.com'] },
      resourceMetadata: () => ({ resource }),
    });
    app.route(`/${name}`, proxy.app);
    app.route('/', proxy.wellKnown);
  }
  app.get('/.well-known/security.txt', (context) => context.text('mine'));
  app.get('/', (context) => context.text('home'));
  app.notFound((context) => context.text('nothing here', 404));
  return { app, reached: () => upstreams.map(({ forwarded }) => forwarded.length) };
}

const ask = (app: Hono, path: string, init: RequestInit = {}) =>
  app.request(`https://${HOST}${path}`, init);
const ping = (headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: {
    host: HOST,
    authorization: 'Bearer u',
    'content-type': 'application/json',
    ...headers,
  },
  body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
});

describe('proxies under paths', () => {
  it('serve each its own endpoint', async () => {
    const { app, reached } = host();
    expect((await ask(app, '/tools/mcp', ping())).status).toBe(200);
    expect(reached()).toEqual([1, 0]);
    expect((await ask(app, '/files/mcp', ping())).status).toBe(200);
    expect(reached()).toEqual([1, 1]);
  });

  it.each(['tools', 'files'])('have their metadata where RFC 9728 puts it (%s)', async (name) => {
    const { app } = host();
    const path = `${METADATA}/${name}/mcp`;
    const answer = await ask(app, path);
    expect(await answer.json()).toEqual({ resource: `https://${HOST}/${name}/mcp` });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect((await ask(app, path, { method: 'HEAD' })).status).toBe(200);
    expect((await ask(app, path, { method: 'OPTIONS' })).status).toBe(204);
    expect((await ask(app, path, { method: 'POST' })).status).toBe(405);
  });

  it.each([
    // The document of which of the two would it be?
    METADATA,
    `${METADATA}/`,
    `${METADATA}/mcp`,
    `${METADATA}/other/mcp`,
    `${METADATA}/tools/mcp/`,
    `${METADATA}XYZ`,
    '/.well-known/openid-configuration',
    '/mcp',
    '/tools',
    '/tools/',
    '/tools/other',
    '/tools/mcp/',
    '/tools//mcp',
    '/tools/mcp/mcp',
    '/tools/files/mcp',
    '/healthz',
  ])('leave %s to the app', async (path) => {
    const { app, reached } = host();
    const answer = await ask(app, path, path.startsWith('/.well') ? {} : ping());
    expect([answer.status, await answer.text()]).toEqual([404, 'nothing here']);
    expect(reached()).toEqual([0, 0]);
  });

  it('leave the app what is its own', async () => {
    const { app } = host();
    expect(await (await ask(app, '/')).text()).toBe('home');
    expect(await (await ask(app, '/.well-known/security.txt')).text()).toBe('mine');
  });

  it.each<[string, Record<string, string>, number]>([
    ['no token', { authorization: '' }, 401],
    ['a foreign host', { host: 'evil.example' }, 403],
    ['a foreign origin', { origin: 'https://evil.example' }, 403],
    ['an allowed origin', { origin: 'https://app.example.com' }, 200],
    ['another media type', { 'content-type': 'text/plain' }, 415],
  ])('judge as ever: %s', async (_, headers, status) => {
    const { app, reached } = host();
    expect((await ask(app, '/tools/mcp', ping(headers))).status).toBe(status);
    expect(reached()).toEqual([status === 200 ? 1 : 0, 0]);
  });

  it.each(['PUT', 'PATCH', 'HEAD'])('refuse %s with 405', async (method) => {
    const { app } = host();
    const { body, ...rest } = ping();
    const answer = await ask(app, '/tools/mcp', {
      ...rest,
      method,
      ...(method !== 'HEAD' && { body: body ?? null }),
    });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, POST, DELETE, OPTIONS');
  });

  it('answer for their own health', async () => {
    const { app } = host();
    expect(await (await ask(app, '/tools/healthz')).text()).toBe('ok\n');
    expect(await (await ask(app, '/files/readyz')).text()).toBe('ok\n');
  });

  it('have no document when callers do not sign in', async () => {
    const upstream = fakeUpstream();
    const proxy = createProxy({ upstream, authenticate, authorize: ALL, origins: {} });
    const app = new Hono().route('/tools', proxy.app).route('/', proxy.wellKnown);
    expect((await app.request(`${METADATA}/tools/mcp`)).status).toBe(404);
  });
});
