/** Every check of a token one by one, for the operator who asks "why 401?". */
import { compactVerify } from 'jose';
import { checkKeyFits, isSignatureAlgorithm } from './algorithms.ts';
import { CLAIM_CHECKS, type ClaimRules, readClaim } from './claims.ts';
import { describeErrorCode } from './error-table.ts';
import { isOidcError, type OidcError } from './errors.ts';
import { explainClaim, show } from './inspect-details.ts';
import { createIssuerRuntime, type IssuerRuntime } from './issuer-runtime.ts';
import { checkHeader, HEADER_CHECKS } from './jwt-header.ts';
import { chooseKey, importKey, type KeySet } from './key-set.ts';
import type { TokenValidatorOptions } from './options.ts';
import { type ResolvedOptions, resolveOptions } from './resolve-options.ts';
import { expandScopes, readScopes, type ScopeImplications } from './scopes.ts';
import { sha256 } from './sha256.ts';
import { isJwtShaped, MAX_TOKEN_LENGTH, readToken, type UnverifiedToken } from './token-shape.ts';

/** Options of {@link inspectToken}: those of the validator and of the resource server. */
export interface InspectTokenOptions extends TokenValidatorOptions {
  readonly requiredScopes?: readonly string[];
  readonly scopeImplies?: ScopeImplications;
}

/** One check. `detail` may quote claims, never the token. */
export interface TokenCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do about a failure; `null` when there is nothing to do. */
  readonly hint: string | null;
}

/** All checks that could be made. A check whose foundation is missing is left out. */
export interface TokenInspection {
  readonly ok: boolean;
  /** The provider could not be asked, so the answer is incomplete. */
  readonly providerUnreachable: boolean;
  readonly checks: readonly TokenCheck[];
}

interface Report {
  readonly checks: TokenCheck[];
  providerUnreachable: boolean;
}

/**
 * Makes every check of the validator and goes on after a failure as far as that makes sense.
 *
 * @throws {TypeError} for options that are wrong
 */
export async function inspectToken(
  token: string,
  options: InspectTokenOptions,
): Promise<TokenInspection> {
  const resolved = resolveOptions(options);
  const report: Report = { checks: [], providerUnreachable: false };
  const claims = await inspectSource(token, resolved, report);
  if (claims !== undefined) inspectScopes(claims, options, report);
  const { checks, providerUnreachable } = report;
  return { ok: checks.every(({ ok }) => ok), providerUnreachable, checks };
}

type Claims = Readonly<Record<string, unknown>>;

/** Reads the token or has it introspected; the claims, if there are any to look at. */
async function inspectSource(
  token: string,
  resolved: ResolvedOptions,
  report: Report,
): Promise<Claims | undefined> {
  const small = token.length <= MAX_TOKEN_LENGTH;
  add(report, {
    name: 'size',
    ok: small,
    detail: `${token.length} characters`,
    hint: 'Tokens over 16 KiB are refused.',
  });
  if (!small) return undefined;
  const runtimes = resolved.issuers.map((config) =>
    createIssuerRuntime(config, resolved, {
      onKeysRemoved: () => undefined,
      foreignIssuers: new Set(),
    }),
  );
  try {
    if (!isJwtShaped(token)) return await inspectOpaque(token, { runtimes, resolved, report });
    let parts: UnverifiedToken;
    try {
      parts = readToken(token);
    } catch (error) {
      addError(report, 'structure', error);
      return undefined;
    }
    add(report, { name: 'structure', ok: true, detail: 'a signed JWT', hint: null });
    const issuer = readClaim(parts.claims, 'iss');
    const runtime =
      runtimes.find(({ config }) => config.rules.issuers?.some((name) => name === issuer)) ??
      runtimes.find(({ config }) => config.rules.issuers === undefined);
    const introspected =
      runtime?.introspector !== undefined &&
      (!runtime.config.hasKeys || runtime.config.introspection?.introspectJwts === true);
    if (introspected) return await inspectIntrospection(token, { runtime, resolved, report });
    // A token of another issuer is still compared with the rules, to show all that differs.
    const nearest = runtime ?? runtimes[0];
    if (nearest === undefined) return undefined;
    const headerIsGood = inspectHeader(parts, nearest, report);
    if (headerIsGood && runtime !== undefined)
      await inspectSignature(token, { parts, runtime, report });
    inspectClaims(parts.claims, { rules: nearest.config.rules, resolved, report });
    return parts.claims;
  } finally {
    for (const runtime of runtimes) runtime.close();
  }
}

function inspectHeader(parts: UnverifiedToken, runtime: IssuerRuntime, report: Report): boolean {
  const members: Readonly<Record<string, string>> = {
    algorithm: 'alg',
    critical_extensions: 'crit',
    token_type: 'typ',
    key_id: 'kid',
  };
  let good = true;
  for (const { name, check } of HEADER_CHECKS) {
    const code = check(parts.header, runtime.config);
    const member = members[name] ?? name;
    const detail = `\`${member}\` is ${show(readClaim(parts.header, member))}`;
    add(report, {
      name,
      ok: code === undefined,
      detail,
      hint: code ? describeErrorCode(code).hint : null,
    });
    good &&= code === undefined;
  }
  return good;
}

interface SignatureInput {
  readonly parts: UnverifiedToken;
  readonly runtime: IssuerRuntime;
  readonly report: Report;
}

