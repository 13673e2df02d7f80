/** The front of the package: a bearer token in, a verified identity out. */
import { readClaim } from './claims.ts';
import { OidcError } from './errors.ts';
import { createExpiringCache } from './expiring-cache.ts';
import type { Identity } from './identity.ts';
import type { HashedToken, IntrospectorStatus } from './introspector.ts';
import { createIssuerRuntime, type IssuerRuntime } from './issuer-runtime.ts';
import type { KeySourceStatus } from './key-source.ts';
import type { TokenValidatorOptions } from './options.ts';
import { resolveOptions } from './resolve-options.ts';
import { abandonable } from './single-flight.ts';
import { isJwtShaped, MAX_TOKEN_LENGTH, readToken } from './token-shape.ts';

const TOKEN_CACHE_MS = 5 * 60 * 1000;

/** Options of a single call. */
export interface CallOptions {
  /** Stops waiting; work shared with other callers goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** State of one issuer, for health checks and metrics. */
export interface IssuerStatus {
  readonly issuer: string | undefined;
  readonly jwksUrl: string | undefined;
  /** `undefined` for introspection alone. */
  readonly keys: KeySourceStatus | undefined;
  readonly introspection: IntrospectorStatus | undefined;
}

/** State of a validator. */
export interface TokenValidatorStatus {
  /** Every issuer that verifies signatures has keys. */
  readonly ready: boolean;
  readonly issuers: readonly IssuerStatus[];
  readonly tokenCache: { readonly entries: number; readonly hits: number; readonly misses: number };
}

/** Validates bearer access tokens. */
export interface TokenValidator {
  /** @throws {OidcError} when the token is not acceptable or cannot be judged. */
  validate(token: string, options?: CallOptions): Promise<Identity>;
  /** Resolves when the keys of every issuer are known. @throws {OidcError} when they are not. */
  ready(options?: CallOptions): Promise<void>;
  /**
   * True when the token was accepted within the last five minutes, so that judging it again is cheap.
   * It says nothing about whether the token is good now.
   */
  remembers(token: string): boolean;
  status(): TokenValidatorStatus;
  /** Ends running fetches; later calls fail with `ERR_OIDC_CLOSED`. */
  close(): void;
}

interface CachedIdentity {
  readonly identity: Identity;
  readonly runtime: IssuerRuntime;
}

/**
 * Creates a validator for the access tokens of one issuer or several.
 *
 * Keys are fetched on first use (or by `ready`), once for all who wait, and again when they are
 * old or an unknown `kid` appears. Only asymmetric algorithms are accepted, and every claim rule is
 * exact. A JWKS URL without an issuer accepts any non-empty `iss`, which then is the identity's
 * issuer: whoever holds a key of that set can speak for any issuer name.
 *
 * @throws {TypeError} at once, naming an option that is missing or wrong.
 * @example
 * ```ts
 * const validator = createTokenValidator({ issuer: 'https://id.example', audiences: ['mcp'] });
 * const identity = await validator.validate(token);
 * ```
 */
export function createTokenValidator(options: TokenValidatorOptions): TokenValidator {
  const resolved = resolveOptions(options);
  const { now, sha256 } = resolved;
  const cache = createExpiringCache<CachedIdentity>({ maxEntries: resolved.tokenCacheSize, now });
  /** Tokens that a provider called active; what it said is remembered by the introspector. */
  const askedAbout = createExpiringCache<true>({ maxEntries: resolved.tokenCacheSize, now });
  const counts = { hits: 0, misses: 0 };
  /** Counts removals of keys, so that a verification that began before one is not remembered. */
  let epoch = 0;
  let closed = false;
  const configured = new Set(resolved.issuers.flatMap(({ rules }) => rules.issuers ?? []));
  const runtimes = resolved.issuers.map((config) =>
    createIssuerRuntime(config, resolved, {
      onKeysRemoved() {
        epoch++;
        cache.clear();
      },
      foreignIssuers: new Set(
        [...configured].filter((name) => !config.rules.issuers?.includes(name)),
      ),
    }),
  );

  async function validate(token: string, call: CallOptions = {}): Promise<Identity> {
    if (closed) throw new OidcError('ERR_OIDC_CLOSED', 'The validator was closed');
    if (token.length > MAX_TOKEN_LENGTH) {
      throw new OidcError('ERR_OIDC_TOKEN_TOO_LARGE', 'The token is too large');
    }
    const hashed = { token, hash: sha256(token) };
    const known = recall(hashed);
    if (known !== undefined) return known;
    // Read late: on some servers a request makes its signal only when it is asked for it.
    return abandonable(judge(hashed), call.signal);
  }

  async function judge(hashed: HashedToken): Promise<Identity> {
    const { token, hash } = hashed;
    const old = cache.get(hash);
    if (old !== undefined) {
      // A remembered token is good only as long as its key is, so old keys are refreshed first.
      await old.runtime.keys?.current();
      const known = cache.get(hash)?.identity;
      if (known !== undefined) {
        counts.hits++;
        return known;
      }
    }
    counts.misses++;
    if (!isJwtShaped(token)) return introspectOpaque(hashed);
    const parts = readToken(token);
    const runtime = pickByIssuer(runtimes, readClaim(parts.claims, 'iss'));
    if (runtime.introspector !== undefined) {
      const { config } = runtime;
      if (!config.hasKeys || config.introspection?.introspectJwts)
        return introspect(runtime, hashed);
    }
    if (runtime.keys === undefined) throw unknownIssuer();
    const before = epoch;
    const identity = await runtime.verify(hashed, parts);
    if (epoch === before) remember(hashed, { identity, runtime });
    return identity;
  }

  /** A remembered token whose keys need no refresh: the way of nearly all requests. */
  function recall({ hash }: HashedToken): Identity | undefined {
    const entry = cache.get(hash);
    if (entry === undefined || entry.runtime.keys?.isFresh() === false) return undefined;
    counts.hits++;
    return entry.identity;
  }

  function remember({ hash }: HashedToken, entry: CachedIdentity): void {
    const { leeway } = entry.runtime.config.rules;
    const expiry = ((entry.identity.expiresAt ?? 0) + leeway) * 1000;
    cache.set(hash, entry, Math.min(expiry, now() + TOKEN_CACHE_MS));
  }

  function introspectOpaque(hashed: HashedToken): Promise<Identity> {
    const able = runtimes.filter(({ introspector }) => introspector !== undefined);
    const prefixed = able.find(({ config }) =>
      config.introspection?.tokenPrefixes?.some((prefix) => hashed.token.startsWith(prefix)),
    );
    const open = able.find(({ config }) => config.introspection?.tokenPrefixes === undefined);
    const runtime = prefixed ?? open;
    if (runtime !== undefined) return introspect(runtime, hashed);
    throw new OidcError('ERR_OIDC_TOKEN_OPAQUE', 'The token is not a JWT');
  }

  async function introspect(runtime: IssuerRuntime, hashed: HashedToken): Promise<Identity> {
    const identity = await runtime.introspect(hashed);
    askedAbout.set(hashed.hash, true, now() + TOKEN_CACHE_MS);
    return identity;
  }

  function status(): TokenValidatorStatus {
    const issuers = runtimes.map((runtime) => ({
      issuer: runtime.config.issuer,
      jwksUrl: runtime.jwksUrl(),
      keys: runtime.keys?.status(),
      introspection: runtime.introspector?.status(),
    }));
    const ready = !closed && issuers.every(({ keys }) => keys === undefined || keys.keys > 0);
    return { ready, issuers, tokenCache: { entries: cache.size, ...counts } };
  }

  async function makeReady(): Promise<void> {
    if (closed) throw new OidcError('ERR_OIDC_CLOSED', 'The validator was closed');
    await Promise.all(runtimes.map(({ keys }) => keys?.current()));
  }

  return {
    validate,
    remembers(token) {
      if (closed || token.length > MAX_TOKEN_LENGTH) return false;
      const hash = sha256(token);
      return cache.get(hash) !== undefined || askedAbout.get(hash) !== undefined;
    },
    ready: (call) => abandonable(makeReady(), call?.signal),
    status,
    close() {
      closed = true;
      cache.clear();
      for (const runtime of runtimes) runtime.close();
    },
  };
}

/** The unverified `iss` only picks who verifies; the verification then requires it (D19). */
function pickByIssuer(runtimes: readonly IssuerRuntime[], issuer: unknown): IssuerRuntime {
  const named = runtimes.find(({ config }) =>
    config.rules.issuers?.some((accepted) => accepted === issuer),
  );
  const fallback = runtimes.find(({ config }) => config.rules.issuers === undefined);
  const picked = named ?? fallback;
  if (picked !== undefined) return picked;
  throw issuer === undefined || typeof issuer !== 'string' ? missingIssuer() : unknownIssuer();
}

function unknownIssuer(): OidcError {
  return new OidcError('ERR_OIDC_ISSUER', 'The token is from another issuer', {
    claim: 'iss',
    reason: 'mismatch',
  });
}

function missingIssuer(): OidcError {
  return new OidcError('ERR_OIDC_CLAIM', 'The token does not name its issuer', {
    claim: 'iss',
    reason: 'missing',
  });
}
