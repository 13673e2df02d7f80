/** A bounded map whose entries expire; the least recently used one makes room. */

/** Bounded cache with a time of death per entry. */
export interface ExpiringCache<T> {
  get(key: string): T | undefined;
  /** @param until milliseconds since the epoch */
  set(key: string, value: T, until: number): void;
  clear(): void;
  readonly size: number;
}

/** What an {@link ExpiringCache} needs. */
export interface ExpiringCacheOptions {
  readonly maxEntries: number;
  readonly now: () => number;
}

/** Creates an empty cache. With `maxEntries` 0 it remembers nothing. */
export function createExpiringCache<T>(options: ExpiringCacheOptions): ExpiringCache<T> {
  const { maxEntries, now } = options;
  const entries = new Map<string, { readonly value: T; readonly until: number }>();
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      if (now() >= entry.until) return undefined;
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, until) {
      if (maxEntries === 0 || until <= now()) return;
      entries.delete(key);
      entries.set(key, { value, until });
      const [oldest] = entries.keys();
      if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest);
    },
    clear: () => entries.clear(),
    get size() {
      return entries.size;
    },
  };
}
