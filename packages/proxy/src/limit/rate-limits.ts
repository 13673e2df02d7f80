/** The limits of one proxy, or of several that count together. */

import { ownerKey } from '../session/store.ts';
import { createMemoryRateLimitStore } from './memory-store.ts';
import { assertRateLimit, type RateLimit, type RateLimitStore } from './rate-limit.ts';
import { createSignInGuard, type SignInGuard } from './sign-in-guard.ts';

export interface RateLimitsOptions {
  /** Requests of one identity, whatever their method and outcome. Default: not limited. */
  readonly identity?: RateLimit;
  /**
   * Refused sign-ins of one source address, or of one /64 of IPv6. Default: not limited. Always
   * counted in memory. Requests whose source nobody knows are let through.
   */
  readonly failedSignIns?: RateLimit;
  /** Where requests of identities are counted. Default: in memory, at most 100,000 identities. */
  readonly store?: RateLimitStore;
  /** What becomes of a request that the store cannot count. Default `deny`: 503. */
  readonly onStoreError?: 'allow' | 'deny';
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
}

/** Give the same to several proxies and they count together. */
export interface RateLimits {
  readonly identity:
    | {
        /** Milliseconds to wait; 0 when the request is allowed. */
        readonly take: (issuer: string, subject: string) => Promise<number>;
        readonly onStoreError: 'allow' | 'deny';
      }
    | undefined;
  readonly signIns: SignInGuard | undefined;
}

/** Most source addresses whose refused sign-ins are remembered. */
const MAX_SOURCES = 100_000;

/**
 * Creates limits to give to `createProxy`.
 *
 * @throws {TypeError} at once, when an option is out of range or would do nothing.
 */
export function createRateLimits(options: RateLimitsOptions): RateLimits {
  const { identity, failedSignIns, onStoreError = 'deny' } = options;
  const now = options.now ?? Date.now;
  if (identity !== undefined) assertRateLimit('identity', identity);
  if (failedSignIns !== undefined) assertRateLimit('failedSignIns', failedSignIns);
  for (const name of ['store', 'onStoreError'] as const) {
    if (options[name] !== undefined && identity === undefined) {
      throw new TypeError(`"${name}" does nothing without "identity"`);
    }
  }
  const store = options.store ?? createMemoryRateLimitStore({ now });
  return {
    identity: identity && {
      take: (issuer, subject) => store.take(ownerKey({ issuer, subject }), identity),
      onStoreError,
    },
    signIns:
      failedSignIns && createSignInGuard({ limit: failedSignIns, maxSources: MAX_SOURCES, now }),
  };
}
