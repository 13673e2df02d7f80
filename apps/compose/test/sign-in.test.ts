import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// By path: only the provider for tests is needed, and the command depends on this package.
import { type DevIdp, startDevIdp, type TokenRequest } from '../../cli/src/dev-idp/index.ts';
import type { LogEvent } from '../src/config.ts';
import { listDangers } from '../src/dangers.ts';
import { inspectSignIn } from '../src/inspect-sign-in.ts';
import { createSignIn, type SignIn } from '../src/sign-in.ts';
import type { IssuerConfig, OidcSignInConfig } from '../src/sign-in-config.ts';

const RESOURCE = 'http://127.0.0.1:1/mcp';
let one: DevIdp;
let two: DevIdp;

beforeAll(async () => {
  [one, two] = await Promise.all([startDevIdp(), startDevIdp()]);
});

afterAll(() => Promise.all([one.close(), two.close()]));

function config(issuers: readonly IssuerConfig[], more = {}): OidcSignInConfig {
  return { kind: 'oidc', issuers, ...more };
}

async function judge(signIn: SignIn, token: string, version = '2025-11-25') {
  const headers = { authorization: `Bearer ${token}`, 'mcp-protocol-version': version };
  const request = new Request(RESOURCE, { headers });
  try {
    const { issuer, subject } = await signIn.authenticator.verify(request);
    return { status: 200, issuer, subject };
  } catch (error) {
    const response = signIn.authenticator.toResponse(error);
    const challenge = response.headers.get('www-authenticate') ?? '';
    return { status: response.status, scope: /scope="([^"]*)"/.exec(challenge)?.[1] };
  }
}

/** Opens it for one test. */
async function open(given: OidcSignInConfig, log: (event: LogEvent) => void = () => undefined) {
  return createSignIn(given, { resource: () => RESOURCE, log });
}

describe('sign-in with several issuers', () => {
  const both = () =>
    config([
      { issuer: one.issuer, audiences: ['a'], requiredScopes: ['read'] },
      { issuer: two.issuer, audiences: ['b'], requiredScopes: ['write', 'extra'] },
    ]);

  it('asks each token for the scopes of its own issuer', async () => {
    const signIn = await open(both());
    const of = (idp: DevIdp, token: TokenRequest) => idp.issueToken({ sub: 's', ...token });
    expect(await judge(signIn, await of(one, { aud: 'a', scope: 'read' }))).toEqual({
      status: 200,
      issuer: one.issuer,
      subject: 's',
    });
    const other = await of(two, { aud: 'b', scope: 'read' });
    expect(await judge(signIn, other)).toEqual({ status: 403, scope: 'read write extra' });
    expect(await judge(signIn, other, '2026-07-28')).toEqual({ status: 403, scope: 'write extra' });
    expect(await judge(signIn, await of(two, { aud: 'a' }))).toMatchObject({ status: 401 });
    signIn.close();
  });

  it('says who vouches, and what to ask for', async () => {
    const signIn = await open(both());
    expect(signIn.resourceMetadata?.()).toMatchObject({
      resource: RESOURCE,
      authorization_servers: [one.issuer, two.issuer],
      scopes_supported: ['read', 'write', 'extra'],
    });
    signIn.close();
  });

  it('is not ready while one of them is away', async () => {
    const away = { issuer: 'http://127.0.0.1:9', audiences: ['a'] };
    const signIn = await open(config([{ issuer: one.issuer, audiences: ['a'] }, away]));
    const { signal } = new AbortController();
    await expect(signIn.ready(signal)).rejects.toThrow(/not reachable/);
    expect(await judge(signIn, await one.issueToken({ aud: 'a' }))).toMatchObject({ status: 200 });
    signIn.close();
  });

  it('follows implied scopes', async () => {
    const scopeImplies = { admin: ['write'], write: ['read'] };
    const signIn = await open(
      config([{ issuer: one.issuer, audiences: ['a'], requiredScopes: ['read'] }], {
        scopeImplies,
      }),
    );
    const token = await one.issueToken({ aud: 'a', scope: 'admin' });
    expect(await judge(signIn, token)).toMatchObject({ status: 200 });
    signIn.close();
  });

  it('lets the resource URL stand in for audiences that are missing, and only then', async () => {
    const resourceUrl = 'https://mcp.example/mcp';
    const signIn = await open(
      config(
        [
          { issuer: one.issuer, audiences: [] },
          { issuer: two.issuer, audiences: ['b'] },
        ],
        {
          resourceUrl,
        },
      ),
    );
    const judged = async (idp: DevIdp, aud: string) =>
      (await judge(signIn, await idp.issueToken({ aud }))).status;
    expect(await judged(one, resourceUrl)).toBe(200);
    expect(await judged(two, resourceUrl)).toBe(401);
    expect(await judged(two, 'b')).toBe(200);
    signIn.close();
  });

  it.each<[string, () => OidcSignInConfig, RegExp]>([
    ['no audience', () => config([{ issuer: one.issuer, audiences: [] }]), /^"audiences" is req/],
    ['no issuer', () => config([]), /^"issuers" must not be empty/],
    [
      'a scope that cannot be asked for',
      () => config([{ issuer: one.issuer, audiences: ['a'], requiredScopes: ['a b'] }]),
      /must hold scopes without spaces/,
    ],
    [
      'an issuer twice',
      () => config([1, 2].map(() => ({ issuer: one.issuer, audiences: ['a'] }))),
      /names an issuer twice/,
    ],
  ])('is refused with %s', async (_name, given, message) => {
    await expect(open(given())).rejects.toThrow(TypeError);
    await expect(open(given())).rejects.toThrow(message);
  });
});

describe('what else can be done with a configuration', () => {
  it('its dangers are listed by issuer', () => {
    const lax = { jwksUrl: 'https://k.example', audiences: [], allowInsecureAnyAudience: true };
    const dangers = listDangers(
      config([
        { issuer: 'https://good.example', audiences: ['a'] },
        lax,
        // A server's own audiences make up for the opt-out.
        { ...lax, issuer: 'https://i.example', audiences: ['a'] },
        { inCluster: true, audiences: ['a'] },
        { inCluster: true, audiences: ['a'], serviceAccounts: [{ namespace: 'ai' }] },
      ]),
    );
    expect(dangers.map(({ code, issuer }) => `${issuer} ${code}`)).toEqual([
      '1 any-audience',
      '1 any-issuer',
      '3 any-service-account',
    ]);
  });

  it('a token is inspected against it', async () => {
    const given = config([{ issuer: one.issuer, audiences: ['a'], requiredScopes: ['read'] }]);
    const good = await one.issueToken({ aud: 'a', scope: 'read' });
    expect(await inspectSignIn(given, good)).toMatchObject({ ok: true });
    const failed = (await inspectSignIn(given, await one.issueToken({ aud: 'b' }))).checks;
    expect(failed.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['audience', 'scopes']);
  });
});
