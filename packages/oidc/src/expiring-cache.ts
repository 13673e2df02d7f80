/**
 * A bounded map whose entries expire; the least recently used one makes room. An entry moves to the
 * back only when half the map could have passed it by: moving is a deletion and an insertion, and
 * nearly every request uses what the last one has used.
 */

/** Bounded cache with a time of death per entry. */
export interface ExpiringCache<T> {
  get(key: string): T | undefined;
  /** @param until milliseconds since the epoch */
  set(key: string, value: T, until: number): void;
  clear(): void;
  readonly size: number;
}

interface Entry<T> {
  readonly value: T;
  readonly until: number;
  /** Turn at which it moved to the back. */
  movedAt: number;
}

/** What an {@link ExpiringCache} needs. */
export interface ExpiringCacheOptions {
  readonly maxEntries: number;
  readonly now: () => number;
}

/** Creates an empty cache. With `maxEntries` 0 it remembers nothing. */
export function createExpiringCache<T>(options: ExpiringCacheOptions): ExpiringCache<T> {
  const { maxEntries, now } = options;
  const entries = new Map<string, Entry<T>>();
  const patience = maxEntries >> 1;
  let turn = 0;
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      turn += 1;
      const isOver = now() >= entry.until;
      if (!isOver && turn - entry.movedAt < patience) return entry.value;
      entries.delete(key);
      if (isOver) return undefined;
      entry.movedAt = turn;
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, until) {
      if (maxEntries === 0 || until <= now()) return;
      entries.delete(key);
      turn += 1;
      entries.set(key, { value, until, movedAt: turn });
      const [oldest] = entries.keys();
      if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest);
    },
    clear: () => entries.clear(),
    get size() {
      return entries.size;
    },
  };
}
