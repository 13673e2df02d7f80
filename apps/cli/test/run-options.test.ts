import { describe, expect, it } from 'vitest';
import { CliError } from '../src/cli-error.ts';
import { planRun, type RunFlags } from '../src/services/run-options.ts';

const URL_SERVER = 'http://127.0.0.1:9/mcp';
const ISSUER = 'https://idp.example';
const OIDC: RunFlags = { oidcIssuer: ISSUER, oidcAudience: ['mcp'] };

function plan(flags: RunFlags, server: string | undefined = URL_SERVER) {
  return planRun({
    server,
    serverArgs: undefined,
    flags,
    userName: 'ann',
    env: {},
    cwd: '/here',
  });
}

function refusal(flags: RunFlags): string {
  try {
    plan(flags);
  } catch (error) {
    expect(error).toBeInstanceOf(CliError);
    expect((error as CliError).exitCode).toBe(2);
    return (error as CliError).message;
  }
  throw new Error('the flags were accepted');
}

describe('D1: nothing is silently open', () => {
  it.each<[string, RunFlags]>([
    ['--oidc-audience', { oidcAudience: ['mcp'] }],
    ['--oidc-client-id', { oidcClientId: 'c' }],
    ['--resource-url', { resourceUrl: 'https://mcp.example/mcp' }],
    ['--allow-insecure-any-audience', { allowInsecureAnyAudience: true }],
  ])('refuses %s without a provider', (flag, flags) => {
    expect(refusal(flags)).toBe(
      `${flag}: means nothing without a provider, and the server would be open; add --oidc-issuer or --oidc-jwks-url`,
    );
  });

  it.each<[string, RunFlags, RegExp]>([
    [
      'an http issuer elsewhere',
      { ...OIDC, oidcIssuer: 'http://idp.example' },
      /--oidc-issuer: must be https/,
    ],
    [
      'an issuer that is no URL',
      { ...OIDC, oidcIssuer: 'idp' },
      /--oidc-issuer: "idp" is not an http/,
    ],
    ['an issuer with a query', { ...OIDC, oidcIssuer: `${ISSUER}?x` }, /no query/],
    [
      'an issuer with credentials',
      { ...OIDC, oidcIssuer: 'https://u:p@idp.example' },
      /user name or password/,
    ],
    ['an issuer with a fragment', { ...OIDC, oidcIssuer: `${ISSUER}#` }, /fragment/],
    [
      'a look-alike of loopback',
      { ...OIDC, oidcIssuer: 'http://127.0.0.1.evil.example' },
      /must be https/,
    ],
    [
      'http keys elsewhere',
      { ...OIDC, oidcJwksUrl: 'http://idp.example/jwks' },
      /--oidc-jwks-url: must be https/,
    ],
    ['a resource that is no URL', { ...OIDC, resourceUrl: 'mcp' }, /--resource-url/],
    [
      'an origin with a path',
      { ...OIDC, allowedOrigins: ['https://a.example/'] },
      /--allowed-origins/,
    ],
    ['a wildcard origin', { ...OIDC, allowedOrigins: ['*'] }, /--allowed-origins/],
    ['a host with a scheme', { ...OIDC, allowedHosts: ['https://a.example'] }, /--allowed-hosts/],
    ['a host with a path', { ...OIDC, allowedHosts: ['a.example/x'] }, /--allowed-hosts/],
    ['a listen address that is none', { ...OIDC, host: 'http://x' }, /--host/],
    ['an environment for a URL', { ...OIDC, env: ['A=b'] }, /--env: a URL has no environment/],
    ['a name with a slash', { ...OIDC, name: 'a/b' }, /--name/],
    ['a name of dots', { ...OIDC, name: '..' }, /--name/],
    ['a name that looks like a flag', { ...OIDC, name: '-x' }, /--name/],
    ['a long name', { ...OIDC, name: 'n'.repeat(101) }, /--name/],
    ['an anonymous server with sign-in', { ...OIDC, allowInsecureAnonymous: true }, /contradicts/],
  ])('refuses %s', (_name, flags, message) => {
    expect(refusal(flags)).toMatch(message);
  });

  it.each<[string, RunFlags]>([
    ['an http provider on this machine', { ...OIDC, oidcIssuer: 'http://127.0.0.1:3000' }],
    ['an IPv6 loopback provider', { ...OIDC, oidcIssuer: 'http://[::1]:3000' }],
    [
      'hosts and origins as they should be',
      {
        ...OIDC,
        allowedOrigins: ['https://a.example:8443'],
        allowedHosts: ['A.example', 'a.example:80', '[::1]:8080'],
      },
    ],
    ['an IPv6 bind', { ...OIDC, host: '[::]' }],
  ])('accepts %s', (_name, flags) => {
    expect(() => plan(flags)).not.toThrow();
  });

  it('keeps the issuer exactly as written', () => {
    const { signIn } = plan({ ...OIDC, oidcIssuer: 'https://IDP.example/tenant/' });
    expect(signIn).toMatchObject({ issuers: [{ issuer: 'https://IDP.example/tenant/' }] });
  });
});

