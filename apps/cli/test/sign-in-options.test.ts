/** D1, D2, D4: which combinations of sign-in flags are refused, and what the others mean. */
import { inspect } from 'node:util';
import type { IssuerConfig } from '@thv/compose';
import { describe, expect, it } from 'vitest';
import { CliError } from '../src/cli-error.ts';
import type { SignInFlags } from '../src/services/sign-in-flags.ts';
import { planSignIn } from '../src/services/sign-in-options.ts';

const ISSUER = 'https://idp.example';
const ASK = 'https://idp.example/introspect';
const OIDC: SignInFlags = { oidcIssuer: ISSUER, oidcAudience: ['mcp'] };
const OPAQUE: SignInFlags = { ...OIDC, oidcIntrospectionUrl: ASK };

function plan(flags: SignInFlags, env: Readonly<Record<string, string>> = {}) {
  return planSignIn({ flags, env, cwd: '/here', openedBy: undefined, userName: 'ann' });
}

function issuerOf(flags: SignInFlags, env?: Readonly<Record<string, string>>): IssuerConfig {
  const { signIn } = plan(flags, env);
  return signIn.kind === 'oidc' ? signIn.issuers[0]! : expect.fail('no sign-in');
}

function refusal(flags: SignInFlags, env?: Readonly<Record<string, string>>): string {
  try {
    plan(flags, env);
  } catch (error) {
    expect(error).toBeInstanceOf(CliError);
    expect((error as CliError).exitCode).toBe(2);
    return (error as CliError).message;
  }
  return expect.fail('the flags were accepted');
}

describe('D1: a flag that would do nothing', () => {
  it.each<[string, SignInFlags]>([
    ['--oidc-audience', { oidcAudience: ['mcp'] }],
    ['--oidc-audience-claim', { oidcAudienceClaim: 'client_id' }],
    ['--oidc-client-id', { oidcClientId: 'app' }],
    ['--oidc-client-secret', { oidcClientSecret: 's' }],
    ['--oidc-client-secret-file', { oidcClientSecretFile: 'f' }],
    ['--oidc-introspection-auth', { oidcIntrospectionAuth: 'post' }],
    ['--oidc-introspect-jwts', { oidcIntrospectJwts: true }],
    ['--oidc-issuer-alias', { oidcIssuerAlias: ['x'] }],
    ['--oidc-scopes', { oidcScopes: ['a'] }],
    ['--oidc-required-scopes', { oidcRequiredScopes: ['a'] }],
    ['--oidc-principal-claim', { oidcPrincipalClaim: 'email' }],
    ['--oidc-leeway', { oidcLeeway: 0 }],
    ['--oidc-require-claim', { oidcRequireClaim: ['a=b'] }],
    ['--oidc-allowed-clients', { oidcAllowedClients: ['a'] }],
    ['--oidc-service-accounts', { oidcServiceAccounts: ['ai'] }],
    ['--oidc-insecure-allow-http', { oidcInsecureAllowHttp: true }],
    ['--resource-url', { resourceUrl: 'https://mcp.example' }],
    ['--jwks-allow-private-ip', { jwksAllowPrivateIp: true }],
    ['--jwks-auth-token-file', { jwksAuthTokenFile: 'f' }],
    ['--thv-ca-bundle', { thvCaBundle: 'f' }],
    ['--allow-insecure-any-audience', { allowInsecureAnyAudience: true }],
  ])('is refused without a provider: %s', (flag, flags) => {
    expect(refusal(flags)).toBe(
      `${flag}: means nothing without a provider, and the server would be open; add --oidc-issuer or --oidc-jwks-url`,
    );
    // Anonymous callers do not make it mean something.
    expect(refusal({ ...flags, allowInsecureAnonymous: true })).toContain(flag);
  });

  it.each<[string, SignInFlags]>([
    ['--oidc-client-secret', { oidcClientSecret: 's' }],
    ['--oidc-client-secret-file', { oidcClientSecretFile: 'f' }],
    ['--oidc-introspection-auth', { oidcIntrospectionAuth: 'none' }],
    ['--oidc-introspect-jwts', { oidcIntrospectJwts: true }],
  ])('is refused without introspection: %s', (flag, flags) => {
    expect(refusal({ ...OIDC, ...flags })).toBe(
      `${flag}: means nothing without --oidc-introspection-url; add it`,
    );
  });

  it('is refused without an issuer: --oidc-issuer-alias', () => {
    const flags = { oidcJwksUrl: `${ISSUER}/jwks`, oidcAudience: ['a'], oidcIssuerAlias: ['x'] };
    expect(refusal(flags)).toMatch(/^--oidc-issuer-alias: means nothing without --oidc-issuer/);
  });
});

