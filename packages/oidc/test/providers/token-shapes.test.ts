/** Tokens as the providers of docs/providers really make them. Values are invented. */
import { describe, expect, it } from 'vitest';
import type { TokenValidatorOptions } from '../../src/index.ts';
import { createFakeProvider, DISCOVERY, json } from '../support/fake-provider.ts';
import { outcome, validatorFor } from '../support/validator.ts';

async function judge(
  token: { readonly claims: Record<string, unknown>; readonly header?: Record<string, unknown> },
  options: Partial<TokenValidatorOptions>,
) {
  const issuer = String(options.issuer);
  const provider = await createFakeProvider(issuer);
  const path = new URL(issuer).pathname.replace(/\/$/, '');
  provider.routes.set(`${path}${DISCOVERY}`, () =>
    json({ issuer, jwks_uri: `${new URL(issuer).origin}/jwks` }),
  );
  const { claims, ...rest } = provider.claims() as { claims?: never };
  const { sub: _, aud: __, ...times } = rest as Record<string, unknown>;
  const validator = validatorFor(provider, options);
  return validator.validate(await provider.sign({ ...times, ...token.claims }, token.header));
}

describe('Microsoft Entra ID', () => {
  const tenant = '11111111-2222-3333-4444-555555555555';
  const v2 = {
    aud: '99999999-8888-7777-6666-555555555555',
    azp: '12121212-3434-5656-7878-909090909090',
    name: 'Alice',
    oid: 'aaaaaaaa-0000-0000-0000-000000000000',
    preferred_username: 'alice@contoso.example',
    rh: '0.AX',
    roles: ['Mcp.Admin'],
    scp: 'mcp.read mcp.write',
    sub: 'pairwise-subject',
    tid: tenant,
    uti: 'x',
    ver: '2.0',
  };

  it('v2 access token: GUID audience, scp as text', async () => {
    const issuer = `https://login.microsoftonline.com/${tenant}/v2.0`;
    const identity = await judge(
      { claims: v2, header: { typ: 'JWT' } },
      { issuer, audiences: [v2.aud] },
    );
    expect(identity).toMatchObject({
      issuer,
      subject: 'pairwise-subject',
      scopes: ['mcp.read', 'mcp.write'],
    });
  });

  it('v1 access token: sts issuer with slash, api:// audience, appid', async () => {
    const issuer = `https://sts.windows.net/${tenant}/`;
    const claims = {
      ...v2,
      aud: 'api://mcp',
      ver: '1.0',
      appid: v2.azp,
      azp: undefined,
      upn: 'alice@contoso.example',
    };
    const options = {
      issuer,
      audiences: ['api://mcp'],
      allowedClients: [v2.azp],
      principalClaim: 'oid',
    };
    expect(await judge({ claims }, options)).toMatchObject({ subject: v2.oid });
  });

  it('app-only token: roles but no scp', async () => {
    const issuer = `https://login.microsoftonline.com/${tenant}/v2.0`;
    const identity = await judge(
      { claims: { ...v2, scp: undefined, idtyp: 'app' } },
      { issuer, audiences: [v2.aud] },
    );
    expect(identity.scopes).toEqual([]);
  });
});

describe('Okta', () => {
  it('custom authorization server: scp as list, cid, uid', async () => {
    const issuer = 'https://dev.okta.example/oauth2/default';
    const claims = {
      ver: 1,
      jti: 'AT.x',
      aud: 'api://default',
      cid: '0oa1',
      uid: '00u1',
      scp: ['openid', 'mcp'],
      auth_time: 1,
      sub: 'alice@example.com',
    };
    const identity = await judge(
      { claims },
      { issuer, audiences: ['api://default'], allowedClients: ['0oa1'] },
    );
    expect(identity.scopes).toEqual(['openid', 'mcp']);
  });
});

describe('Auth0', () => {
  it('API token: issuer with slash, two audiences, namespaced claims, permissions', async () => {
    const issuer = 'https://tenant.eu.auth0.example/';
    const claims = {
      sub: 'auth0|64a',
      aud: ['https://mcp.example.com', 'https://tenant.eu.auth0.example/userinfo'],
      azp: 'client',
      scope: 'openid profile read:weather',
      permissions: ['read:weather'],
      'https://example.com/roles': ['admin'],
    };
    const identity = await judge(
      { claims, header: { typ: 'at+jwt' } },
      { issuer, audiences: ['https://mcp.example.com'] },
    );
    expect(identity.subject).toBe('auth0|64a');
    expect(identity.claims['https://example.com/roles']).toEqual(['admin']);
  });
});

