/** The rules for the protected header of a token (RFC 7515 §4.1, RFC 8725 §3). */
import { isSignatureAlgorithm, type SignatureAlgorithm } from './algorithms.ts';
import { readClaim } from './claims.ts';
import { OidcError } from './errors.ts';
import type { KeyQuery } from './key-set.ts';

/** Which headers are acceptable. */
export interface HeaderRules {
  readonly algorithms: ReadonlySet<SignatureAlgorithm>;
  readonly tokenTypes: ReadonlySet<string>;
}

/**
 * Checks a header and returns what a key is chosen by. Keys inside the token or behind its URLs
 * (`jwk`, `jku`, `x5u`, `x5c`) are never looked at.
 *
 * @throws {OidcError} `ERR_OIDC_ALGORITHM`, `ERR_OIDC_CRITICAL_HEADER`, `ERR_OIDC_TOKEN_TYPE`,
 * `ERR_OIDC_TOKEN_MALFORMED`
 */
export function checkHeader(
  header: Readonly<Record<string, unknown>>,
  rules: HeaderRules,
): KeyQuery {
  const alg = readClaim(header, 'alg');
  if (!isSignatureAlgorithm(alg) || !rules.algorithms.has(alg)) {
    throw new OidcError('ERR_OIDC_ALGORITHM', 'The signature algorithm is not allowed');
  }
  // No extension is understood, so any list of critical ones holds an unknown one (RFC 7515 §4.1.11).
  if (readClaim(header, 'crit') !== undefined) {
    throw new OidcError('ERR_OIDC_CRITICAL_HEADER', 'The token has critical header extensions');
  }
  const type = readClaim(header, 'typ') ?? '';
  if (typeof type !== 'string' || !rules.tokenTypes.has(normaliseType(type))) {
    throw new OidcError('ERR_OIDC_TOKEN_TYPE', 'The token is not of an accepted type');
  }
  const kid = readClaim(header, 'kid');
  if (kid !== undefined && typeof kid !== 'string') {
    throw new OidcError('ERR_OIDC_TOKEN_MALFORMED', 'The token is malformed', {
      reason: 'kid is not a string',
    });
  }
  return { alg, kid };
}

/** `application/at+jwt` and `AT+JWT` are spellings of one type (RFC 7515 §4.1.9). */
export function normaliseType(type: string): string {
  return type.toLowerCase().replace(/^application\//, '');
}
