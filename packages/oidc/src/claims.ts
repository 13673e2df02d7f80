/**
 * The claim rules (RFC 7519 §4.1, D11) as pure checks: plain data in, a failure or nothing out.
 * No trimming, no case folding, no clock.
 */
import type { OidcErrorCode } from './errors.ts';
import { OidcError } from './errors.ts';
import { checkServiceAccount, type ServiceAccountPin } from './providers/kubernetes.ts';
import { isJsonObject } from './strict-json.ts';

/** What a claim set must satisfy. */
export interface ClaimRules {
  /** Accepted `iss` values; `undefined` accepts any non-empty one. */
  readonly issuers: readonly string[] | undefined;
  /** Accepted audiences; `undefined` accepts any, also none. */
  readonly audiences: readonly string[] | undefined;
  readonly audienceClaim: string;
  readonly principalClaim: string;
  readonly leeway: number;
  readonly maxLifetime: number | undefined;
  readonly allowedClients: readonly string[] | undefined;
  readonly requiredClaims: ReadonlyMap<string, string>;
  readonly refuseIdTokens: boolean;
  readonly allowInsecureUnprovenBinding: boolean;
  readonly serviceAccounts: readonly ServiceAccountPin[] | undefined;
  /** Introspection answers may leave out `iss` and `exp` (RFC 7662 §2.2). */
  readonly optionalClaims: boolean;
}

/** What a check reads. */
export interface ClaimInput {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly rules: ClaimRules;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** A failed check; names only, no values. */
export interface ClaimFailure {
  readonly code: OidcErrorCode;
  readonly claim: string;
  readonly reason: string;
}

/** One named rule. */
export interface ClaimCheck {
  readonly name: string;
  readonly check: (input: ClaimInput) => ClaimFailure | undefined;
}

/** A year-9999 `exp` is a millisecond value or a mistake, not a lifetime. */
const LATEST_EXP = 253_402_300_799;

/** All rules, in the order in which the first failure is reported. */
export const CLAIM_CHECKS: readonly ClaimCheck[] = [
  { name: 'issuer', check: checkIssuer },
  { name: 'audience', check: checkAudience },
  { name: 'expiry', check: checkExpiry },
  { name: 'not_before', check: (input) => checkPast(input, 'nbf') },
  { name: 'issued_at', check: (input) => checkPast(input, 'iat') },
  { name: 'lifetime', check: checkLifetime },
  { name: 'subject', check: checkPrincipal },
  { name: 'binding', check: checkBinding },
  { name: 'token_use', check: checkTokenUse },
  { name: 'client', check: checkClient },
  { name: 'service_account', check: checkPins },
];

/** @throws {OidcError} for the first rule that fails. */
export function assertClaims(input: ClaimInput): void {
  for (const { check } of CLAIM_CHECKS) {
    const failure = check(input);
    if (failure === undefined) continue;
    const { code, claim, reason } = failure;
    throw new OidcError(code, `Claim "${claim}" is not acceptable: ${reason}`, { claim, reason });
  }
}

/** Own members only: a claim can be called `constructor`, and a missing one must be missing. */
export function readClaim(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

function fail(code: OidcErrorCode, claim: string, reason: string): ClaimFailure {
  return { code, claim, reason };
}

/** A usable identifier: not empty, and the same text however it is encoded. */
function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !/\p{Surrogate}/u.test(value);
}

function checkIssuer({ claims, rules }: ClaimInput): ClaimFailure | undefined {
  const issuer = readClaim(claims, 'iss');
  if (issuer === undefined && rules.optionalClaims) return undefined;
  if (issuer === undefined) return fail('ERR_OIDC_CLAIM', 'iss', 'missing');
  if (!isIdentifier(issuer)) return fail('ERR_OIDC_CLAIM', 'iss', 'wrong type');
  if (rules.issuers === undefined || rules.issuers.includes(issuer)) return undefined;
  return fail('ERR_OIDC_ISSUER', 'iss', 'mismatch');
}

function checkAudience({ claims, rules }: ClaimInput): ClaimFailure | undefined {
  const { audiences, audienceClaim: name } = rules;
  if (audiences === undefined) return undefined;
  const value = readClaim(claims, name);
  if (value === undefined) return fail('ERR_OIDC_AUDIENCE', name, 'missing');
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!list.every(isIdentifier)) return fail('ERR_OIDC_AUDIENCE', name, 'wrong type');
  if (list.some((item) => audiences.includes(item))) return undefined;
  return fail('ERR_OIDC_AUDIENCE', name, 'mismatch');
}

