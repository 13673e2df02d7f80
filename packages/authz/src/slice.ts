/**
 * A slice: the conditional rules that apply to some requests, and what they read. Only what a slice
 * reads is passed to Cedar, and only that is part of a cache key.
 */
import type { EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/web';
import type { RequestEntity, RequestPrincipal } from './entities.ts';
import { keyOfUid } from './entity-uid.ts';
import { isHintName } from './hints.ts';
import { type IndexedRule, scopeTargets } from './policy-index.ts';
import { analyseCondition, type ConditionReads, type Variable } from './policy-reads.ts';
import type { Rule } from './rules.ts';
import { isWithin } from './scope.ts';
import type { PolicySource } from './slot-pool.ts';
import type { CedarRecord } from './values.ts';

/** The prepared rules that a slice is evaluated with: its own, or some more. */
export interface RuleSet extends PolicySource {
  readonly byName: ReadonlyMap<string, Rule>;
  readonly targets: readonly TypeAndId[];
}

/** A slice and what its rules read. */
export interface Slice {
  readonly id: number;
  readonly rules: ReadonlySet<Rule>;
  readonly set: RuleSet;
  readonly everything: boolean;
  readonly attributes: Readonly<Record<Variable, readonly string[]>>;
  /** Names among them that come from the call: arguments and hints. */
  readonly argumentNames: readonly string[];
  readonly hintNames: readonly string[];
  readonly bare: ReadonlySet<Variable>;
  readonly compared: ReadonlySet<string>;
  readonly conditionTargets: readonly TypeAndId[];
  readonly literals: readonly TypeAndId[];
}

/** Makes a set of rules that Cedar can be given. */
export function createRuleSet(rules: readonly IndexedRule[]): RuleSet {
  return {
    size: rules.length,
    byName: new Map(rules.map(({ rule }) => [rule.name, rule])),
    targets: scopeTargets(rules),
    forms: () => Object.fromEntries(rules.map(({ rule }) => [rule.name, rule.form])),
  };
}

/** Makes a slice of rules that are evaluated with `set`. */
export function createSlice(id: number, rules: readonly IndexedRule[], set: RuleSet): Slice {
  const reads = rules.map(({ rule }) => readsOf(rule));
  const attributes = (variable: Variable): readonly string[] =>
    [...new Set(reads.flatMap((one) => [...one.attributes[variable]]))].sort();
  const all = {
    principal: attributes('principal'),
    action: attributes('action'),
    resource: attributes('resource'),
    context: attributes('context'),
  };
  const ofCall = [...new Set([...all.resource, ...all.context])].sort();
  return {
    id,
    rules: new Set(rules.map(({ rule }) => rule)),
    set,
    everything: reads.some((one) => one.everything),
    attributes: all,
    argumentNames: ofCall.filter((name) => name.startsWith('arg_')),
    hintNames: all.resource.filter(isHintName),
    bare: new Set(reads.flatMap((one) => [...one.bare])),
    compared: new Set(reads.flatMap((one) => [...one.compared])),
    conditionTargets: uniqueUids(reads.flatMap((one) => one.targets)),
    literals: uniqueUids(reads.flatMap((one) => one.literals)),
  };
}

/** What of the principal decides the findings of the slice, as text. */
export function principalKey(slice: Slice, principal: RequestPrincipal): string {
  const { attributes } = slice;
  return JSON.stringify([
    placeKey(slice, 'principal', principal),
    attributes.principal.map((name) => principal.attrs[name]),
    attributes.context.map((name) => principal.claims[name]),
  ]);
}

/** What of the resource, as far as it is known without the call, decides the findings. */
export function resourceKey(slice: Slice, resource: RequestEntity): string {
  return JSON.stringify([
    placeKey(slice, 'resource', resource),
    slice.attributes.resource.map((name) => resource.attrs[name]),
  ]);
}

/** Which of the places that the slice tells apart the entity is at. */
function placeKey(slice: Slice, variable: Variable, entity: RequestEntity): string {
  const self = slice.bare.has(variable) || slice.compared.has(entity.key) ? entity.key : '';
  const above = slice.conditionTargets.map((target) => isWithin(entity, keyOfUid(target)));
  return `${above.map(Number).join('')} ${self}`;
}

/**
 * The entity as far as the slice looks at it, or `undefined` when it does not. Ancestors are given
 * as parents: `in` is transitive, so what stands between makes no difference.
 */
export function projectEntity(
  slice: Slice,
  variable: Exclude<Variable, 'context'>,
  entity: RequestEntity,
): EntityJson | undefined {
  const names = slice.attributes[variable];
  const parents = [...slice.set.targets, ...slice.conditionTargets].filter((target) =>
    entity.ancestors.has(keyOfUid(target)),
  );
  if (names.length === 0 && parents.length === 0) {
    return undefined;
  }
  return { uid: entity.uid, attrs: pick(entity.attrs, names), parents: uniqueUids(parents) };
}

/** The named members of a record that are there. */
export function pick(record: CedarRecord, names: readonly string[]): CedarRecord {
  const picked = Object.create(null) as CedarRecord;
  for (const name of names) {
    const value = record[name];
    if (value !== undefined) {
      picked[name] = value;
    }
  }
  return picked;
}

const analysed = new WeakMap<Rule, ConditionReads>();

function readsOf(rule: Rule): ConditionReads {
  const known = analysed.get(rule);
  if (known !== undefined) {
    return known;
  }
  // Rules without a condition are decided by their scope and are in no slice.
  const reads = analyseCondition(rule.condition ?? { Value: true });
  analysed.set(rule, reads);
  return reads;
}

function uniqueUids(uids: readonly TypeAndId[]): TypeAndId[] {
  return [...new Map(uids.map((uid) => [keyOfUid(uid), uid])).values()];
}
