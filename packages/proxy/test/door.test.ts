/** Sessions, origins, headers, answers of the client, hints and routes. */

import { describe, expect, it } from 'vitest';
import { ALL, engine, fakeUpstream, harness, jsonResult, W } from './support/fakes.ts';

const sse = { 'content-type': 'text/event-stream' };

describe('sessions (D21)', () => {
  const begin = () => {
    const upstream = fakeUpstream((message) =>
      message?.method === 'initialize'
        ? jsonResult(message.id!.text, {}, { headers: { 'mcp-session-id': 'S1' } })
        : message?.id === undefined
          ? new Response(null, { status: 202 })
          : jsonResult(message.id.text, {}),
    );
    const h = harness({ upstream });
    const as = (user: string, init: { method?: string; session?: string } = {}) =>
      h.send('{"jsonrpc":"2.0","id":1,"method":"ping"}', {
        method: init.method ?? 'POST',
        headers: { authorization: `Bearer ${user}`, 'mcp-session-id': init.session ?? 'S1' },
      });
    return { ...h, as };
  };

  it('belong to the identity that began them, for every verb', async () => {
    const { call, as, upstream } = begin();
    expect((await call('initialize', {})).headers.get('mcp-session-id')).toBe('S1');
    expect((await as('u')).status).toBe(200);
    for (const method of ['POST', 'GET', 'DELETE']) {
      const response = await as('other', { method });
      expect(response.status).toBe(404);
      expect((await response.json()).error.code).toBe(-32001);
    }
    expect(upstream.forwarded).toHaveLength(2);
  });

  it.each(['S2', 'S1,S1', 'S1 ', '\u00fc'])('refuses the id %j', async (session) => {
    const { call, as, upstream } = begin();
    await call('initialize', {});
    const { status } = await as('u', { session });
    // A trailing blank is no part of a header's value; everything else is another session.
    expect(status).toBe(
      session === 'S1 ' ? 200 : session.includes(',') || session > '~' ? 400 : 404,
    );
    expect(upstream.forwarded).toHaveLength(session === 'S1 ' ? 2 : 1);
  });

  it('end with DELETE', async () => {
    const { call, as } = begin();
    await call('initialize', {});
    expect((await as('u', { method: 'DELETE' })).status).toBe(202);
    expect((await as('u')).status).toBe(404);
  });

  it("are not begun with an id of the client's choice", async () => {
    const { send, upstream } = begin();
    await send('{"jsonrpc":"2.0","id":1,"method":"initialize"}', {
      headers: { 'mcp-session-id': 'chosen' },
    });
    expect(upstream.forwarded[0]?.context.headers.has('mcp-session-id')).toBe(false);
  });

  it('are not taken over when an upstream names one twice', async () => {
    const { call, send } = begin();
    await call('initialize', {});
    const second = await send('{"jsonrpc":"2.0","id":1,"method":"initialize"}', {
      headers: { authorization: 'Bearer other' },
    });
    expect(second.headers.has('mcp-session-id')).toBe(false);
  });

  it('are forgotten after their time', async () => {
    let clock = 0;
    const upstream = fakeUpstream((m) =>
      jsonResult(m!.id!.text, {}, { headers: { 'mcp-session-id': 'S1' } }),
    );
    const { createMemorySessionStore } = await import('../src/index.ts');
    const h = harness({
      upstream,
      sessions: createMemorySessionStore({ ttl: 1000, now: () => clock }),
    });
    await h.call('initialize', {});
    clock = 1001;
    expect((await h.call('ping', {}, { 'mcp-session-id': 'S1' })).status).toBe(404);
  });
});

