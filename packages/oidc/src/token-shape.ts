/** Tells a signed JWT from an opaque token and reads its three parts strictly (RFC 7515 §5.2). */
import { decodeBase64Url } from './base64url.ts';
import { OidcError } from './errors.ts';
import { isJsonObject, parseStrictJson } from './strict-json.ts';

/** Longest token that is looked at, in characters (D9). */
export const MAX_TOKEN_LENGTH = 16_384;

/** The header and claims of a compact JWS, read but not verified. */
export interface UnverifiedToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * True when the token has the shape of a compact JWS: three base64url parts of which the first two
 * are JSON objects. Anything else is opaque and can only be judged by introspection.
 */
export function isJwtShaped(token: string): boolean {
  const parts = splitToken(token);
  return parts?.every(isLooseObject) ?? false;
}

/**
 * Reads a token of JWT shape; duplicate keys at any level, in header or claims, are refused.
 *
 * @throws {OidcError} `ERR_OIDC_TOKEN_MALFORMED`
 */
export function readToken(token: string): UnverifiedToken {
  const parts = splitToken(token);
  if (parts === undefined) throw malformed('not a compact JWS');
  const [header, claims] = parts;
  return { header: readObject(header), claims: readObject(claims) };
}

/** The bytes of header and claims, when all three parts are strict base64url. */
function splitToken(token: string): readonly [Uint8Array, Uint8Array] | undefined {
  const parts = token.split('.', 4);
  if (parts.length !== 3) return undefined;
  const [header, claims, signature] = parts.map(decodeBase64Url);
  if (header === undefined || claims === undefined || signature === undefined) return undefined;
  return [header, claims];
}

function isLooseObject(bytes: Uint8Array): boolean {
  try {
    return isJsonObject(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    // Not JSON, so not a JWT; tested as "opaque".
    return false;
  }
}

function readObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = parseStrictJson(bytes);
  } catch {
    // The strict reader's reason is not needed outside; tested per reason in strict-json.
    throw malformed('header or claims are not unambiguous JSON');
  }
  if (!isJsonObject(value)) throw malformed('header and claims must be objects');
  return value;
}

function malformed(reason: string): OidcError {
  return new OidcError('ERR_OIDC_TOKEN_MALFORMED', 'The token is malformed', { reason });
}
