/**
 * Keys from a JWKS URL over their whole life (D12): one fetch at a time, a lifetime from
 * Cache-Control, a refetch on an unknown `kid` with a cooldown, stale keys for a bounded time,
 * and failures remembered for a moment.
 */
import type { EndpointPolicy } from './address-guard.ts';
import { readMaxAge } from './cache-control.ts';
import { isOidcError, OidcError } from './errors.ts';
import { type KeySet, keepsAllKeys, parseKeySet } from './key-set.ts';
import type { KeySource, KeySourceStatus } from './key-source.ts';
import {
  fetchFromProvider,
  type ProviderFetchOptions,
  readProviderJson,
} from './provider-fetch.ts';
import { createSingleFlight } from './single-flight.ts';

const MAX_BYTES = 512 * 1024;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const TTL_DEFAULT = 10 * MINUTE;
const TTL_MIN = MINUTE;
const TTL_MAX = 60 * MINUTE;
const STALE_MAX = 60 * MINUTE;
const MISS_COOLDOWN = 30 * SECOND;
const FAILURE_TTL = 5 * SECOND;
/** For so long after a failure the provider is taken to be in trouble. */
const TROUBLE = MINUTE;

/** What a {@link createJwksKeySource} needs. */
export interface JwksKeySourceOptions extends ProviderFetchOptions {
  /** The URL of the key set; asked again before each fetch, so discovery can be repeated. */
  readonly locate: () => Promise<URL>;
  readonly policy: EndpointPolicy;
  /** `Authorization` for the key set host. */
  readonly authorization?: (() => Promise<string | undefined>) | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called when a new set lacks a key of the old one. */
  readonly onKeysRemoved: () => void;
  /** Called after each failed fetch. */
  readonly onFailure: (error: OidcError, staleKeys: boolean) => void;
}

interface Fetched {
  readonly set: KeySet;
  readonly at: number;
  readonly freshUntil: number;
}

/** Creates a key source for one key set. Nothing is fetched before the first use. */
export function createJwksKeySource(options: JwksKeySourceOptions): KeySource {
  const { now } = options;
  const flight = createSingleFlight<Fetched>();
  const closing = new AbortController();
  let fetched: Fetched | undefined;
  let failure: { readonly error: OidcError; readonly at: number } | undefined;
  let missRefetchedAt: number | undefined;
  const counts = { fetched: 0, failed: 0 };

  const isFresh = (): boolean => fetched !== undefined && now() < fetched.freshUntil;
  const isUsable = (): boolean => fetched !== undefined && now() < fetched.freshUntil + STALE_MAX;

  async function load(): Promise<Fetched> {
    try {
      const next = await fetchKeySet(options, closing.signal);
      if (fetched !== undefined && !keepsAllKeys(fetched.set, next.set)) options.onKeysRemoved();
      fetched = next;
      failure = undefined;
      counts.fetched++;
      return next;
    } catch (error) {
      const known = isOidcError(error)
        ? error
        : new OidcError('ERR_OIDC_JWKS', 'The key set cannot be had', { reason: 'unexpected' });
      failure = { error: known, at: now() };
      counts.failed++;
      if (!closing.signal.aborted) options.onFailure(known, isUsable());
      throw known;
    }
  }

  /** Starts or joins a fetch, unless the last one has only just failed. */
  function refresh(): Promise<Fetched> {
    if (flight.size === 0 && failure !== undefined && now() < failure.at + FAILURE_TTL) {
      return Promise.reject(failure.error);
    }
    return flight.run('keys', load);
  }

  async function current(): Promise<KeySet> {
    if (fetched !== undefined && isFresh()) return fetched.set;
    if (fetched === undefined || !isUsable()) {
      missRefetchedAt = undefined;
      return (await refresh()).set;
    }
    const stale = fetched.set;
    if (failure !== undefined && now() < failure.at + TROUBLE) {
      // The provider is known to be in trouble: do not let every caller wait for its time limit.
      refresh().catch(() => undefined);
      return stale;
    }
    try {
      const { set } = await refresh();
      missRefetchedAt = undefined;
      return set;
    } catch (error) {
      if (isUsable()) return stale;
      throw error;
    }
  }

  async function newerThan(seen: KeySet): Promise<KeySet | undefined> {
    if (fetched !== undefined && fetched.set !== seen) return fetched.set;
    if (failure === undefined && missRefetchedAt !== undefined) {
      if (now() < missRefetchedAt + MISS_COOLDOWN) return undefined;
    }
    const { set } = await refresh();
    missRefetchedAt = now();
    return set;
  }

  function status(): KeySourceStatus {
    return {
      keys: fetched !== undefined && isUsable() ? fetched.set.keys.length : 0,
      age: fetched === undefined ? undefined : Math.round((now() - fetched.at) / SECOND),
      stale: failure !== undefined && fetched !== undefined,
      lastError: failure?.error.code,
      ...counts,
    };
  }

  return { current, newerThan, isFresh, status, close: () => closing.abort() };
}

async function fetchKeySet(options: JwksKeySourceOptions, signal: AbortSignal): Promise<Fetched> {
  const url = await options.locate();
  const authorization = await options.authorization?.();
  const response = await fetchFromProvider(
    {
      url,
      policy: options.policy,
      headers: authorization === undefined ? {} : { authorization },
      code: 'ERR_OIDC_JWKS',
      maxBytes: MAX_BYTES,
      signal,
    },
    options,
  );
  if (response.status !== 200) {
    throw new OidcError('ERR_OIDC_JWKS', 'The key set cannot be had', {
      reason: 'unexpected status',
      providerStatus: response.status,
    });
  }
  const set = parseKeySet(readProviderJson(response, 'ERR_OIDC_JWKS'));
  const at = options.now();
  const asked = (readMaxAge(response.headers) ?? TTL_DEFAULT / SECOND) * SECOND;
  return { set, at, freshUntil: at + Math.min(TTL_MAX, Math.max(TTL_MIN, asked)) };
}