function checkExpiry({ claims, rules, now }: ClaimInput): ClaimFailure | undefined {
  const exp = readClaim(claims, 'exp');
  if (exp === undefined && rules.optionalClaims) return undefined;
  if (exp === undefined) return fail('ERR_OIDC_CLAIM', 'exp', 'missing');
  if (!isTime(exp)) return fail('ERR_OIDC_CLAIM', 'exp', 'wrong type');
  // RFC 7519 §4.1.4: "on or after" the expiration time is too late.
  if (now >= exp + rules.leeway) return fail('ERR_OIDC_TOKEN_EXPIRED', 'exp', 'expired');
  return undefined;
}

function checkPast({ claims, rules, now }: ClaimInput, name: string): ClaimFailure | undefined {
  const time = readClaim(claims, name);
  if (time === undefined) return undefined;
  if (!isTime(time)) return fail('ERR_OIDC_CLAIM', name, 'wrong type');
  if (time > now + rules.leeway) return fail('ERR_OIDC_TOKEN_NOT_YET_VALID', name, 'in the future');
  return undefined;
}

function checkLifetime({ claims, rules, now }: ClaimInput): ClaimFailure | undefined {
  const exp = readClaim(claims, 'exp');
  if (!isTime(exp)) return undefined;
  if (exp > LATEST_EXP) return fail('ERR_OIDC_TOKEN_LIFETIME', 'exp', 'not in seconds');
  if (rules.maxLifetime === undefined) return undefined;
  const issued = readClaim(claims, 'iat');
  const start = isTime(issued) ? issued : now;
  if (exp - start <= rules.maxLifetime) return undefined;
  return fail('ERR_OIDC_TOKEN_LIFETIME', 'exp', 'too far away');
}

function checkPrincipal({ claims, rules }: ClaimInput): ClaimFailure | undefined {
  const name = rules.principalClaim;
  const value = readClaim(claims, name);
  if (value === undefined) return fail('ERR_OIDC_CLAIM', name, 'missing');
  return isIdentifier(value) ? undefined : fail('ERR_OIDC_CLAIM', name, 'not a usable identifier');
}

/** A sender-constrained token without its proof is a stolen one as far as we know (RFC 7800). */
function checkBinding({ claims, rules }: ClaimInput): ClaimFailure | undefined {
  if (rules.allowInsecureUnprovenBinding || readClaim(claims, 'cnf') === undefined)
    return undefined;
  return fail('ERR_OIDC_TOKEN_BOUND', 'cnf', 'key-bound token used as bearer token');
}

function checkTokenUse({ claims, rules }: ClaimInput): ClaimFailure | undefined {
  for (const [name, expected] of rules.requiredClaims) {
    const value = readClaim(claims, name);
    if (value === undefined) return fail('ERR_OIDC_CLAIM', name, 'missing');
    if (value !== expected) return fail('ERR_OIDC_CLAIM', name, 'mismatch');
  }
  if (!rules.refuseIdTokens) return undefined;
  // Members of ID tokens (OIDC Core §2, §3.3.2.11). Some Keycloak access tokens hold a nonce too.
  const markers = ['at_hash', 'c_hash', 's_hash'];
  if (readClaim(claims, 'typ') !== 'Bearer') markers.push('nonce');
  for (const name of markers) {
    if (readClaim(claims, name) !== undefined) {
      return fail('ERR_OIDC_TOKEN_TYPE', name, 'only ID tokens have it');
    }
  }
  if (readClaim(claims, 'token_use') === 'id') {
    return fail('ERR_OIDC_TOKEN_TYPE', 'token_use', 'ID token');
  }
  if (readClaim(claims, 'typ') === 'ID') return fail('ERR_OIDC_TOKEN_TYPE', 'typ', 'ID token');
  return undefined;
}

/** Every name under which a provider states the client: RFC 9068, OIDC Core, Okta, Entra ID v1. */
function checkClient({ claims, rules }: ClaimInput): ClaimFailure | undefined {
  const { allowedClients } = rules;
  if (allowedClients === undefined) return undefined;
  const names = ['client_id', 'azp', 'cid', 'appid'].filter(
    (name) => readClaim(claims, name) !== undefined,
  );
  const [first] = names;
  if (first === undefined) return fail('ERR_OIDC_CLIENT', 'client_id', 'missing');
  for (const name of names) {
    const value = readClaim(claims, name);
    if (typeof value !== 'string' || !allowedClients.includes(value)) {
      return fail('ERR_OIDC_CLIENT', name, 'not allowed');
    }
  }
  return undefined;
}

function checkPins({ claims, rules }: ClaimInput): ClaimFailure | undefined {
  const { serviceAccounts } = rules;
  if (serviceAccounts === undefined) return undefined;
  const details = readClaim(claims, 'kubernetes.io');
  const account = {
    subject: readClaim(claims, 'sub'),
    details: isJsonObject(details) ? details : undefined,
  };
  if (serviceAccounts.some((pin) => checkServiceAccount(account, pin))) return undefined;
  return fail('ERR_OIDC_SERVICE_ACCOUNT', 'sub', 'not allowed');
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
