/** Where introspection results are remembered; replicas can share one. */
import { createExpiringCache } from './expiring-cache.ts';

/** What the provider said about a token: its claims, or `null` when it is not active. */
export interface IntrospectionRecord {
  readonly claims: Readonly<Record<string, unknown>> | null;
}

/** A cache for introspection results. Keys are hashes; values hold claims, so protect the store. */
export interface IntrospectionCache {
  get(key: string): Promise<IntrospectionRecord | undefined>;
  /** @param ttl seconds */
  set(key: string, record: IntrospectionRecord, ttl: number): Promise<void>;
}

/** Creates a bounded cache in memory. */
export function createMemoryIntrospectionCache(options: {
  readonly maxEntries: number;
  readonly now: () => number;
}): IntrospectionCache {
  const cache = createExpiringCache<IntrospectionRecord>(options);
  return {
    get: async (key) => cache.get(key),
    set: async (key, record, ttl) => cache.set(key, record, options.now() + ttl * 1000),
  };
}
