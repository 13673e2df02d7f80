/** Room for request bodies under way: they are held, several times over, until their answer begins. */

import { ownerKey, type SessionOwner } from '../session/store.ts';

export interface BodyBudget {
  /** Bytes that one owner may take. */
  readonly most: number;
  /** Begins with none. */
  open(owner: SessionOwner): BodyLease;
}

/** What one body takes. */
export interface BodyLease {
  /** True when the body may have so many bytes in all. */
  grow(size: number): boolean;
  /** Gives it back, once. */
  release(): void;
}

/** Bytes of a body that is not counted: connections cost as much. */
export const SMALL_BODY: number = 64 * 1024;

/** Creates a budget of so many bytes; one owner may take half. */
export function createBodyBudget(total: number): BodyBudget {
  const owners = new Map<string, number>();
  let taken = 0;
  const most = total / 2;
  return {
    most,
    open(owner) {
      let key: string | undefined;
      let held = 0;
      return {
        grow(size) {
          const more = size - held;
          if (size <= SMALL_BODY || more <= 0) return true;
          key ??= ownerKey(owner);
          const own = (owners.get(key) ?? 0) + more;
          if (own > most || taken + more > total) return false;
          owners.set(key, own);
          taken += more;
          held = size;
          return true;
        },
        release() {
          if (key === undefined || held === 0) return;
          const left = (owners.get(key) ?? 0) - held;
          if (left > 0) owners.set(key, left);
          else owners.delete(key);
          taken -= held;
          held = 0;
        },
      };
    },
  };
}
