/**
 * A map that forgets what was not used for long. Entries live in two generations: what is used moves
 * to the young one, and when that is full the old one is dropped. Cheaper than an exact order of use,
 * which costs a deletion and an insertion per look-up.
 */

/** A bounded map. */
export interface BoundedMap<K, V> {
  readonly size: number;
  get(key: K): V | undefined;
  set(key: K, value: V): void;
}

/** Creates a map of at most `capacity` entries. */
export function createBoundedMap<K, V>(capacity: number): BoundedMap<K, V> {
  const limit = Math.max(1, capacity >> 1);
  let young = new Map<K, V>();
  let old = new Map<K, V>();
  const add = (key: K, value: V): void => {
    if (young.size >= limit) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
  };
  return {
    get size() {
      return young.size + old.size;
    },
    get: (key) => {
      const value = young.get(key);
      if (value !== undefined) {
        return value;
      }
      const aged = old.get(key);
      if (aged !== undefined) {
        old.delete(key);
        add(key, aged);
      }
      return aged;
    },
    set: add,
  };
}
