/** Who is above whom: ancestors of request entities through the static ones. */
import { keyOfUid } from './entity-uid.ts';
import type { StaticEntities } from './static-entities.ts';

/** Answers which entities are above given parents. */
export interface Hierarchy {
  /** The keys of the parents and of everything above them. */
  above(parents: readonly string[]): ReadonlySet<string>;
}

/** Creates a hierarchy over static entities, which have no cycles. */
export function createHierarchy(statics: StaticEntities): Hierarchy {
  return {
    above: (parents) => {
      const found = new Set<string>();
      const pending = [...parents];
      for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
        if (!found.has(key)) {
          found.add(key);
          for (const parent of statics.get(key)?.parents ?? []) {
            pending.push(keyOfUid(parent));
          }
        }
      }
      return found;
    },
  };
}
