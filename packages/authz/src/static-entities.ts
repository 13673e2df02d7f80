/** The entities an operator writes down: tools, groups, servers, users and how they relate (D25). */
import type { CedarValueJson, EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/web';
import type { Cedar } from './cedar.ts';
import type { ConfigPath, ConfigSource, JsonRecord } from './config-reader.ts';
import { createConfigReader, describeType, isRecord } from './config-reader.ts';
import { keyOfUid, parseEntityUid } from './entity-uid.ts';
import { AuthzError } from './errors.ts';
import type { SourcePosition } from './text-position.ts';

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
    const place: EntityPlace = { source, index };
    const entity = parseEntity(item, place);
    const key = keyOfUid(entity.uid);
    if (entities.has(key)) {
      fail(`entity ${index}: ${formatUid(entity.uid)} is defined twice`, place);
    }
    entities.set(key, entity);
  }
  assertNoCycle(entities, source);
  assertParses(cedar, [...entities.values()], source);
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

/** Where an entity stands; without an index, the list. */
interface EntityPlace {
  readonly source: ConfigSource;
  readonly index?: number | undefined;
}

function fail(problem: string, place: EntityPlace, path: ConfigPath = []): never {
  throw new AuthzError('ERR_AUTHZ_ENTITIES', problem, {
    location: { file: place.source.file, ...locate(place, path) },
  });
}

/** The position of a value of an entity, or of the nearest thing around it that has one. */
function locate({ source, index }: EntityPlace, path: ConfigPath): SourcePosition | undefined {
  const whole = index === undefined ? path : [index, ...path];
  for (let length = whole.length; length > 0; length -= 1) {
    const part = whole.slice(0, length);
    const found =
      source.locate?.(['cedar', 'entities', ...part]) ??
      source.locate?.(['cedar', 'entities_json', ...part]);
    if (found !== undefined) {
      return found;
    }
  }
  return locateKey(source, ['cedar', 'entities']) ?? locateKey(source, ['cedar', 'entities_json']);
}

function locateKey(source: ConfigSource, path: ConfigPath): SourcePosition | undefined {
  return source.locateKey?.(path) ?? source.locate?.(path);
}

function parseEntity(item: unknown, place: EntityPlace): StaticEntity {
  const { source, index = 0 } = place;
  const name = `entity ${index}`;
  if (!isRecord(item)) {
    return fail(`${name} must be an object, not ${describeType(item)}`, place);
  }
  const reader = createConfigReader(item, {
    keys: KEYS,
    path: [name],
    source: {
      file: source.file,
      locate: ([, ...path]) => locate(place, path),
      locateKey: ([, ...path]) =>
        source.locateKey?.(['cedar', 'entities', index, ...path]) ??
        source.locateKey?.(['cedar', 'entities_json', index, ...path]),
    },
    code: 'ERR_AUTHZ_ENTITIES',
  });
  const parents = reader.value('parents') ?? [];
  if (!Array.isArray(parents)) {
    const problem = `${name}: "parents" must be a list, not ${describeType(parents)}`;
    return fail(problem, place, ['parents']);
  }
  const tags = reader.value('tags');
  const partOf = (path: ConfigPath, what: string): EntityPart => ({
    ...place,
    name: `${name}: ${what}`,
    path,
  });
  return {
    uid: toUid(reader.value('uid'), partOf(['uid'], '"uid"')),
    attrs: toAttributes(reader.value('attrs') ?? {}, partOf(['attrs'], '"attrs"')),
    parents: parents.map((parent: unknown, at) =>
      toUid(parent, partOf(['parents', at], 'a parent')),
    ),
    tags: tags === undefined ? undefined : toAttributes(tags, partOf(['tags'], '"tags"')),
  };
}

/** A part of an entity: its path, and its name for messages. */
interface EntityPart extends EntityPlace {
  readonly name: string;
  readonly path: ConfigPath;
}

function toUid(value: unknown, part: EntityPart): TypeAndId {
  const problem = `${part.name} must be {"type": …, "id": …} or a text like Tool::"weather"`;
  return parseEntityUid(value) ?? fail(problem, part, part.path);
}

function toAttributes(value: unknown, part: EntityPart): Readonly<Record<string, CedarValueJson>> {
  if (!isRecord(value)) {
    return fail(`${part.name} must be an object, not ${describeType(value)}`, part, part.path);
  }
  assertExact(value, part);
  // The check above leaves nothing but JSON; Cedar checks the rest in `assertParses`.
  return value as Readonly<Record<string, CedarValueJson>>;
}

/** Refuses what Cedar would read otherwise than it is written: fractions, large integers, null. */
function assertExact(attributes: JsonRecord, part: EntityPart): void {
  const pending: { readonly value: unknown; readonly path: ConfigPath }[] = [
    { value: attributes, path: [] },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, path } = next;
    const failHere = (problem: string): never =>
      fail(`${[part.name, ...path].join('.')}${problem}`, part, [...part.path, ...path]);
    if (path.length > MAX_DEPTH) {
      fail(`${part.name} nests deeper than ${MAX_DEPTH}`, part, part.path);
    }
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      const advice = 'write {"__extn": {"fn": "decimal", "arg": "0.5"}} for a decimal';
      failHere(`: ${value} is not an integer within ±9007199254740991; ${advice}`);
    }
    if (value === null || value === undefined) {
      failHere(': null has no meaning in Cedar; leave the attribute out');
    } else if (typeof value === 'object') {
      for (const [key, member] of Object.entries(value)) {
        pending.push({ value: member, path: [...path, Array.isArray(value) ? Number(key) : key] });
      }
    }
  }
}

function assertNoCycle(entities: StaticEntities, source: ConfigSource): void {
  const done = new Set<string>();
  const keys = [...entities.keys()];
  for (const start of keys) {
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
        fail(`${formatUid(entity.uid)} is its own ancestor`, { source, index: keys.indexOf(key) });
      } else if (!done.has(key) && entity !== undefined) {
        path.add(key);
        pending.push({ key, leave: true });
        pending.push(...entity.parents.map((uid) => ({ key: keyOfUid(uid), leave: false })));
      }
    }
  }
}

function assertParses(cedar: Cedar, entities: readonly StaticEntity[], source: ConfigSource): void {
  const problem = whyRefused(cedar, entities);
  if (problem !== undefined) {
    const found = entities.findIndex((entity) => whyRefused(cedar, [entity]) !== undefined);
    fail(problem, { source, index: found === -1 ? undefined : found });
  }
}

/** Why Cedar refuses the entities. */
function whyRefused(cedar: Cedar, entities: readonly StaticEntity[]): string | undefined {
  try {
    // Cedar builds the whole hierarchy; that there is no cycle is known, and what is above an action
    // is the only thing about parents that is left to check.
    const checked = entities.map((entity) =>
      entity.uid.type.endsWith('Action') ? entity : { ...entity, parents: [] },
    );
    const answer = cedar.checkParseEntities({ entities: checked.map(toEntityJson) });
    return answer.type === 'failure' ? answer.errors[0]?.message : undefined;
  } catch (error) {
    return String(error);
  }
}
