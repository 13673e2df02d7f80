/** Who is above whom: ancestors of request entities through the static ones. */
import type { TypeAndId } from '@cedar-policy/cedar-wasm/web';
import { keyOfUid } from './entity-uid.ts';
import type { StaticEntities } from './static-entities.ts';

/** Answers which entities are above given parents. */
export interface Hierarchy {
  /** Keys of the parents and of everything above them. */
  above(parents: readonly TypeAndId[]): ReadonlySet<string>;
}

/** Creates a hierarchy over static entities, which have no cycles. */
export function createHierarchy(statics: StaticEntities): Hierarchy {
  return {
    above: (parents) => {
      const found = new Set<string>();
      const pending = parents.map(keyOfUid);
      for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
        if (!found.has(key)) {
          found.add(key);
          pending.push(...(statics.get(key)?.parents ?? []).map(keyOfUid));
        }
      }
      return found;
    },
  };
}
