/** Rate limits that are counted in memory. */

import { type Allowances, createAllowances } from './allowances.ts';
import type { RateLimit, RateLimitStore } from './rate-limit.ts';

export interface MemoryRateLimitStoreOptions {
  /** Most keys held; where all are in use, those with the fullest allowance go. Default 100,000. */
  readonly maxKeys?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Creates a store that counts in memory, bounded in number and time. */
export function createMemoryRateLimitStore(
  options: MemoryRateLimitStoreOptions = {},
): RateLimitStore {
  const maxKeys = options.maxKeys ?? 100_000;
  const now = options.now ?? Date.now;
  const counts = new Map<string, Allowances>();
  const allowancesOf = (limit: RateLimit): Allowances => {
    const name = `${limit.requests}/${limit.window}`;
    const known = counts.get(name);
    if (known !== undefined) return known;
    const allowances = createAllowances({ limit, maxKeys, now });
    counts.set(name, allowances);
    return allowances;
  };
  return { take: async (key, limit) => allowancesOf(limit).take(key) };
}
