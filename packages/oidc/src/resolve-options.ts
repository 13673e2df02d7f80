/** Checks the validator's options once, when it is created, and fills in defaults. */
import { assertEndpoint, isLoopbackHost } from './address-guard.ts';
import {
  isSignatureAlgorithm,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
} from './algorithms.ts';
import type { ClaimRules } from './claims.ts';
import { isOidcError } from './errors.ts';
import { type ResolvedIntrospection, resolveIntrospection } from './introspection-options.ts';
import { normaliseType } from './jwt-header.ts';
import type {
  IssuerOptions,
  SecretSource,
  TokenValidatorOptions,
  WarningTopic,
} from './options.ts';
import type { FetchLike } from './provider-fetch.ts';
import { sha256 } from './sha256.ts';

/** One issuer with everything decided. */
export interface ResolvedIssuer {
  readonly issuer: string | undefined;
  readonly jwksUrl: URL | undefined;
  readonly rules: ClaimRules;
  readonly algorithms: ReadonlySet<SignatureAlgorithm>;
  readonly tokenTypes: ReadonlySet<string>;
  readonly introspection: ResolvedIntrospection | undefined;
  readonly jwksAuthToken: SecretSource | undefined;
  /** The configured URL for keys is a loopback name. */
  readonly loopback: boolean;
  /** False for introspection alone: there is nothing to verify a signature with. */
  readonly hasKeys: boolean;
  readonly fetch: FetchLike;
  readonly allowInsecureHttp: boolean;
  readonly allowPrivateAddresses: boolean;
}

/** All options with everything decided. */
export interface ResolvedOptions {
  readonly issuers: readonly ResolvedIssuer[];
  readonly now: () => number;
  readonly warn: (message: string, topic: WarningTopic) => void;
  readonly timeout: number;
  readonly tokenCacheSize: number;
  readonly sha256: (text: string) => string;
}

/** @throws {TypeError} naming the first option that is missing or wrong. */
export function resolveOptions(options: TokenValidatorOptions): ResolvedOptions {
  const { issuers } = options;
  if (issuers !== undefined && (options.issuer ?? options.jwksUrl ?? options.introspection)) {
    throw new TypeError('"issuers" cannot be combined with "issuer", "jwksUrl" or "introspection"');
  }
  const list = issuers ?? [options];
  if (list.length === 0) throw new TypeError('"issuers" must not be empty');
  const timeout = requireInteger('timeout', options.timeout ?? 5000, { min: 1, max: 60_000 });
  const size = { min: 0, max: 10_000_000 };
  const resolved: ResolvedOptions = {
    issuers: list.map((issuer) => resolveIssuer(issuer, options)),
    now: options.now ?? Date.now,
    warn: options.warn ?? (() => undefined),
    timeout,
    tokenCacheSize: requireInteger('tokenCacheSize', options.tokenCacheSize ?? 10_000, size),
    sha256: options.sha256 ?? sha256,
  };
  assertDistinct(resolved.issuers);
  for (const issuer of resolved.issuers) {
    assertAddresses(issuer, resolved.warn);
    warnOfDangers(issuer, resolved.warn);
  }
  return resolved;
}

function resolveIssuer(options: IssuerOptions, shared: TokenValidatorOptions): ResolvedIssuer {
  const { issuer, introspection } = options;
  const issuerUrl = issuer === undefined ? undefined : requireUrl('issuer', issuer);
  if (issuerUrl !== undefined && (issuerUrl.search !== '' || issuerUrl.hash !== '')) {
    throw new TypeError('"issuer" must not have a query or fragment');
  }
  const jwksUrl =
    options.jwksUrl === undefined ? undefined : requireUrl('jwksUrl', options.jwksUrl);
  if (issuerUrl === undefined && jwksUrl === undefined && introspection === undefined) {
    throw new TypeError('"issuer", "jwksUrl" or "introspection" is required');
  }
  const algorithms = options.algorithms ?? SIGNATURE_ALGORITHMS;
  if (algorithms.length === 0 || !algorithms.every(isSignatureAlgorithm)) {
    throw new TypeError(`"algorithms" must be a list of ${SIGNATURE_ALGORITHMS.join(', ')}`);
  }
  const rules = resolveRules(options);
  const keysUrl = jwksUrl ?? issuerUrl;
  return {
    issuer,
    jwksUrl,
    rules,
    algorithms: new Set(algorithms),
    tokenTypes: new Set((options.tokenTypes ?? ['', 'JWT', 'at+jwt']).map(normaliseType)),
    introspection:
      introspection === undefined ? undefined : resolveIntrospection(introspection, rules),
    jwksAuthToken: options.jwksAuthToken,
    loopback: keysUrl !== undefined && isLoopbackHost(keysUrl.hostname),
    hasKeys: keysUrl !== undefined,
    fetch: options.fetch ?? shared.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    allowInsecureHttp: options.allowInsecureHttp ?? shared.allowInsecureHttp ?? false,
    allowPrivateAddresses: options.allowPrivateAddresses ?? shared.allowPrivateAddresses ?? false,
  };
}