describe('Keycloak', () => {
  const issuer = 'https://keycloak.example/realms/demo';
  const claims = {
    jti: 'trrtcc:1',
    aud: ['mcp', 'account'],
    sub: '6f1',
    typ: 'Bearer',
    azp: 'cli',
    sid: 's',
    acr: '1',
    nonce: 'kept by older versions',
    'allowed-origins': ['*'],
    realm_access: { roles: ['offline_access', 'admin'] },
    resource_access: { mcp: { roles: ['caller'] }, account: { roles: ['view-profile'] } },
    scope: 'openid email profile',
    preferred_username: 'alice',
  };

  it('access token with nested roles, also where ID tokens are refused', async () => {
    const identity = await judge({ claims }, { issuer, audiences: ['mcp'], refuseIdTokens: true });
    expect(identity.claims['realm_access']).toEqual({ roles: ['offline_access', 'admin'] });
  });

  it('ID token is recognised by its typ', async () => {
    const work = judge(
      { claims: { ...claims, typ: 'ID', nonce: undefined } },
      { issuer, audiences: ['mcp'], refuseIdTokens: true },
    );
    expect(await outcome(work)).toBe('ERR_OIDC_TOKEN_TYPE');
  });
});

describe('Amazon Cognito', () => {
  const issuer = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc';
  const access = {
    sub: 'u',
    device_key: 'd',
    'cognito:groups': ['g'],
    token_use: 'access',
    scope: 'mcp/read',
    auth_time: 1,
    jti: 'j',
    client_id: 'app1',
    username: 'alice',
    version: 2,
  };
  const options = {
    issuer,
    audiences: ['app1'],
    audienceClaim: 'client_id',
    requiredClaims: { token_use: 'access' },
  };

  it('access token: no aud, so the client is compared, explicitly', async () => {
    expect(await judge({ claims: access }, options)).toMatchObject({
      subject: 'u',
      scopes: ['mcp/read'],
    });
    expect(await outcome(judge({ claims: access }, { issuer, audiences: ['app1'] }))).toBe(
      'ERR_OIDC_AUDIENCE',
    );
  });

  it('ID token is refused', async () => {
    const id = { ...access, token_use: 'id', aud: 'app1' };
    expect(await outcome(judge({ claims: id }, options))).toBe('ERR_OIDC_CLAIM');
    const { client_id: _, ...plain } = id;
    expect(await outcome(judge({ claims: plain }, options))).toBe('ERR_OIDC_AUDIENCE');
  });
});

describe('Google', () => {
  const issuer = 'https://accounts.google.com';
  const audience = '123.apps.googleusercontent.com';
  const claims = {
    azp: audience,
    aud: audience,
    sub: '1101',
    hd: 'example.com',
    email: 'a@example.com',
    email_verified: true,
    at_hash: 'h',
  };

  it('ID token under both spellings of the issuer, if the second one is allowed', async () => {
    const options = { issuer, audiences: [audience] };
    expect(await judge({ claims }, options)).toMatchObject({ subject: '1101' });
    const short = { ...claims, iss: 'accounts.google.com' };
    expect(await outcome(judge({ claims: short }, options))).toBe('ERR_OIDC_ISSUER');
    const aliased = { ...options, issuerAliases: ['accounts.google.com'] };
    expect(await judge({ claims: short }, aliased)).toMatchObject({ issuer, subject: '1101' });
  });

  it('requires the hosted domain when asked to', async () => {
    const options = { issuer, audiences: [audience], requiredClaims: { hd: 'other.example' } };
    expect(await outcome(judge({ claims }, options))).toBe('ERR_OIDC_CLAIM');
  });
});

describe('Kubernetes', () => {
  const issuer = 'https://kubernetes.default.svc.cluster.local';
  const account = (namespace: string, name: string) => ({
    aud: ['mcp'],
    sub: `system:serviceaccount:${namespace}:${name}`,
    jti: 'j',
    'kubernetes.io': {
      namespace,
      pod: { name: 'p', uid: '1' },
      serviceaccount: { name, uid: '2' },
      warnafter: 1,
    },
  });
  const pin = {
    issuer,
    audiences: ['mcp'],
    serviceAccounts: [{ namespace: 'ai', name: 'agents' }],
  };

  it('projected token of the pinned account passes', async () => {
    expect(await judge({ claims: account('ai', 'agents') }, pin)).toMatchObject({
      subject: 'system:serviceaccount:ai:agents',
    });
  });

  it.each([
    ['another account', account('ai', 'other')],
    ['another namespace', account('dev', 'agents')],
    ['a name with a colon', { aud: 'mcp', sub: 'system:serviceaccount:ai:agents:x' }],
    ['another kind of user', { aud: 'mcp', sub: 'system:node:ai:agents' }],
    [
      'claims that disagree',
      { ...account('dev', 'agents'), sub: 'system:serviceaccount:ai:agents' },
    ],
    ['names that disagree', { ...account('ai', 'other'), sub: 'system:serviceaccount:ai:agents' }],
  ])('136: %s is refused', async (_, claims) => {
    expect(await outcome(judge({ claims }, pin))).toBe('ERR_OIDC_SERVICE_ACCOUNT');
  });

  it('a whole namespace can be admitted', async () => {
    const options = { ...pin, serviceAccounts: [{ namespace: 'ai' }] };
    expect(await outcome(judge({ claims: account('ai', 'other') }, options))).toBe('accepted');
    expect(await outcome(judge({ claims: account('dev', 'other') }, options))).toBe(
      'ERR_OIDC_SERVICE_ACCOUNT',
    );
  });
});
