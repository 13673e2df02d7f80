/**
 * A slice: conditional rules that apply to some requests and depend on the same kinds of things.
 * Only what a slice reads is passed to Cedar, and only that is part of a cache key.
 */
import type { TypeAndId } from '@cedar-policy/cedar-wasm/web';
import type { RequestEntity, RequestPrincipal } from './entities.ts';
import { keyOfUid } from './entity-uid.ts';
import { flatName } from './flatten.ts';
import { isHintName } from './hints.ts';
import { analyseCondition, type ConditionReads, type Variable } from './policy-reads.ts';
import { createRuleSet, type RuleForm, type RuleSet } from './rule-set.ts';
import type { Rule } from './rules.ts';
import { isWithin } from './scope.ts';

/** An attribute that a slice reads. */
export interface ReadAttribute {
  readonly variable: Variable;
  readonly name: string;
  /** Its name in the flat record. */
  readonly flat: string;
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
  readonly targets: readonly TypeAndId[];
  readonly literals: readonly TypeAndId[];
}

/** Makes a slice. */
export function createSlice(id: number, rules: readonly Rule[], form: RuleForm): Slice {
  const reads = rules.map(readsOf);
  const attributes = new Map<string, ReadAttribute>();
  for (const one of reads) {
    for (const variable of ['principal', 'action', 'resource', 'context'] as const) {
      for (const name of one.attributes[variable]) {
        const flat = flatName(variable, name);
        attributes.set(flat, { variable, name, flat });
      }
    }
  }
  const list = [...attributes.values()];
  const namesWhere = (test: (attribute: ReadAttribute) => boolean): readonly string[] =>
    list.filter(test).map(({ name }) => name);
  return {
    id,
    rules,
    form,
    set: createRuleSet(rules, form),
    attributes: list,
    argumentNames: namesWhere(isArgument),
    hintNames: namesWhere(({ variable, name }) => variable === 'resource' && isHintName(name)),
    bare: new Set(reads.flatMap((one) => [...one.bare])),
    compared: new Set(reads.flatMap((one) => [...one.compared])),
    targets: uniqueUids(reads.flatMap((one) => one.targets)),
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

/** True when findings can differ between two resources of which no policy knows the name. */
export function tellsResourcesApart(rule: Rule): boolean {
  const { attributes, bare, everything } = readsOf(rule);
  const byName = attributes.resource.has('name') || attributes.resource.has('uri');
  return rule.deep || everything || byName || bare.has('resource');
}

/** What of the principal decides the findings of the slice, as text. */
export function principalKey(slice: Slice, principal: RequestPrincipal): string {
  const values = slice.attributes
    .filter((attribute) => attribute.variable === 'principal' || isClaim(attribute))
    .map(
      ({ variable, name }) => (variable === 'principal' ? principal.attrs : principal.claims)[name],
    );
  return (
    placeKey(slice, 'principal', principal) + (values.length === 0 ? '' : JSON.stringify(values))
  );
}

/** What of the resource, as far as it is known without the call, decides the findings. */
export function resourceKey(slice: Slice, resource: RequestEntity): string {
  const values = slice.attributes
    .filter((attribute) => attribute.variable === 'resource' && !isArgument(attribute))
    .map(({ name }) => resource.attrs[name]);
  return (
    placeKey(slice, 'resource', resource) + (values.length === 0 ? '' : JSON.stringify(values))
  );
}

/** All literal entities in the conditions of a rule. */
export function literalsOf(rule: Rule): readonly TypeAndId[] {
  return readsOf(rule).literals;
}

function isArgument({ variable, name }: ReadAttribute): boolean {
  return (variable === 'context' || variable === 'resource') && name.startsWith('arg_');
}

function isClaim(attribute: ReadAttribute): boolean {
  return attribute.variable === 'context' && !isArgument(attribute);
}

/** Which of the places that the slice tells apart the entity is at. */
function placeKey(slice: Slice, variable: Variable, entity: RequestEntity): string {
  const self = slice.bare.has(variable) || slice.compared.has(entity.key) ? entity.key : '';
  let place = ' ';
  for (const target of slice.targets) {
    place += isWithin(entity, keyOfUid(target)) ? '1' : '0';
  }
  return `${place} ${JSON.stringify(self)}`;
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