describe('D1: a flag that others leave without effect', () => {
  const INSIDE: SignInFlags = { oidcInCluster: true, oidcAudience: ['mcp'] };
  it.each<[string, SignInFlags]>([
    [
      '--jwks-auth-token-file',
      { oidcIntrospectionUrl: ASK, oidcAudience: ['a'], jwksAuthTokenFile: 'f' },
    ],
    [
      '--oidc-audience-claim',
      { oidcIssuer: ISSUER, allowInsecureAnyAudience: true, oidcAudienceClaim: 'client_id' },
    ],
    ['--jwks-allow-private-ip', { ...INSIDE, jwksAllowPrivateIp: true }],
    ['--oidc-insecure-allow-http', { ...INSIDE, oidcInsecureAllowHttp: true }],
  ])('is refused: %s', (flag, flags) => {
    expect(refusal(flags)).toMatch(new RegExp(`^${flag}: means nothing w`));
  });
});

describe('D1, D2: each way to name a provider', () => {
  it.each<[string, SignInFlags, object]>([
    ['an issuer', { oidcIssuer: ISSUER }, { issuer: ISSUER }],
    ['a key set', { oidcJwksUrl: `${ISSUER}/jwks` }, { jwksUrl: `${ISSUER}/jwks` }],
    ['introspection', { oidcIntrospectionUrl: ASK }, { introspection: { url: ASK } }],
    ['the cluster', { oidcInCluster: true }, { inCluster: true }],
  ])('%s turns sign-in on, and needs an audience', (_name, flags, expected) => {
    expect(refusal(flags)).toMatch(/^--oidc-audience: missing/);
    expect(issuerOf({ ...flags, oidcAudience: ['mcp'] })).toEqual({
      ...expected,
      audiences: ['mcp'],
    });
    expect(issuerOf({ ...flags, allowInsecureAnyAudience: true }).audiences).toEqual([]);
    expect(refusal({ ...flags, oidcAudience: ['a'], allowInsecureAnonymous: true })).toMatch(
      /^--allow-insecure-anonymous: contradicts/,
    );
  });
});

describe('values', () => {
  it.each<[string, SignInFlags, RegExp]>([
    [
      'http introspection',
      { ...OPAQUE, oidcIntrospectionUrl: 'http://a.example' },
      /must be https/,
    ],
    ['a scope with a space', { ...OIDC, oidcScopes: ['a b'] }, /^--oidc-scopes: "a b" is not a sc/],
    ['a scope with a quote', { ...OIDC, oidcRequiredScopes: ['"'] }, /^--oidc-required-scopes: /],
    ['a claim without a value', { ...OIDC, oidcRequireClaim: ['a='] }, /^--oidc-require-claim: /],
    ['a claim without a name', { ...OIDC, oidcRequireClaim: ['=a'] }, /is not NAME=VALUE/],
    ['a claim named twice', { ...OIDC, oidcRequireClaim: ['a=b', 'a=c'] }, /names a twice/],
    [
      'a service account with three parts',
      { ...OIDC, oidcServiceAccounts: ['a/b/c'] },
      /NAMESPACE/,
    ],
    ['a service account as a subject', { ...OIDC, oidcServiceAccounts: ['a:b'] }, /NAMESPACE/],
  ])('refuses %s', (_name, flags, message) => {
    expect(refusal(flags)).toMatch(message);
  });

  it('allows http everywhere when told to, and warns', () => {
    const flags = { ...OIDC, oidcIssuer: 'http://idp.example', oidcInsecureAllowHttp: true };
    expect(issuerOf(flags)).toMatchObject({ allowInsecureHttp: true });
    expect(plan(flags).warnings).toEqual([expect.stringMatching(/^--oidc-insecure-allow-http: /)]);
  });

  it('warns once of everything dangerous', () => {
    const { warnings } = plan({
      oidcJwksUrl: 'https://idp.example/jwks',
      allowInsecureAnyAudience: true,
      jwksAllowPrivateIp: true,
      oidcInsecureAllowHttp: true,
    });
    expect(warnings.map((line) => line.split(':')[0])).toEqual([
      '--allow-insecure-any-audience',
      'no --oidc-issuer',
      '--oidc-insecure-allow-http',
      '--jwks-allow-private-ip',
    ]);
  });

  it('takes paths from where it was started, and names every file to be read', () => {
    const flags = {
      ...OPAQUE,
      oidcClientId: 'app',
      oidcClientSecretFile: 's',
      jwksAuthTokenFile: 't',
      thvCaBundle: '/etc/ca.pem',
    };
    expect(issuerOf(flags)).toMatchObject({
      introspection: { clientSecret: { file: '/here/s' } },
      jwksAuthTokenFile: '/here/t',
      caBundleFile: '/etc/ca.pem',
    });
    expect(plan(flags).files).toEqual([
      { flag: '--oidc-client-secret-file', path: 's' },
      { flag: '--jwks-auth-token-file', path: 't' },
      { flag: '--thv-ca-bundle', path: '/etc/ca.pem' },
    ]);
  });
});

