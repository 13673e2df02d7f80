/** A map that forgets what was used least recently. */

/** A bounded map with the oldest use at the front. */
export interface BoundedMap<K, V> {
  readonly size: number;
  get(key: K): V | undefined;
  /** Adds an entry and returns the value that had to go for it. */
  set(key: K, value: V): V | undefined;
  clear(): void;
}

/** Creates a map of at most `capacity` entries. */
export function createBoundedMap<K, V>(capacity: number): BoundedMap<K, V> {
  const entries = new Map<K, V>();
  return {
    get size() {
      return entries.size;
    },
    get: (key) => {
      const value = entries.get(key);
      if (value !== undefined) {
        // Map iterates in the order of insertion: inserted again, it is the youngest.
        entries.delete(key);
        entries.set(key, value);
      }
      return value;
    },
    set: (key, value) => {
      entries.delete(key);
      entries.set(key, value);
      if (entries.size <= capacity) {
        return undefined;
      }
      const [oldest] = entries;
      entries.delete(oldest![0]);
      return oldest![1];
    },
    clear: () => entries.clear(),
  };
}
