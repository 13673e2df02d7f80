/** An identity provider without a network: a `fetch` that answers, counts and can be broken. */
import type { JWK } from 'jose';
import type { FetchLike } from '../../src/provider-fetch.ts';
import { type SigningKey, signingKey, signRaw } from './keys.ts';

export const ISSUER = 'https://idp.test';
export const AUDIENCE = 'mcp';
/** 2026-01-01T00:00:00Z, in seconds. */
export const START = 1_767_225_600;

export type Answer = (url: URL, init: RequestInit) => Response | Promise<Response>;

export interface FakeProvider {
  readonly fetch: FetchLike;
  /** All URLs asked so far. */
  readonly asked: string[];
  readonly inits: RequestInit[];
  readonly clock: { seconds: number };
  readonly now: () => number;
  /** Routes by pathname; set one to change an answer. */
  readonly routes: Map<string, Answer>;
  /** Published keys; assign to rotate. */
  keys: JWK[];
  /** Makes every request fail as if nobody listened. */
  down: boolean;
  count(pathname: string): number;
  sign(
    claims?: Record<string, unknown>,
    header?: Record<string, unknown>,
    key?: SigningKey,
  ): Promise<string>;
  claims(extra?: Record<string, unknown>): Record<string, unknown>;
}

export const DISCOVERY = '/.well-known/openid-configuration';
export const JWKS = '/jwks';

export function json(value: unknown, init: ResponseInit = {}): Response {
  const headers = { 'content-type': 'application/json', ...(init.headers as object) };
  return new Response(JSON.stringify(value), { ...init, headers });
}

export async function createFakeProvider(issuer: string = ISSUER): Promise<FakeProvider> {
  const key = await signingKey('k1');
  const asked: string[] = [];
  const inits: RequestInit[] = [];
  const clock = { seconds: START };
  const provider: FakeProvider = {
    asked,
    inits,
    clock,
    now: () => clock.seconds * 1000,
    keys: [key.publicJwk],
    down: false,
    routes: new Map<string, Answer>([
      [DISCOVERY, () => json({ issuer, jwks_uri: `${new URL(issuer).origin}${JWKS}` })],
      [JWKS, () => json({ keys: provider.keys })],
    ]),
    fetch: async (text, init) => {
      const url = new URL(text);
      asked.push(text);
      inits.push(init);
      if (provider.down) {
        throw new TypeError('fetch failed', {
          cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
        });
      }
      const answer = provider.routes.get(url.pathname);
      return answer === undefined ? new Response('not found', { status: 404 }) : answer(url, init);
    },
    count: (pathname) => asked.filter((text) => new URL(text).pathname === pathname).length,
    sign: (claims, header, signer = key) =>
      signRaw(JSON.stringify(claims ?? provider.claims()), { kid: signer.kid, ...header }, signer),
    claims: (extra) => ({
      iss: issuer,
      aud: AUDIENCE,
      sub: 'alice',
      iat: clock.seconds,
      exp: clock.seconds + 600,
      ...extra,
    }),
  };
  return provider;
}