async function inspectSignature(token: string, input: SignatureInput): Promise<void> {
  const { parts, runtime, report } = input;
  let set: KeySet | undefined;
  try {
    set = await runtime.keys?.current();
  } catch (error) {
    addError(report, 'keys', error);
    report.providerUnreachable = true;
  }
  if (set === undefined) return;
  add(report, {
    name: 'keys',
    ok: true,
    detail: `${set.keys.length} keys from ${runtime.jwksUrl() ?? '?'}`,
    hint: null,
  });
  const query = checkHeader(parts.header, runtime.config);
  const choice = chooseKey(set, query);
  if (choice.kind !== 'found') {
    const known = set.keys.map(({ kid }) => kid);
    const unfit = set.keys.filter((key) => checkKeyFits(key, query.alg) !== undefined).length;
    const detail =
      choice.kind === 'unfit'
        ? `the key may not be used: ${choice.reason}`
        : `no key ${show(query.kid)} among ${show(known)} (${unfit} unfit for ${query.alg})`;
    const code = choice.kind === 'unfit' ? 'ERR_OIDC_KEY_UNFIT' : 'ERR_OIDC_KEY_UNKNOWN';
    add(report, { name: 'key', ok: false, detail, hint: describeErrorCode(code).hint });
    return;
  }
  add(report, { name: 'key', ok: true, detail: `key ${show(choice.key.kid)}`, hint: null });
  const algorithms = [query.alg].filter(isSignatureAlgorithm);
  const verified = await importKey(choice.key, query.alg)
    .then((key) => compactVerify(token, key, { algorithms }))
    .then(
      () => true,
      () => false,
    );
  const detail = verified ? 'made by that key' : 'not made by that key';
  add(report, {
    name: 'signature',
    ok: verified,
    detail,
    hint: describeErrorCode('ERR_OIDC_SIGNATURE').hint,
  });
}

interface OpaqueInput {
  readonly runtimes: readonly IssuerRuntime[];
  readonly resolved: ResolvedOptions;
  readonly report: Report;
}

async function inspectOpaque(token: string, input: OpaqueInput): Promise<Claims | undefined> {
  const { runtimes, resolved, report } = input;
  const runtime =
    runtimes.find(({ config }) =>
      config.introspection?.tokenPrefixes?.some((prefix) => token.startsWith(prefix)),
    ) ??
    runtimes.find(
      ({ config }) => config.introspection && config.introspection.tokenPrefixes === undefined,
    );
  const hint = describeErrorCode('ERR_OIDC_TOKEN_OPAQUE').hint;
  add(report, {
    name: 'structure',
    ok: runtime !== undefined,
    detail: 'not a JWT: an opaque token',
    hint,
  });
  if (runtime === undefined) return undefined;
  return inspectIntrospection(token, { runtime, resolved, report });
}

async function inspectIntrospection(
  token: string,
  input: {
    readonly runtime: IssuerRuntime;
    readonly resolved: ResolvedOptions;
    readonly report: Report;
  },
): Promise<Claims | undefined> {
  const { runtime, resolved, report } = input;
  try {
    const claims = await runtime.introspector?.introspect({ token, hash: sha256(token) });
    if (claims === undefined) return undefined;
    add(report, {
      name: 'introspection',
      ok: true,
      detail: 'the provider says the token is active',
      hint: null,
    });
    const rules = { ...runtime.config.rules, optionalClaims: true };
    inspectClaims(claims, { rules, resolved, report });
    return claims;
  } catch (error) {
    addError(report, 'introspection', error);
    if (isOidcError(error) && describeErrorCode(error.code).status === 503) {
      report.providerUnreachable = true;
    }
    return undefined;
  }
}

function inspectClaims(
  claims: Claims,
  input: {
    readonly rules: ClaimRules;
    readonly resolved: ResolvedOptions;
    readonly report: Report;
  },
): void {
  const { rules, resolved, report } = input;
  const claimInput = { claims, rules, now: resolved.now() / 1000 };
  for (const { name, check } of CLAIM_CHECKS) {
    const failure = check(claimInput);
    const { detail, hint } = explainClaim(name, claimInput, failure);
    add(report, { name, ok: failure === undefined, detail, hint });
  }
}

function inspectScopes(claims: Claims, options: InspectTokenOptions, report: Report): void {
  const { requiredScopes = [], scopeImplies = {} } = options;
  const scopes = readScopes(claims);
  const held = expandScopes(scopes, new Map(Object.entries(scopeImplies)));
  const missing = requiredScopes.filter((scope) => !held.has(scope));
  const detail = `scopes are ${show(scopes)}, required are ${show(requiredScopes)}`;
  const hint = `Have the client ask for ${show(missing)}.`;
  add(report, { name: 'scopes', ok: missing.length === 0, detail, hint });
}

function addError(report: Report, name: string, error: unknown): void {
  if (!isOidcError(error)) throw error;
  const { code, message, detail } = error;
  const status = detail.providerStatus === undefined ? '' : ` (status ${detail.providerStatus})`;
  add(report, {
    name,
    ok: false,
    detail: `${describe(error, message)}${status}`,
    hint: describeErrorCode(code).hint,
  });
}

function describe({ detail }: OidcError, message: string): string {
  return detail.reason === undefined || message.includes(detail.reason)
    ? message
    : `${message}: ${detail.reason}`;
}

function add({ checks }: Report, check: TokenCheck): void {
  checks.push(check.ok ? { ...check, hint: null } : check);
}
