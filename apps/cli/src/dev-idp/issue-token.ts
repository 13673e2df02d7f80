/// <reference path="./oidc-provider.d.ts" />
/** Issues a token for any claims: the reason why the development provider exists. */
import { randomUUID } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { Provider, Token } from 'oidc-provider';
import { parseObject, RequestError } from './http-messages.ts';
import { type SigningKeys, signAccessToken } from './keys.ts';
import {
  DEV_CLIENT,
  SIGNING_ALGORITHMS,
  type SigningAlgorithm,
  type TokenRequest,
} from './types.ts';

export interface TokenIssuerOptions {
  readonly issuer: string;
  readonly algorithm: SigningAlgorithm;
  readonly keys: () => SigningKeys;
  readonly provider: () => Provider;
  /** Remembers the claims that introspection will tell of an opaque token. */
  readonly rememberClaims: (token: Token, claims: Readonly<Record<string, unknown>>) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const DEFAULT_LIFETIME = 3600;

/** Creates the function behind `POST /dev/token` and `DevIdp.issueToken`. */
export function createTokenIssuer(
  options: TokenIssuerOptions,
): (request: TokenRequest) => Promise<string> {
  return async (request) => {
    const iat = Math.floor(options.now() / 1000);
    const { sub = 'dev-user', aud, scope, expiresIn = DEFAULT_LIFETIME } = request;
    if (request.opaque === true) {
      const { AccessToken } = options.provider();
      const token = new AccessToken({
        accountId: sub,
        aud,
        clientId: DEV_CLIENT.id,
        exp: iat + expiresIn,
        iat,
        scope,
      });
      options.rememberClaims(token, withoutNulls(request.claims ?? {}));
      return token.save();
    }
    const claims = withoutNulls({
      iss: options.issuer,
      sub,
      aud,
      scope,
      client_id: DEV_CLIENT.id,
      iat,
      exp: iat + expiresIn,
      jti: randomUUID(),
      ...request.claims,
    });
    return signAccessToken(options.keys()[request.alg ?? options.algorithm], claims);
  };
}

/** Reads the fields of a `POST /dev/token`. */
export function parseTokenRequest(fields: ReadonlyMap<string, unknown>): TokenRequest {
  const parsed: { -readonly [K in keyof TokenRequest]: TokenRequest[K] } = {};
  for (const [name, value] of fields) {
    switch (name) {
      case 'sub':
      case 'scope':
        parsed[name] = expectString(name, value);
        break;
      case 'aud':
        parsed.aud = Array.isArray(value)
          ? value.map((item) => expectString(name, item))
          : expectString(name, value);
        break;
      case 'claims':
        parsed.claims = parseObject(
          typeof value === 'string' ? value : JSON.stringify(value),
          name,
        );
        break;
      case 'expires_in':
        parsed.expiresIn = expectInteger(name, value);
        break;
      case 'opaque':
        parsed.opaque = value === true || value === 'true';
        break;
      case 'alg':
        parsed.alg = expectAlgorithm(value);
        break;
      default:
        throw new RequestError(
          400,
          `unknown field ${JSON.stringify(name)}; put claims in "claims"`,
        );
    }
  }
  return parsed;
}

function withoutNulls(claims: Readonly<Record<string, unknown>>): JWTPayload {
  return Object.fromEntries(
    Object.entries(claims).filter(([, value]) => value !== null && value !== undefined),
  );
}

function expectString(name: string, value: unknown): string {
  if (typeof value !== 'string') {
    throw new RequestError(400, `${name} must be a string`);
  }
  return value;
}

function expectInteger(name: string, value: unknown): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (!Number.isSafeInteger(number)) {
    throw new RequestError(400, `${name} must be a whole number of seconds`);
  }
  // Safe: isSafeInteger is true for numbers only.
  return number as number;
}

function expectAlgorithm(value: unknown): SigningAlgorithm {
  const known = SIGNING_ALGORITHMS.find((algorithm) => algorithm === value);
  if (known === undefined) {
    throw new RequestError(400, `alg must be one of ${SIGNING_ALGORITHMS.join(', ')}`);
  }
  return known;
}
