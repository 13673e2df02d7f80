import { describe, expect, it } from 'vitest';
import { readIssuers } from '../src/issuers.ts';

const CORP = { name: 'corp', issuer: 'https://idp.example.com', audiences: ['mcp'] };

function read(...issuers: readonly unknown[]) {
  return readIssuers(issuers, '/etc/thv');
}

describe('issuers', () => {
  it('are several, with everything that the contract names', () => {
    expect(
      read(
        { ...CORP, required_scopes: ['mcp:use'], leeway: '1m', principal_claim: 'oid' },
        {
          name: 'cluster',
          kubernetes: { service_account: 'agents', namespace: 'ai' },
          audiences: ['mcp'],
        },
        {
          introspection: {
            url: 'https://api.example.com/introspect',
            client_id: 'gateway',
            client_secret_env: 'SECRET',
            auth: 'post',
            introspect_jwts: true,
            token_prefixes: ['op_'],
          },
          audiences: ['mcp'],
        },
      ),
    ).toEqual([
      {
        name: 'corp',
        config: {
          issuer: 'https://idp.example.com',
          audiences: ['mcp'],
          requiredScopes: ['mcp:use'],
          leeway: 60,
          principalClaim: 'oid',
        },
      },
      {
        name: 'cluster',
        config: {
          inCluster: true,
          serviceAccounts: [{ namespace: 'ai', name: 'agents' }],
          audiences: ['mcp'],
        },
      },
      {
        name: 'issuers[2]',
        config: {
          audiences: ['mcp'],
          introspection: {
            url: 'https://api.example.com/introspect',
            clientId: 'gateway',
            clientSecret: { env: 'SECRET' },
            auth: 'post',
            introspectJwts: true,
            tokenPrefixes: ['op_'],
          },
        },
      },
    ]);
  });

  it('reach their provider as they are told, with paths from the folder of the file', () => {
    const [issuer] = read({
      ...CORP,
      jwks_url: 'https://10.0.0.1/jwks',
      jwks_auth_token_file: 'token',
      ca_bundle_file: '/ca.pem',
      allow_private_addresses: true,
      allow_insecure_http: false,
      issuer_aliases: ['idp.example.com'],
      audience_claim: 'client_id',
      required_claims: { token_use: 'access' },
      allowed_clients: ['app'],
      // A cluster that is reached from outside is an issuer like any other.
      kubernetes: { namespace: 'ai' },
    });
    expect(issuer?.config).toEqual({
      issuer: 'https://idp.example.com',
      jwksUrl: 'https://10.0.0.1/jwks',
      audiences: ['mcp'],
      jwksAuthTokenFile: '/etc/thv/token',
      caBundleFile: '/ca.pem',
      allowPrivateAddresses: true,
      allowInsecureHttp: false,
      issuerAliases: ['idp.example.com'],
      audienceClaim: 'client_id',
      requiredClaims: { token_use: 'access' },
      allowedClients: ['app'],
      serviceAccounts: [{ namespace: 'ai' }],
    });
  });

  it('accept any audience only when that is said, and then name none', () => {
    const { audiences: _, ...open } = { ...CORP, allow_insecure_any_audience: true };
    expect(read(open)[0]?.config).toMatchObject({ audiences: [], allowInsecureAnyAudience: true });
    expect(() => read({ ...open, audiences: ['mcp'] })).toThrow(
      'issuers[0].audiences: contradicts allow_insecure_any_audience',
    );
  });

  const secret = { url: 'https://i.example', client_id: 'c' };
  it.each<[string, readonly unknown[], string]>([
    ['no list', [], 'issuers: at least one issuer is needed: a gateway is never open'],
    ['an unknown key', [{ ...CORP, audience: ['x'] }], 'did you mean "audiences"?'],
    [
      'a secret in the file',
      [{ ...CORP, introspection: { ...secret, client_secret: 'x' } }],
      'issuers[0].introspection.client_secret: unknown key',
    ],
    ['no audience', [{ issuer: CORP.issuer }], 'issuers[0].audiences: at least one audience'],
    ['an empty audience list', [{ ...CORP, audiences: [] }], 'at least one audience is needed'],
    ['no source of tokens', [{ audiences: ['mcp'] }], 'issuers[0]: needs one of issuer, jwks_url'],
    ['the same issuer twice', [CORP, { ...CORP, name: 'b' }], 'is that of "corp" already'],
    ['the same name twice', [CORP, { ...CORP, issuer: 'https://b.example' }], '"corp" is taken'],
    [
      'an issuer that is no URL',
      [{ ...CORP, issuer: 'idp' }],
      'issuers[0].issuer: must be an http',
    ],
    ['credentials in a URL', [{ ...CORP, issuer: 'https://u:p@idp.example' }], 'credentials'],
    [
      'an alias alone',
      [{ jwks_url: 'https://a.example', issuer_aliases: ['b'], audiences: ['c'] }],
      'issuers[0].issuer_aliases: needs issuer',
    ],
    [
      'a token for keys that are never fetched',
      [
        {
          introspection: { url: 'https://a.example' },
          jwks_auth_token_file: 't',
          audiences: ['c'],
        },
      ],
      'issuers[0].jwks_auth_token_file: needs issuer or jwks_url',
    ],
    [
      'a scope with a space',
      [{ ...CORP, required_scopes: ['a b'] }],
      'required_scopes[0]: a scope',
    ],
    ['a duration of days', [{ ...CORP, leeway: '1d' }], 'issuers[0].leeway: must be a duration'],
    ['a flag as a text', [{ ...CORP, allow_insecure_http: 'yes' }], 'must be true or false'],
    ['no namespace', [{ ...CORP, kubernetes: { service_account: 'a' } }], 'kubernetes.namespace'],
    [
      'an unknown way',
      [{ ...CORP, introspection: { ...secret, auth: 'jwt' } }],
      'introspection.auth: must be one of basic, post, none',
    ],
    [
      'a secret twice',
      [{ ...CORP, introspection: { ...secret, client_secret_env: 'A', client_secret_file: 'b' } }],
      'give client_secret_file or client_secret_env, not both',
    ],
    [
      'a secret without its client',
      [{ ...CORP, introspection: { url: 'https://i.example', client_secret_env: 'A' } }],
      'issuers[0].introspection: a client secret needs client_id',
    ],
    [
      'a required claim that is no text',
      [{ ...CORP, required_claims: { a: 1 } }],
      'issuers[0].required_claims.a: must be a text',
    ],
  ])('refuse %s', (_name, issuers, message) => {
    expect(() => read(...issuers)).toThrow(message);
  });
});
