/** Collects the static entities that an evaluation can reach, for conditions that look further. */
import type { EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/web';
import type { RequestEntity } from './entities.ts';
import { keyOfUid, plainUid } from './entity-uid.ts';
import { type StaticEntities, toEntityJson } from './static-entities.ts';

/**
 * The request's entities and every static entity that can be reached from them or from `literals`
 * by parents, attributes and tags. Claims and arguments refer to no entity (D26).
 */
export function reachableEntities(
  statics: StaticEntities,
  request: readonly RequestEntity[],
  literals: readonly TypeAndId[],
): EntityJson[] {
  const found = new Map<string, EntityJson>();
  const pending: string[] = literals.map(keyOfUid);
  const visit = (key: string, entity: EntityJson): void => {
    found.set(key, entity);
    pending.push(...entity.parents.map((uid) => keyOfUid(plainUid(uid))));
    collectReferences([entity.attrs, entity.tags], pending);
  };
  for (const entity of request) {
    visit(entity.key, toEntityJson(entity));
  }
  for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
    const entity = found.has(key) ? undefined : statics.get(key);
    if (entity !== undefined) {
      visit(key, toEntityJson(entity));
    }
  }
  return [...found.values()];
}

/** Adds the keys of all entities that a value refers to. */
function collectReferences(value: unknown, keys: string[]): void {
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== 'object' || next === null) {
      continue;
    }
    const uid: unknown = '__entity' in next ? next.__entity : undefined;
    if (isUid(uid)) {
      keys.push(keyOfUid(uid));
    }
    pending.push(...Object.values(next));
  }
}

function isUid(value: unknown): value is TypeAndId {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    'id' in value &&
    typeof value.type === 'string' &&
    typeof value.id === 'string'
  );
}
