/** The rules for the protected header of a token (RFC 7515 §4.1, RFC 8725 §3). */
import { isSignatureAlgorithm, type SignatureAlgorithm } from './algorithms.ts';
import { readClaim } from './claims.ts';
import { OidcError, type OidcErrorCode } from './errors.ts';
import type { KeyQuery } from './key-set.ts';

/** Which headers are acceptable. */
export interface HeaderRules {
  readonly algorithms: ReadonlySet<SignatureAlgorithm>;
  readonly tokenTypes: ReadonlySet<string>;
}

/** A decoded protected header. */
export type Header = Readonly<Record<string, unknown>>;

/** One named rule; says with which code a header fails it. */
export interface HeaderCheck {
  readonly name: string;
  readonly check: (header: Header, rules: HeaderRules) => OidcErrorCode | undefined;
}

/** All rules, in the order in which the first failure is reported. */
export const HEADER_CHECKS: readonly HeaderCheck[] = [
  { name: 'algorithm', check: checkAlgorithm },
  { name: 'critical_extensions', check: checkCritical },
  { name: 'token_type', check: checkType },
  { name: 'key_id', check: checkKeyId },
];

/**
 * Checks a header and returns what a key is chosen by. Keys inside the token or behind its URLs
 * (`jwk`, `jku`, `x5u`, `x5c`) are never looked at.
 *
 * @throws {OidcError} for the first rule that fails
 */
export function checkHeader(header: Header, rules: HeaderRules): KeyQuery {
  for (const { name, check } of HEADER_CHECKS) {
    const code = check(header, rules);
    if (code === undefined) continue;
    throw new OidcError(code, `The token header is not acceptable: ${name}`, { reason: name });
  }
  // Both have just been checked.
  return {
    alg: readClaim(header, 'alg') as SignatureAlgorithm,
    kid: readClaim(header, 'kid') as string | undefined,
  };
}

/** `application/at+jwt` and `AT+JWT` are spellings of one type (RFC 7515 §4.1.9). */
export function normaliseType(type: string): string {
  return type.toLowerCase().replace(/^application\//, '');
}

function checkAlgorithm(header: Header, rules: HeaderRules): OidcErrorCode | undefined {
  const alg = readClaim(header, 'alg');
  return isSignatureAlgorithm(alg) && rules.algorithms.has(alg) ? undefined : 'ERR_OIDC_ALGORITHM';
}

/** No extension is understood, so any `crit` names an unknown one (RFC 7515 §4.1.11). */
function checkCritical(header: Header): OidcErrorCode | undefined {
  return readClaim(header, 'crit') === undefined ? undefined : 'ERR_OIDC_CRITICAL_HEADER';
}

function checkType(header: Header, rules: HeaderRules): OidcErrorCode | undefined {
  const type = readClaim(header, 'typ') ?? '';
  const known = typeof type === 'string' && rules.tokenTypes.has(normaliseType(type));
  return known ? undefined : 'ERR_OIDC_TOKEN_TYPE';
}

function checkKeyId(header: Header): OidcErrorCode | undefined {
  const kid = readClaim(header, 'kid');
  return kid === undefined || typeof kid === 'string' ? undefined : 'ERR_OIDC_TOKEN_MALFORMED';
}