describe('answers of the client (D8)', () => {
  it('pass once, and only for a question of the server', async () => {
    const question = '{"jsonrpc":"2.0","id":"q1","method":"elicitation/create","params":{}}';
    const upstream = fakeUpstream((message) =>
      message?.kind === 'response'
        ? new Response(null, { status: 202 })
        : new Response(`data: ${question}\n\n`, { headers: sse }),
    );
    const h = harness({ upstream });
    const answer = (id: string, user = 'u') =>
      h.send(`{"jsonrpc":"2.0","id":${id},"result":{}}`, {
        headers: { authorization: `Bearer ${user}` },
      });
    expect((await answer('"q1"')).status).toBe(400);
    await (await h.call('ping')).text();
    expect((await answer('"q2"')).status).toBe(400);
    expect((await answer('"q1"', 'other')).status).toBe(400);
    expect((await answer('"q\\u0031"')).status).toBe(202);
    expect((await answer('"q1"')).status).toBe(400);
  });
});

describe('headers (D20)', () => {
  it("keeps the caller's credentials and hop-by-hop headers from the upstream", async () => {
    const { call, upstream } = harness();
    await call(
      'ping',
      {},
      {
        cookie: 'a=b',
        'proxy-authorization': 'Basic x',
        connection: 'x-secret, keep-alive',
        'x-secret': '1',
        te: 'trailers',
        'x-forwarded-for': '1.2.3.4',
        forwarded: 'for=1.2.3.4',
        'x-custom': 'stays',
        'accept-encoding': 'gzip',
      },
    );
    const { headers } = upstream.forwarded[0]!.context;
    expect(Object.fromEntries(headers)).toEqual({
      'accept-encoding': 'identity',
      'content-type': 'application/json',
      'x-custom': 'stays',
    });
  });

  it('drops headers that mirror a body in the era that does not compare them', async () => {
    const { call, upstream } = harness({ authorize: W });
    const mirrors = { 'mcp-method': 'tools/call', 'mcp-name': 'admin_tool', 'mcp-param-x': '1' };
    await call('tools/call', { name: 'weather' }, mirrors);
    await call('initialize', {}, { ...mirrors, 'mcp-protocol-version': '2026-07-28' });
    for (const { context } of upstream.forwarded) {
      for (const name of Object.keys(mirrors)) expect(context.headers.has(name)).toBe(false);
    }
    expect(upstream.forwarded).toHaveLength(2);
  });
});

