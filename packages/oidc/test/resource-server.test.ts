import { beforeEach, describe, expect, it } from 'vitest';
import { createResourceServer, createTokenValidator, type ResourceServer } from '../src/index.ts';
import {
  AUDIENCE,
  createFakeProvider,
  type FakeProvider,
  ISSUER,
} from './support/fake-provider.ts';

const RESOURCE = 'https://mcp.test/mcp';
let provider: FakeProvider;
let server: ResourceServer;

function request(authorization?: string): Request {
  return new Request(RESOURCE, authorization === undefined ? {} : { headers: { authorization } });
}

beforeEach(async () => {
  provider = await createFakeProvider();
  const validator = createTokenValidator({
    issuer: ISSUER,
    audiences: [AUDIENCE],
    fetch: provider.fetch,
    now: provider.now,
  });
  server = createResourceServer({
    validator,
    resource: RESOURCE,
    authorizationServers: [ISSUER],
    scopes: ['mcp:read'],
    requiredScopes: ['mcp:read'],
    scopeImplies: { 'mcp:admin': ['mcp:write'], 'mcp:write': ['mcp:read'] },
  });
});

describe('createResourceServer', () => {
  it('lets a request with a good token pass', async () => {
    const token = await provider.sign(provider.claims({ scope: 'mcp:read other' }));
    const identity = await server.verify(request(`Bearer ${token}`));
    expect(identity).toMatchObject({ issuer: ISSUER, subject: 'alice', token });
    expect(identity.scopes).toEqual(['mcp:read', 'other']);
  });

  it('answers a request without token with 401 and the whole challenge', async () => {
    const answer = await server.require(request());
    if (!(answer instanceof Response)) throw new Error('expected a refusal');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer realm="https://idp.test", ' +
        'resource_metadata="https://mcp.test/.well-known/oauth-protected-resource/mcp", ' +
        'scope="mcp:read", error="invalid_token", error_description="Authentication required"',
    );
    expect(await answer.json()).toEqual({
      error: 'invalid_token',
      error_description: 'Authentication required',
    });
  });

  it('forbids caches to keep any refusal', async () => {
    const bad = ['Bearer a b', 'Bearer a.b.c', undefined];
    const refusals = await Promise.all(bad.map((value) => server.require(request(value))));
    for (const answer of [...refusals, server.toResponse(new Error('unexpected'))]) {
      expect((answer as Response).headers.get('cache-control')).toBe('no-store');
      expect((answer as Response).headers.get('content-type')).toBe('application/json');
    }
  });

  it('follows chains of implied scopes', async () => {
    const token = await provider.sign(provider.claims({ scp: ['mcp:admin'] }));
    expect(await server.verify(request(`Bearer ${token}`))).toMatchObject({ subject: 'alice' });
  });

  it('answers a token without the required scope with 403 and the scope to ask for', async () => {
    const token = await provider.sign(provider.claims({ scope: 'other' }));
    const answer = await server.require(request(`Bearer ${token}`));
    if (!(answer instanceof Response)) throw new Error('expected a refusal');
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
    expect(answer.headers.get('www-authenticate')).toContain('scope="mcp:read"');
  });

  it('wants every scope, not one of several', async () => {
    const identityWith = async (scope: string) =>
      server.verify(request(`Bearer ${await provider.sign(provider.claims({ scope }))}`));
    const both = ['mcp:read', 'mcp:delete'];
    const reader = await identityWith('mcp:read');
    expect(() => server.assertScopes(reader, both)).toThrow(
      expect.objectContaining({
        code: 'ERR_OIDC_INSUFFICIENT_SCOPE',
        detail: expect.objectContaining({ requiredScopes: both }),
      }),
    );
    const deleter = await identityWith('mcp:delete mcp:read');
    expect(() => server.assertScopes(deleter, both)).not.toThrow();
  });

  it('answers 503 with Retry-After and no challenge while the provider is down', async () => {
    provider.down = true;
    const token = await provider.sign(provider.claims({ scope: 'mcp:read' }));
    const answer = await server.require(request(`Bearer ${token}`));
    if (!(answer instanceof Response)) throw new Error('expected a refusal');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(answer.headers.has('www-authenticate')).toBe(false);
  });

  it('answers 500 without any detail when something unexpected was thrown', async () => {
    const answer = server.toResponse(new Error('secret detail'));
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret detail');
  });

  it('describes itself', () => {
    expect(server.metadata()).toEqual({
      resource: RESOURCE,
      authorization_servers: [ISSUER],
      bearer_methods_supported: ['header'],
      scopes_supported: ['mcp:read'],
    });
  });

  it('takes its URL late', () => {
    let resource: string | undefined;
    const validator = { validate: () => Promise.reject(new Error('unused')) };
    const late = createResourceServer({
      validator,
      resource: () => resource,
      authorizationServers: [],
    });
    expect(late.metadata()).toBeUndefined();
    resource = 'http://127.0.0.1:4711/mcp';
    expect(late.metadata()).toEqual({ resource, bearer_methods_supported: ['header'] });
  });
});
