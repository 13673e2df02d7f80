/** The entities an operator writes down: tools, groups, servers, users and how they relate (D25). */
import type { CedarValueJson, EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/web';
import type { Cedar } from './cedar.ts';
import type { ConfigSource, JsonRecord } from './config-reader.ts';
import { createConfigReader, describeType, isRecord } from './config-reader.ts';
import { keyOfUid, parseEntityUid } from './entity-uid.ts';
import { AuthzError } from './errors.ts';

/** A static entity, checked. */
export interface StaticEntity {
  readonly uid: TypeAndId;
  readonly attrs: Readonly<Record<string, CedarValueJson>>;
  readonly parents: readonly TypeAndId[];
  readonly tags: Readonly<Record<string, CedarValueJson>> | undefined;
}

/** Static entities by {@link keyOfUid}. */
export type StaticEntities = ReadonlyMap<string, StaticEntity>;

const KEYS = ['uid', 'attrs', 'parents', 'tags'] as const;
const MAX_DEPTH = 32;

/**
 * Checks static entities: their shape, exact integers, no repeated uid, no cycle of parents.
 *
 * @throws {AuthzError} `ERR_AUTHZ_ENTITIES` naming the entity.
 */
export function parseStaticEntities(
  cedar: Cedar,
  list: readonly unknown[],
  source: ConfigSource = {},
): StaticEntities {
  const entities = new Map<string, StaticEntity>();
  for (const [index, item] of list.entries()) {
    const name = `entity ${index}`;
    const entity = parseEntity(item, name, source);
    const key = keyOfUid(entity.uid);
    if (entities.has(key)) {
      fail(`${name}: ${formatUid(entity.uid)} is defined twice`, source);
    }
    entities.set(key, entity);
  }
  assertNoCycle(entities, source);
  assertParses(cedar, entities, source);
  return entities;
}

/** The entity in the form Cedar reads. */
export function toEntityJson(entity: StaticEntity): EntityJson {
  const { uid, attrs, parents, tags } = entity;
  const json: EntityJson = { uid, attrs: { ...attrs }, parents: [...parents] };
  return tags === undefined ? json : { ...json, tags: { ...tags } };
}

/** `Type::"id"` for messages. */
export function formatUid(uid: TypeAndId): string {
  return `${uid.type}::${JSON.stringify(uid.id)}`;
}

function fail(problem: string, source: ConfigSource): never {
  const place =
    source.locate?.(['cedar', 'entities']) ?? source.locate?.(['cedar', 'entities_json']);
  throw new AuthzError('ERR_AUTHZ_ENTITIES', problem, {
    location: { file: source.file, ...place },
  });
}

function parseEntity(item: unknown, name: string, source: ConfigSource): StaticEntity {
  if (!isRecord(item)) {
    return fail(`${name} must be an object, not ${describeType(item)}`, source);
  }
  const reader = createConfigReader(item, {
    keys: KEYS,
    path: [name],
    source: { file: source.file },
    code: 'ERR_AUTHZ_ENTITIES',
  });
  const uid = toUid(reader.value('uid'), `${name}: "uid"`, source);
  const parents = reader.value('parents') ?? [];
  if (!Array.isArray(parents)) {
    return fail(`${name}: "parents" must be a list, not ${describeType(parents)}`, source);
  }
  const tags = reader.value('tags');
  return {
    uid,
    attrs: toAttributes(reader.value('attrs') ?? {}, `${name}: "attrs"`, source),
    parents: parents.map((parent: unknown) => toUid(parent, `${name}: a parent`, source)),
    tags: tags === undefined ? undefined : toAttributes(tags, `${name}: "tags"`, source),
  };
}

function toUid(value: unknown, name: string, source: ConfigSource): TypeAndId {
  return (
    parseEntityUid(value) ??
    fail(`${name} must be {"type": …, "id": …} or a text like Tool::"weather"`, source)
  );
}

function toAttributes(
  value: unknown,
  name: string,
  source: ConfigSource,
): Readonly<Record<string, CedarValueJson>> {
  if (!isRecord(value)) {
    return fail(`${name} must be an object, not ${describeType(value)}`, source);
  }
  assertExact(value, name, source);
  // The check above leaves nothing but JSON; Cedar checks the rest in `assertParses`.
  return value as Readonly<Record<string, CedarValueJson>>;
}

/** Refuses what Cedar would read otherwise than it is written: fractions, large integers, null. */
function assertExact(attributes: JsonRecord, name: string, source: ConfigSource): void {
  const pending: [unknown, string, number][] = [[attributes, name, 0]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [value, path, depth] = next;
    if (depth > MAX_DEPTH) {
      fail(`${name} nests deeper than ${MAX_DEPTH}`, source);
    }
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      const advice = 'write {"__extn": {"fn": "decimal", "arg": "0.5"}} for a decimal';
      fail(`${path}: ${value} is not an integer within ±9007199254740991; ${advice}`, source);
    }
    if (value === null || value === undefined) {
      fail(`${path}: null has no meaning in Cedar; leave the attribute out`, source);
    }
    if (typeof value === 'object') {
      for (const [key, member] of Object.entries(value)) {
        pending.push([member, `${path}.${key}`, depth + 1]);
      }
    }
  }
}

function assertNoCycle(entities: StaticEntities, source: ConfigSource): void {
  const done = new Set<string>();
  for (const start of entities.keys()) {
    const path = new Set<string>();
    const pending: { readonly key: string; readonly leave: boolean }[] = [
      { key: start, leave: false },
    ];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { key, leave } = next;
      const entity = entities.get(key);
      if (leave) {
        path.delete(key);
        done.add(key);
      } else if (path.has(key) && entity !== undefined) {
        fail(`${formatUid(entity.uid)} is its own ancestor`, source);
      } else if (!done.has(key) && entity !== undefined) {
        path.add(key);
        pending.push({ key, leave: true });
        pending.push(...entity.parents.map((uid) => ({ key: keyOfUid(uid), leave: false })));
      }
    }
  }
}

function assertParses(cedar: Cedar, entities: StaticEntities, source: ConfigSource): void {
  let problem: string | undefined;
  try {
    // Cedar builds the whole hierarchy; that there is no cycle is known, and what is above an action
    // is the only thing about parents that is left to check.
    const checked = [...entities.values()].map((entity) =>
      entity.uid.type.endsWith('Action') ? entity : { ...entity, parents: [] },
    );
    const answer = cedar.checkParseEntities({ entities: checked.map(toEntityJson) });
    problem = answer.type === 'failure' ? answer.errors[0]?.message : undefined;
  } catch (error) {
    problem = String(error);
  }
  if (problem !== undefined) {
    fail(problem, source);
  }
}
