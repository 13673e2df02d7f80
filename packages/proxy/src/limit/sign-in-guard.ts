/** Counts refused sign-ins by source address, so that trying tokens out has an end. */

import { parseIpAddress } from '../source/ip-address.ts';
import { createAllowances } from './allowances.ts';
import type { RateLimit } from './rate-limit.ts';

export interface SignInGuardOptions {
  readonly limit: RateLimit;
  /** Most sources held. */
  readonly maxSources: number;
  readonly now: () => number;
}

/** One sign-in that is being checked. */
export interface SignInAttempt {
  /** Ends it; a second call does nothing. Only a refused one is counted. */
  settle(isRefused: boolean): void;
}

/** Decides whether a source may try. */
export interface SignInGuard {
  /** An attempt to settle, or the milliseconds to wait. */
  begin(source: string): SignInAttempt | number;
}

/**
 * Creates a guard. What is being checked counts as refused until it is settled, so that trying many
 * at once gains nothing. It counts in this process: an attack must not become load on a shared store,
 * and the checks that it spares are this process's.
 */
export function createSignInGuard({ limit, maxSources, now }: SignInGuardOptions): SignInGuard {
  const allowances = createAllowances({ limit, maxKeys: maxSources, now });
  return {
    begin(source) {
      const key = networkOf(source);
      const wait = allowances.reserve(key);
      if (wait > 0) return wait;
      let isSettled = false;
      return {
        settle(isRefused) {
          if (isSettled) return;
          isSettled = true;
          allowances.settle(key, isRefused);
        },
      };
    },
  };
}

/** Whoever has one address of an IPv6 /64 has them all (RFC 4291 §2.5.4). */
function networkOf(source: string): string {
  const address = source.includes(':') ? parseIpAddress(source) : undefined;
  return address?.family === 6 ? address.groups.slice(0, 4).join(':') : source;
}
