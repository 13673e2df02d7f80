/**
 * A slice: conditional rules that apply to some requests and depend on the same kinds of things.
 * Only what a slice reads is passed to Cedar, and only that is part of a cache key.
 */
import type { TypeAndId } from '@cedar-policy/cedar-wasm/web';
import { type ClaimName, parseClaimName } from './claims.ts';
import { type ReadElements, readElements } from './element-reads.ts';
import { keyOfUid } from './entity-uid.ts';
import { flatName } from './flatten.ts';
import { isHintName } from './hints.ts';
import { analyseCondition, type ConditionReads, type Variable } from './policy-reads.ts';
import { createRuleSet, type RuleForm, type RuleSet } from './rule-set.ts';
import type { Rule } from './rules.ts';
import { type Above, toAbove } from './scope.ts';

/** An attribute that a slice reads. */
export interface ReadAttribute {
  readonly variable: Variable;
  readonly name: string;
  /** Its name in the flat record. */
  readonly flat: string;
  /** Its name taken apart, for what can be made from a claim. */
  readonly claim: ClaimName | undefined;
  /** What of it is read, should it be a set. */
  readonly elements: ReadElements;
}

/** A slice and what its rules read. */
export interface Slice {
  readonly id: number;
  readonly rules: readonly Rule[];
  readonly form: RuleForm;
  readonly set: RuleSet;
  readonly attributes: readonly ReadAttribute[];
  readonly argumentNames: readonly string[];
  readonly hintNames: readonly string[];
  readonly bare: ReadonlySet<Variable>;
  readonly compared: ReadonlySet<string>;
  /** Entities that something is tested to be `in`. */
  readonly targets: readonly Above[];
  readonly literals: readonly TypeAndId[];
}

let lastSlice = 0;

/** Makes a slice. */
export function createSlice(rules: readonly Rule[], form: RuleForm): Slice {
  const reads = rules.map(readsOf);
  const attributes = attributesOf(rules, reads);
  const namesWhere = (test: (attribute: ReadAttribute) => boolean): readonly string[] =>
    attributes.filter(test).map(({ name }) => name);
  lastSlice += 1;
  return {
    id: lastSlice,
    rules,
    form,
    set: createRuleSet(rules, form),
    attributes,
    argumentNames: namesWhere(isArgument),
    hintNames: namesWhere(({ variable, name }) => variable === 'resource' && isHintName(name)),
    bare: new Set(reads.flatMap((one) => [...one.bare])),
    compared: new Set(reads.flatMap((one) => [...one.compared])),
    targets: uniqueUids(reads.flatMap((one) => one.targets)).map(toAbove),
    literals: uniqueUids(reads.flatMap((one) => one.literals)),
  };
}

/** How a rule is put to Cedar. */
export function formOf(rule: Rule): RuleForm {
  return rule.deep ? 'text' : readsOf(rule).everything ? 'entities' : 'flat';
}

/**
 * On what the findings of a rule depend, roughly: rules that depend on less are kept apart, so that
 * their findings last longer.
 */
export function dependencyOf(rule: Rule): 'call' | 'caller' | 'target' {
  const { attributes, bare, compared, targets } = readsOf(rule);
  if ([...attributes.context, ...attributes.resource].some((name) => name.startsWith('arg_'))) {
    return 'call';
  }
  const onCaller =
    attributes.principal.size > 0 ||
    attributes.context.size > 0 ||
    targets.length > 0 ||
    bare.has('principal') ||
    [...compared].some((key) => key.startsWith(keyOfUid({ type: 'Client', id: '' })));
  return onCaller ? 'caller' : 'target';
}

/**
 * On what the findings of a rule depend, closely: rules that read the same attributes. Callers who
 * differ in one claim then share what is known about the others.
 */
export function readsOfRule(rule: Rule): string {
  const { attributes, bare, compared, targets } = readsOf(rule);
  const names = (['principal', 'action', 'resource', 'context'] as const).flatMap((variable) =>
    [...attributes[variable]].map((name) => flatName(variable, name)),
  );
  const placed = targets.length > 0 || bare.size > 0 || compared.size > 0;
  return JSON.stringify([placed, ...new Set(names.sort())]);
}

/** True when findings can differ between two resources of which no policy knows the name. */
export function tellsResourcesApart(rule: Rule): boolean {
  const { attributes, bare, everything } = readsOf(rule);
  const byName = attributes.resource.has('name') || attributes.resource.has('uri');
  return rule.deep || everything || byName || bare.has('resource');
}

/** All literal entities in the conditions of a rule. */
export function literalsOf(rule: Rule): readonly TypeAndId[] {
  return readsOf(rule).literals;
}

function isArgument({ variable, name }: ReadAttribute): boolean {
  return (variable === 'context' || variable === 'resource') && name.startsWith('arg_');
}

/** What the rules read. An attribute that two variables share is in the flat record once. */
function attributesOf(
  rules: readonly Rule[],
  reads: readonly ConditionReads[],
): readonly ReadAttribute[] {
  const conditions = rules
    .map(({ condition }) => condition)
    .filter((condition) => condition !== undefined);
  const found = new Map<string, ReadAttribute>();
  for (const variable of ['principal', 'action', 'resource', 'context'] as const) {
    for (const name of new Set(reads.flatMap(({ attributes }) => [...attributes[variable]]))) {
      const flat = flatName(variable, name);
      const elements = join(found.get(flat)?.elements, readElements(conditions, variable, name));
      found.set(flat, { variable, name, flat, claim: parseClaimName(name), elements });
    }
  }
  return [...found.values()];
}

function join(one: ReadElements | undefined, other: ReadElements): ReadElements {
  if (one === undefined) {
    return other;
  }
  return one === 'all' || other === 'all' ? 'all' : new Set([...one, ...other]);
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