function resolveRules(options: IssuerOptions): ClaimRules {
  const { issuer, audiences, issuerAliases = [], allowInsecureAnyAudience = false } = options;
  if (audiences !== undefined) requireTexts('audiences', audiences);
  const hasAudience = audiences !== undefined && audiences.length > 0;
  if (!hasAudience && !allowInsecureAnyAudience) {
    throw new TypeError('"audiences" is required (or "allowInsecureAnyAudience")');
  }
  requireTexts('issuerAliases', issuerAliases);
  if (issuer === undefined && issuerAliases.length > 0) {
    throw new TypeError('"issuerAliases" needs an "issuer"');
  }
  const lifetime = { min: 1, max: 10 * 366 * 86_400 };
  const { maxLifetime, allowedClients, serviceAccounts } = options;
  for (const pin of serviceAccounts ?? []) requireTexts('serviceAccounts', Object.values(pin));
  return {
    issuers: issuer === undefined ? undefined : [issuer, ...issuerAliases],
    audiences: allowInsecureAnyAudience && !hasAudience ? undefined : audiences,
    audienceClaim: requireText('audienceClaim', options.audienceClaim ?? 'aud'),
    principalClaim: requireText('principalClaim', options.principalClaim ?? 'sub'),
    leeway: requireInteger('leeway', options.leeway ?? 30, { min: 0, max: 600 }),
    maxLifetime:
      maxLifetime === undefined ? undefined : requireInteger('maxLifetime', maxLifetime, lifetime),
    allowedClients: allowedClients && requireTexts('allowedClients', allowedClients),
    requiredClaims: new Map(Object.entries(options.requiredClaims ?? {})),
    refuseIdTokens: options.refuseIdTokens ?? false,
    allowInsecureUnprovenBinding: options.allowInsecureUnprovenBinding ?? false,
    serviceAccounts,
    optionalClaims: false,
  };
}

/** @throws {TypeError} unless the value is an absolute http or https URL. */
export function requireUrl(name: string, value: string): URL {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw new TypeError(`"${name}" must be an http or https URL`);
  }
  return url;
}

/** @throws {TypeError} unless the value is a whole number within bounds. */
export function requireInteger(
  name: string,
  value: number,
  bounds: { readonly min: number; readonly max: number },
): number {
  if (Number.isInteger(value) && value >= bounds.min && value <= bounds.max) return value;
  throw new TypeError(`"${name}" must be a whole number from ${bounds.min} to ${bounds.max}`);
}

function requireText(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new TypeError(`"${name}" must be a non-empty string`);
}

function requireTexts(name: string, values: readonly unknown[]): readonly string[] {
  if (!Array.isArray(values)) throw new TypeError(`"${name}" must be a list of strings`);
  return values.map((value) => requireText(name, value));
}

/** One `iss` must lead to one issuer, and at most one entry may take whatever is left. */
function assertDistinct(issuers: readonly ResolvedIssuer[]): void {
  const names = issuers.flatMap(({ rules }) => rules.issuers ?? []);
  if (new Set(names).size !== names.length) throw new TypeError('"issuers" names an issuer twice');
  if (issuers.filter(({ rules }) => rules.issuers === undefined).length > 1) {
    throw new TypeError('"issuers" may hold one entry without "issuer" at most');
  }
  const catchAll = issuers.filter(
    ({ introspection }) => introspection?.tokenPrefixes === undefined,
  );
  if (catchAll.filter(({ introspection }) => introspection !== undefined).length > 1) {
    throw new TypeError('"introspection.tokenPrefixes" is needed to tell several endpoints apart');
  }
}

/** A configured URL that can never be asked is a mistake to report at once. */
function assertAddresses(issuer: ResolvedIssuer, warn: ResolvedOptions['warn']): void {
  const keys = issuer.jwksUrl ?? (issuer.issuer === undefined ? undefined : new URL(issuer.issuer));
  const endpoints: readonly (readonly [string, URL | undefined])[] = [
    [issuer.jwksUrl === undefined ? 'issuer' : 'jwksUrl', keys],
    ['introspection.url', issuer.introspection?.url],
  ];
  for (const [name, url] of endpoints) {
    if (url === undefined) continue;
    const loopback = isLoopbackHost(url.hostname);
    if (loopback) warn(`"${name}" is a loopback address; use it for development only`, 'loopback');
    try {
      assertEndpoint(url, { ...issuer, loopback });
    } catch (error) {
      const reason = isOidcError(error) ? error.detail.reason : undefined;
      throw new TypeError(`"${name}" is refused: ${reason ?? 'not usable'}`);
    }
  }
}

function warnOfDangers({ rules, ...issuer }: ResolvedIssuer, warn: ResolvedOptions['warn']): void {
  if (rules.audiences === undefined) {
    warn('"allowInsecureAnyAudience" accepts tokens that were made for other services', 'danger');
  }
  if (rules.allowInsecureUnprovenBinding) {
    warn('"allowInsecureUnprovenBinding" accepts tokens that may have been stolen', 'danger');
  }
  if (issuer.allowInsecureHttp) {
    warn('"allowInsecureHttp" lets anyone on the way replace the provider and its keys', 'danger');
  }
}
