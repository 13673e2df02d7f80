import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  DEV_CLIENT,
  DEV_PUBLIC_CLIENT_ID,
  type DevIdp,
  startDevIdp,
} from '../src/dev-idp/index.ts';
import { createBrowser, signInAs } from './browser.ts';

const BASIC = `Basic ${Buffer.from(`${DEV_CLIENT.id}:${DEV_CLIENT.secret}`).toString('base64')}`;
const consoleCalls = (['log', 'info', 'warn', 'error'] as const).map((name) =>
  vi.spyOn(console, name).mockImplementation(() => undefined),
);

let idp: DevIdp;

beforeAll(async () => {
  idp = await startDevIdp();
});

afterAll(async () => {
  await idp.close();
  // The last word: nothing of the above may have reached the console.
  expect(consoleCalls.flatMap((spy) => spy.mock.calls)).toEqual([]);
});

async function post(
  url: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
) {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form), headers });
  // Safe: every endpoint here answers with a JSON object.
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function verify(token: unknown, audience?: string) {
  const keys = createRemoteJWKSet(new URL(idp.jwksUrl));
  return jwtVerify(String(token), keys, { issuer: idp.issuer, ...(audience && { audience }) });
}

function introspect(token: unknown) {
  return post(idp.introspectionUrl, { token: String(token) }, { authorization: BASIC });
}

describe('discovery', () => {
  it.each(['openid-configuration', 'oauth-authorization-server'])('serves %s', async (name) => {
    const response = await fetch(`${idp.issuer}/.well-known/${name}`);
    expect(await response.json()).toMatchObject({
      issuer: idp.issuer,
      jwks_uri: idp.jwksUrl,
      token_endpoint: idp.tokenUrl,
      introspection_endpoint: idp.introspectionUrl,
      registration_endpoint: `${idp.issuer}/reg`,
      code_challenge_methods_supported: ['S256'],
    });
  });

  it('publishes public keys only, each with its use and algorithm', async () => {
    const { keys } = (await (await fetch(idp.jwksUrl)).json()) as {
      keys: Record<string, string>[];
    };
    expect(keys.map(({ alg, use }) => [alg, use])).toEqual([
      ['RS256', 'sig'],
      ['ES256', 'sig'],
    ]);
    expect(keys.flatMap((key) => Object.keys(key))).not.toContain('d');
  });
});

describe('POST /dev/token', () => {
  it('signs any claims, from JSON', async () => {
    const response = await fetch(idp.devTokenUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sub: 'alice', aud: ['a', 'b'], claims: { roles: ['premium'] } }),
    });
    const { access_token, expires_in } = (await response.json()) as Record<string, unknown>;
    const { payload, protectedHeader } = await verify(access_token, 'b');
    expect(payload).toMatchObject({ sub: 'alice', aud: ['a', 'b'], roles: ['premium'] });
    expect(payload.exp! - payload.iat!).toBe(expires_in);
    expect(protectedHeader).toMatchObject({ alg: 'RS256', typ: 'at+jwt' });
  });

  it('signs any claims, from a form, and answers with the bare token on request', async () => {
    const response = await fetch(idp.devTokenUrl, {
      method: 'POST',
      headers: { accept: 'text/plain' },
      body: new URLSearchParams({ sub: 'bob', aud: 'x', claims: '{"n":1}', alg: 'ES256' }),
    });
    const token = await response.text();
    expect(decodeProtectedHeader(token).alg).toBe('ES256');
    expect((await verify(token, 'x')).payload).toMatchObject({ sub: 'bob', n: 1 });
  });

  it('issues opaque tokens that introspection knows, claims included', async () => {
    const { body } = await post(idp.devTokenUrl, {
      sub: 'carol',
      aud: 'mcp',
      scope: 'read write',
      claims: '{"roles":["x"]}',
      opaque: 'true',
    });
    expect(body['access_token']).not.toContain('.');
    expect((await introspect(body['access_token'])).body).toMatchObject({
      active: true,
      sub: 'carol',
      aud: 'mcp',
      iss: idp.issuer,
      scope: 'read write',
      roles: ['x'],
    });
  });

  it.each([
    ['an unknown field', { subject: 'x' }, /unknown field "subject"/],
    ['claims that are no object', { claims: '[1]' }, /claims must be a JSON object/],
    ['a lifetime that is no number', { expires_in: 'soon' }, /whole number/],
    ['an unknown algorithm', { alg: 'HS256' }, /RS256, ES256/],
  ])('refuses %s', async (_name, form: Record<string, string>, message) => {
    const { status, body } = await post(idp.devTokenUrl, form);
    expect(status).toBe(400);
    expect(body['error_description']).toMatch(message);
  });

  it('is not for web pages of other sites', async () => {
    const { status } = await post(idp.devTokenUrl, {}, { origin: 'https://evil.example' });
    expect(status).toBe(403);
  });
});

describe('issueToken', () => {
  it('leaves out what is null and lets claims win', async () => {
    const token = await idp.issueToken({ aud: 'x', claims: { iss: 'other', exp: null, sub: 7 } });
    const payload = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
    expect(payload).toMatchObject({ iss: 'other', sub: 7, aud: 'x' });
    expect(payload).not.toHaveProperty('exp');
  });

  it('makes expired tokens', async () => {
    const token = await idp.issueToken({ expiresIn: -60 });
    await expect(verify(token)).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
    const opaque = await idp.issueToken({ expiresIn: -60, opaque: true });
    expect((await introspect(opaque)).body).toEqual({ active: false });
  });
});