describe('origins (D36)', () => {
  it.each<[string, Record<string, string>, number]>([
    ['no Origin', {}, 200],
    ['loopback with the port', { origin: 'http://localhost:8080' }, 200],
    ['loopback in capitals', { origin: 'HTTP://LOCALHOST:8080' }, 200],
    ['IPv6 loopback', { origin: 'http://[::1]:8080', host: '[::1]:8080' }, 200],
    ['an allowed one', { origin: 'https://app.example' }, 200],
    ['loopback with another port', { origin: 'http://localhost:9090' }, 403],
    ['a foreign one', { origin: 'https://evil.example' }, 403],
    ['one that begins alike', { origin: 'http://localhost:8080.evil.example' }, 403],
    ['null', { origin: 'null' }, 403],
    ['two', { origin: 'http://localhost:8080, https://evil.example' }, 403],
    ['with a path', { origin: 'http://localhost:8080/x' }, 403],
    ['a foreign Host', { host: 'evil.example:8080' }, 403],
    ['a Host without the port', { host: 'localhost' }, 403],
    ['a Host with another port', { host: 'localhost:80' }, 403],
    ['an allowed Host', { host: 'tunnel.example' }, 200],
    ['userinfo in Host', { host: 'localhost:8080@evil.example' }, 403],
  ])('%s', async (_, headers, status) => {
    const { call, upstream } = harness({
      origins: {
        loopbackPort: 8080,
        allowedOrigins: ['https://app.example'],
        allowedHosts: ['tunnel.example'],
      },
    });
    expect((await call('ping', {}, headers)).status).toBe(status);
    expect(upstream.forwarded).toHaveLength(status === 200 ? 1 : 0);
  });

  it('answers a preflight before sign-in and shows browsers what they need', async () => {
    const { send } = harness();
    const headers = {
      origin: 'http://localhost:8080',
      authorization: '',
      'access-control-request-method': 'POST',
    };
    const preflight = await send(null as never, { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('http://localhost:8080');
    expect(preflight.headers.get('access-control-allow-headers')).not.toContain('Param');
    const refused = await send('{}', { headers });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
  });
});

describe('a preflight', () => {
  it('lets pages repeat arguments in headers, and nothing else that they think of', async () => {
    const { send } = harness();
    const headers = {
      origin: 'http://localhost:8080',
      'access-control-request-headers':
        'content-type, mcp-param-city, Mcp-Param-Unit_2, x-evil, mcp-param-, mcp-param-a b, *',
    };
    const preflight = await send(null as never, { method: 'OPTIONS', headers });
    const allowed = preflight.headers.get('access-control-allow-headers') ?? '';
    expect(allowed.split(', ').slice(-2)).toEqual(['mcp-param-city', 'Mcp-Param-Unit_2']);
    expect(allowed).not.toMatch(/evil|\*|a b/);
    expect(preflight.headers.get('vary')).toContain('Access-Control-Request-Headers');
  });
});

describe('hints (D30)', () => {
  const tools = (...names: string[]) =>
    names.map((name) => ({ name, annotations: { readOnlyHint: name === 'read' } }));
  const readOnly = engine((r) => r.action === 'call_tool' && r.hints?.readOnlyHint === true, true);
  const paged = () =>
    fakeUpstream((message) => {
      const id = message!.id!.text;
      if (message?.method !== 'tools/list') return jsonResult(id, {});
      return message.params?.['cursor'] === 'c2'
        ? jsonResult(id, { tools: tools('read') })
        : jsonResult(id, { tools: tools('write'), nextCursor: 'c2' });
    });

  it('are fetched before the first call, over all pages', async () => {
    const { call, upstream } = harness({ authorize: readOnly, upstream: paged() });
    expect((await call('tools/call', { name: 'read' })).status).toBe(200);
    expect((await call('tools/call', { name: 'write' })).status).toBe(403);
    expect(upstream.forwarded.map((f) => f.message?.method)).toEqual([
      'tools/list',
      'tools/list',
      'tools/call',
    ]);
  });

  it('never come from the client, and an unlisted tool is denied', async () => {
    const { call, reports } = harness({ authorize: engine(() => true, true), upstream: paged() });
    const response = await call('tools/call', {
      name: 'hidden',
      annotations: { readOnlyHint: true },
    });
    expect(response.status).toBe(403);
    expect(reports[0]?.reason).toBe('tool-not-listed');
  });

  it("survive another caller's empty page", async () => {
    let empty = false;
    const upstream = fakeUpstream((message) => {
      const id = message!.id!.text;
      if (message?.method !== 'tools/list') return jsonResult(id, {});
      return jsonResult(id, { tools: empty ? [] : tools('write') });
    });
    const destructive = engine(
      (r) => r.hints === undefined || r.hints.readOnlyHint !== false,
      true,
    );
    const h = harness({ authorize: destructive, upstream });
    await h.call('tools/list');
    empty = true;
    await h.call('tools/list', { cursor: 'x' });
    empty = false;
    expect((await h.call('tools/call', { name: 'write' })).status).toBe(403);
  });

  it('are read anew after a while, since nobody may have been told that they changed', async () => {
    let clock = 0;
    let readOnlyHint = true;
    const upstream = fakeUpstream((message) => {
      const id = message!.id!.text;
      const list = { tools: [{ name: 'read', annotations: { readOnlyHint } }] };
      return jsonResult(id, message?.method === 'tools/list' ? list : {});
    });
    const { call } = harness({ authorize: readOnly, upstream, now: () => clock });
    expect((await call('tools/call', { name: 'read' })).status).toBe(200);
    readOnlyHint = false;
    clock = 4 * 60_000;
    expect((await call('tools/call', { name: 'read' })).status).toBe(200);
    clock = 5 * 60_000;
    expect((await call('tools/call', { name: 'read' })).status).toBe(403);
  });

  it('that cannot be had stop the call', async () => {
    const upstream = fakeUpstream(
      (m) => new Response('nope', { status: m?.method === 'tools/list' ? 500 : 200 }),
    );
    const { call } = harness({ authorize: readOnly, upstream });
    expect((await call('tools/call', { name: 'read' })).status).toBe(502);
  });
});

describe('routes', () => {
  const document = {
    resource: 'http://localhost:8080/mcp',
    authorization_servers: ['https://idp.test'],
  };
  const get = async (
    path: string,
    method = 'GET',
    resourceMetadata: (() => object) | null = () => document,
  ) => {
    const h = harness(
      resourceMetadata === null ? {} : { resourceMetadata: resourceMetadata as never },
    );
    return h.proxy.fetch(new Request(`http://localhost:8080${path}`, { method }));
  };

  it.each([
    ['/.well-known/oauth-protected-resource', 200],
    ['/.well-known/oauth-protected-resource/mcp', 200],
    ['/.well-known/oauth-protected-resource/other', 404],
    ['/.well-known/oauth-protected-resourceXYZ', 404],
    ['/.well-known/openid-configuration', 404],
    ['/metrics', 404],
    ['/', 404],
    ['/healthz', 200],
    ['/readyz', 200],
  ])('GET %s is %i', async (path, status) => {
    expect((await get(path)).status).toBe(status);
  });

  it('serve the metadata to every origin, and only to be read', async () => {
    const path = '/.well-known/oauth-protected-resource';
    expect(await (await get(path)).json()).toEqual(document);
    expect((await get(path)).headers.get('access-control-allow-origin')).toBe('*');
    expect((await get(path, 'OPTIONS')).status).toBe(204);
    expect((await get(path, 'POST')).status).toBe(405);
    const none = await get(path, 'GET', null);
    expect([none.status, await none.json()]).toEqual([404, { error: 'not_found' }]);
  });

  it('say not ready, and no more, while something is missing', async () => {
    const h = harness({
      readiness: [async () => Promise.reject(new Error('jwks at https://internal'))],
    });
    const response = await h.proxy.fetch(new Request('http://localhost:8080/readyz'));
    expect([response.status, await response.text()]).toEqual([503, 'not ready\n']);
    expect(h.errors).toHaveLength(1);
  });

  it('say degraded while something works, but not as configured', async () => {
    const h = harness({ degraded: () => true });
    const response = await h.proxy.fetch(new Request('http://localhost:8080/readyz'));
    expect([response.status, await response.text()]).toEqual([200, 'degraded\n']);
  });
});

describe('what breaks inside', () => {
  it('is a 500 that says nothing and forwards nothing', async () => {
    const broken = {
      ...ALL,
      authorize: () => {
        throw new Error('secret detail');
      },
    };
    const { call, upstream, errors } = harness({ authorize: broken });
    const response = await call('tools/call', { name: 'x' });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret detail');
    expect(upstream.forwarded).toHaveLength(0);
    expect(errors).toHaveLength(1);
  });
});

describe('a proxy without sessions and streams', () => {
  it.each(['GET', 'DELETE'])('has no %s, whichever way it is asked', async (method) => {
    const { proxy, upstream } = harness({ stateless: true });
    const headers = { host: 'localhost:8080', authorization: 'Bearer u' };
    const request = new Request('http://localhost:8080/mcp', { method, headers });
    const answers = [
      await proxy.fetch(request),
      await proxy.answer({
        method,
        url: request.url,
        headers: new Headers(headers),
        signal: request.signal,
        read: async () => new Uint8Array(),
      }),
    ];
    for (const { status, headers: given } of answers) {
      expect([status, given.get('allow')]).toEqual([405, 'POST, OPTIONS']);
    }
    expect(upstream.forwarded).toEqual([]);
  });
});