describe('D4: the client secret', () => {
  const CLIENT = { ...OPAQUE, oidcClientId: 'app' };
  const OURS = 'THV_OIDC_CLIENT_SECRET';
  const ALIAS = 'TOOLHIVE_OIDC_CLIENT_SECRET';

  it.each<[string, SignInFlags, Readonly<Record<string, string>>, object | undefined]>([
    ['nowhere', CLIENT, {}, undefined],
    ['an empty variable', CLIENT, { [OURS]: '' }, undefined],
    ['our variable', CLIENT, { [OURS]: 'a', [ALIAS]: 'b' }, { env: OURS }],
    ['the alias', CLIENT, { [ALIAS]: 'b' }, { env: ALIAS }],
    [
      'a file, before the variable',
      { ...CLIENT, oidcClientSecretFile: '/s' },
      { [OURS]: 'a' },
      { file: '/s' },
    ],
  ])('comes from %s', (_name, flags, env, expected) => {
    expect(issuerOf(flags, env).introspection?.clientSecret).toEqual(expected);
    expect(plan(flags, env).warnings).toEqual([]);
  });

  it('of a flag is nowhere to be seen, and is warned of', () => {
    const flags = { ...CLIENT, oidcClientSecret: 'hunter2' };
    const planned = plan(flags, { [OURS]: 'a' });
    expect(planned.warnings).toEqual([
      '--oidc-client-secret: process lists show it; use --oidc-client-secret-file or THV_OIDC_CLIENT_SECRET',
    ]);
    expect(JSON.stringify(planned) + inspect(planned, { depth: 9 })).not.toContain('hunter2');
    const secret = issuerOf(flags).introspection?.clientSecret;
    expect(secret !== undefined && 'read' in secret && secret.read()).toBe('hunter2');
  });

  it.each<[string, SignInFlags, Readonly<Record<string, string>>, RegExp]>([
    [
      'given twice',
      { ...CLIENT, oidcClientSecret: 'a', oidcClientSecretFile: 'f' },
      {},
      /^--oidc-client-secret: contradicts --oidc-client-secret-file/,
    ],
    ['without its client', { ...OPAQUE, oidcClientSecretFile: 'f' }, {}, /^--oidc-client-id: miss/],
    ['of the environment without its client', OPAQUE, { [ALIAS]: 'a' }, /TOOLHIVE_OIDC_CLIENT_SEC/],
    [
      'that is missing',
      { ...CLIENT, oidcIntrospectionAuth: 'post' },
      {},
      /^--oidc-introspection-auth: post needs a client secret/,
    ],
  ])('is refused when it is %s', (_name, flags, env, message) => {
    expect(refusal(flags, env)).toMatch(message);
  });
});