describe('introspection', () => {
  it('knows its own JWTs too', async () => {
    const token = await idp.issueToken({ sub: 'dave', aud: 'x' });
    expect((await introspect(token)).body).toMatchObject({ active: true, sub: 'dave', aud: 'x' });
  });

  it.each(['nonsense', 'eyJhbGciOiJSUzI1NiJ9.e30.AAAA'])(
    'answers inactive to %s',
    async (token) => {
      expect(await introspect(token)).toEqual({ status: 200, body: { active: false } });
    },
  );

  it('refuses a caller without credentials, for JWTs as well', async () => {
    for (const token of ['nonsense', await idp.issueToken()]) {
      expect((await post(idp.introspectionUrl, { token })).status).toBeGreaterThanOrEqual(400);
    }
  });
});

describe('client_credentials', () => {
  const form = { grant_type: 'client_credentials', scope: 'mcp:use' };

  it.each([
    ['resource', 'https://mcp.example/mcp'],
    ['audience', 'weather mcp'],
  ])('issues a JWT for the audience that %s names', async (name, audience) => {
    const { body } = await post(
      idp.tokenUrl,
      { ...form, [name]: audience },
      { authorization: BASIC },
    );
    const { payload } = await verify(body['access_token'], audience);
    expect(payload).toMatchObject({ sub: DEV_CLIENT.id, scope: 'mcp:use' });
    expect(payload.iat).toBeTypeOf('number');
  });

  it('issues an opaque token when no audience is named', async () => {
    const { body } = await post(idp.tokenUrl, form, { authorization: BASIC });
    expect((await introspect(body['access_token'])).body).toMatchObject({ active: true });
  });
});

async function signIn(clientId: string, redirectUri: string, extra: Record<string, string>) {
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const query = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...extra,
  });
  const back = await signInAs('erin', `${idp.issuer}/auth?${query}`, '{"dept":"r&d"}');
  expect(back.href.startsWith(redirectUri)).toBe(true);
  return post(idp.tokenUrl, {
    grant_type: 'authorization_code',
    client_id: clientId,
    code: back.searchParams.get('code')!,
    code_verifier: verifier,
    redirect_uri: redirectUri,
  });
}

describe('authorization code with PKCE', () => {
  it('signs in with the public client on any loopback port', async () => {
    const { status, body } = await signIn(DEV_PUBLIC_CLIENT_ID, 'http://127.0.0.1:7777/callback', {
      resource: 'https://mcp.example/mcp',
      scope: 'openid mcp:use',
    });
    expect(status).toBe(200);
    const { payload } = await verify(body['access_token'], 'https://mcp.example/mcp');
    expect(payload).toMatchObject({ sub: 'erin', dept: 'r&d', scope: 'openid mcp:use' });
    expect((await verify(body['id_token'], DEV_PUBLIC_CLIENT_ID)).payload.sub).toBe('erin');
    expect(body['refresh_token']).toBeTypeOf('string');
  });

  it('refuses to start without PKCE', async () => {
    const query = new URLSearchParams({
      client_id: DEV_CLIENT.id,
      response_type: 'code',
      redirect_uri: 'http://localhost/callback',
    });
    const { location } = await createBrowser()(`${idp.issuer}/auth?${query}`);
    expect(new URL(location!).searchParams.get('error')).toBe('invalid_request');
  });

  it('serves a client that registers itself', async () => {
    const redirectUri = 'http://localhost:6274/oauth/callback';
    const registration = await fetch(`${idp.issuer}/reg`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_name: 'some MCP client',
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
      }),
    });
    const { client_id } = (await registration.json()) as { client_id: string };
    const { body } = await signIn(client_id, redirectUri, { audience: 'weather' });
    expect((await verify(body['access_token'], 'weather')).payload.sub).toBe('erin');
  });
});

describe('rotateKeys', () => {
  it('replaces the keys and keeps the clients', async () => {
    const own = await startDevIdp({ algorithm: 'ES256' });
    try {
      const before = await own.issueToken();
      await own.rotateKeys();
      const keys = createRemoteJWKSet(new URL(own.jwksUrl));
      await expect(jwtVerify(before, keys)).rejects.toMatchObject({
        code: 'ERR_JWKS_NO_MATCHING_KEY',
      });
      await jwtVerify(await own.issueToken(), keys, { algorithms: ['ES256'] });
      const { body } = await post(
        own.tokenUrl,
        { grant_type: 'client_credentials', audience: 'x' },
        { authorization: BASIC },
      );
      await jwtVerify(String(body['access_token']), keys, { algorithms: ['ES256'] });
    } finally {
      await own.close();
    }
  });
});

describe('loopback only', () => {
  it.each(['0.0.0.0', '192.0.2.1', 'example.com', '127.0.0.1.example.com'])(
    'refuses to bind %s',
    async (host) => {
      await expect(startDevIdp({ host })).rejects.toThrow(TypeError);
    },
  );

  it('refuses a Host that is not this machine', async () => {
    const status = await new Promise((resolve, reject) => {
      const { port } = new URL(idp.issuer);
      httpRequest(
        { port, host: '127.0.0.1', path: '/jwks', headers: { host: `evil.example:${port}` } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      )
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
  });
});