describe('D2: an audience is required', () => {
  it('refuses a provider without one', () => {
    expect(refusal({ oidcIssuer: ISSUER })).toMatch(/^--oidc-audience: missing/);
    expect(refusal({ oidcJwksUrl: `${ISSUER}/jwks`, oidcClientId: 'c' })).toMatch(
      /^--oidc-audience/,
    );
  });

  const resourceUrl = 'https://mcp.example/mcp';
  it.each<[string, RunFlags, object]>([
    ['--oidc-audience', { oidcAudience: ['a', 'b'] }, { audiences: ['a', 'b'] }],
    ['--resource-url', { resourceUrl }, { audiences: [resourceUrl] }],
    ['both: only the audiences count', { oidcAudience: ['a'], resourceUrl }, { audiences: ['a'] }],
    [
      'the opt-out',
      { allowInsecureAnyAudience: true },
      { audiences: [], allowInsecureAnyAudience: true },
    ],
  ])('accepts %s', (_name, flags, oidc) => {
    expect(plan({ oidcIssuer: ISSUER, ...flags }).signIn).toEqual({
      kind: 'oidc',
      ...('resourceUrl' in flags && { resourceUrl }),
      issuers: [{ issuer: ISSUER, ...oidc }],
    });
  });

  it('refuses an opt-out that contradicts an audience, and warns of one that counts', () => {
    expect(refusal({ ...OIDC, allowInsecureAnyAudience: true })).toMatch(/contradicts/);
    const { warnings } = plan({ oidcIssuer: ISSUER, allowInsecureAnyAudience: true });
    expect(warnings).toEqual([expect.stringMatching(/issued for other services are accepted/)]);
    expect(plan(OIDC).warnings).toEqual([]);
  });

  it('warns when only keys are given', () => {
    const { warnings } = plan({ oidcJwksUrl: `${ISSUER}/jwks`, oidcAudience: ['a'] });
    expect(warnings).toEqual([expect.stringMatching(/^no --oidc-issuer/)]);
  });
});

describe('D3: without a provider', () => {
  it.each(['127.0.0.1', '127.8.9.1', 'localhost', 'LOCALHOST', '::1', '[::1]'])(
    'serves the local user on %s, with a warning',
    (host) => {
      const { signIn, warnings } = plan({ host });
      expect(signIn).toEqual({ kind: 'local-user', subject: 'ann' });
      expect(warnings).toEqual([expect.stringMatching(/^no sign-in: .* "ann"$/)]);
    },
  );

  it.each([
    '0.0.0.0',
    '::',
    '192.0.2.1',
    'mcp.example',
    'localhost.example',
    '0',
    '::ffff:127.0.0.1',
  ])('refuses to serve other machines on %s', (host) => {
    expect(refusal({ host })).toMatch(/^--host: other machines could call without any sign-in/);
  });

  it.each([[['mcp.example']], [['127.0.0.1', 'mcp.example:8443']], [['127.0.0.1.evil.example']]])(
    'refuses to be reached by a tunnel as %j',
    (allowedHosts) => {
      expect(refusal({ allowedHosts })).toMatch(
        /^--allowed-hosts: other machines could call without any sign-in/,
      );
      const { warnings } = plan({ allowedHosts, allowInsecureAnonymous: true });
      expect(warnings).toEqual([expect.stringMatching(/EVERYONE/)]);
    },
  );

  it('takes other names of this machine', () => {
    expect(plan({ allowedHosts: ['localhost:8080', '[::1]'] }).signIn.kind).toBe('local-user');
  });

  it('refuses to be opened for nobody', () => {
    expect(refusal({ allowInsecureAnonymous: true })).toMatch(
      /^--allow-insecure-anonymous: means nothing: only this machine can call/,
    );
  });

  it('serves them when anonymous callers are allowed, with a louder warning', () => {
    const { signIn, listen, warnings } = plan({ host: '0.0.0.0', allowInsecureAnonymous: true });
    expect(signIn.kind).toBe('local-user');
    expect(listen.host).toBe('0.0.0.0');
    expect(warnings).toEqual([expect.stringMatching(/EVERYONE/)]);
  });

  it('binds everywhere with sign-in', () => {
    expect(plan({ ...OIDC, host: '0.0.0.0' }).listen).toEqual({ host: '0.0.0.0', port: 0 });
  });
});

describe('D33: without policies', () => {
  it.each<[RunFlags, string]>([
    [OIDC, 'no --authz-config: everyone who signs in may do everything'],
    [{}, 'no --authz-config: every caller may do everything'],
  ])('the start says so', (flags, notice) => {
    expect(plan(flags).notices).toEqual([notice]);
    expect(plan({ ...flags, authzConfig: 'p.yaml' }).notices).toEqual([]);
  });
});
