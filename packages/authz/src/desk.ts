/** What is ready for one action: its index, its slices, what tells its resources apart. */
import { type BoundedMap, createBoundedMap } from './bounded-map.ts';
import type { Cedar } from './cedar.ts';
import type { RequestEntity, RequestPrincipal, RequestResource } from './entities.ts';
import { keyOfUid } from './entity-uid.ts';
import { createEvaluator, type Evaluator } from './evaluator.ts';
import { type ActionFacts, createPolicyIndex, type IndexedRule } from './policy-index.ts';
import type { Rule } from './rules.ts';
import {
  createSlice,
  dependencyOf,
  formOf,
  literalsOf,
  readsOfRule,
  type Slice,
  tellsResourcesApart,
} from './slice.ts';
import type { StaticEntities } from './static-entities.ts';
import { type Findings, NOTHING_FOUND } from './verdict.ts';

/** The rules that apply to a request. */
export interface Selection {
  /** Those without conditions. */
  readonly always: Findings;
  /** Those with conditions. */
  readonly slices: readonly Slice[];
  /** Names of arguments and hints that they read, or all. */
  readonly argumentNames: readonly string[] | 'all';
  readonly hintNames: readonly string[] | 'all';
}

/** Selects rules for requests with one action. */
export interface Desk {
  readonly action: RequestEntity;
  readonly evaluator: Evaluator;
  /** True when nothing known tells the resource from any other unknown one. */
  isOrdinary(principal: RequestPrincipal, resource: string): boolean;
  select(principal: RequestPrincipal, resource: RequestResource): Selection;
}

interface DeskOptions {
  readonly cedar: Cedar;
  readonly rules: readonly Rule[];
  readonly statics: StaticEntities;
}

// With few conditional rules, those that read the same are a slice, and when several slices have to be
// evaluated, one call evaluates all. With more, that would be too many sets to prepare: rules are
// sorted roughly, and slices evaluated one by one.
const SMALL = 16;
const MAX_SLICES = 4_096;
const MAX_SELECTIONS = 4_096;

/** Prepares an action. */
export function createDesk(
  { cedar, rules, statics }: DeskOptions,
  facts: ActionFacts & { readonly action: RequestEntity },
): Desk {
  const index = createPolicyIndex(rules, facts);
  const conditional = index.conditional.map(({ rule }) => rule);
  const small = conditional.length <= SMALL;
  const slices: BoundedMap<string, Slice> = createBoundedMap(MAX_SLICES);
  const selections: BoundedMap<string, Selection> = createBoundedMap(MAX_SELECTIONS);
  const byName = conditional.some(tellsResourcesApart);
  const mentioned = new Set(conditional.flatMap(literalsOf).map(keyOfUid));

  const kindOf = ({ rule, kind }: IndexedRule): string => {
    const form = formOf(rule);
    return form === 'flat'
      ? `${kind} ${small ? readsOfRule(rule) : dependencyOf(rule)}`
      : `${form} ${rule.effect}`;
  };
  const sliceOf = (rules: readonly Rule[], kind: string): Slice => {
    const key = `${kind}:${rules.map(({ order }) => order).join()}`;
    const known = slices.get(key);
    if (known !== undefined) {
      return known;
    }
    const [first] = rules;
    const slice = createSlice(rules, first === undefined ? 'flat' : formOf(first));
    slices.set(key, slice);
    return slice;
  };

  return {
    action: facts.action,
    evaluator: createEvaluator({ cedar, statics, combine: small }),
    isOrdinary: ({ ancestors }, resource) => {
      if (byName) {
        return false;
      }
      const key = keyOfUid({ type: facts.resourceType, id: resource });
      return !(statics.has(key) || mentioned.has(key) || index.names(key) || ancestors.has(key));
    },
    select: (principal, resource) => {
      // The open rules apply to all: the others tell selections apart.
      const found = index.select(principal, resource);
      let key = '';
      for (const { rule } of found) {
        key += `${rule.order},`;
      }
      const known = selections.get(key);
      if (known !== undefined) {
        return known;
      }
      const selection = toSelection([...index.open, ...found], { kindOf, sliceOf });
      selections.set(key, selection);
      return selection;
    },
  };
}

interface Sorting {
  /** Rules of one kind are in one slice. */
  readonly kindOf: (indexed: IndexedRule) => string;
  readonly sliceOf: (rules: readonly Rule[], kind: string) => Slice;
}

function toSelection(found: readonly IndexedRule[], { kindOf, sliceOf }: Sorting): Selection {
  const inOrder = found.toSorted((one, other) => one.rule.order - other.rule.order);
  const satisfied: Rule[] = [];
  const groups = new Map<string, Rule[]>();
  for (const indexed of inOrder) {
    const { rule } = indexed;
    if (rule.condition === undefined) {
      satisfied.push(rule);
    } else {
      const kind = kindOf(indexed);
      const group = groups.get(kind);
      groups.set(kind, group ?? [rule]);
      group?.push(rule);
    }
  }
  const slices = [...groups].map(([kind, group]) => sliceOf(group, kind));
  const all = slices.some(({ form }) => form !== 'flat');
  return {
    always: satisfied.length === 0 ? NOTHING_FOUND : { satisfied, failed: [] },
    slices,
    argumentNames: all ? 'all' : namesOf(slices, 'argumentNames'),
    hintNames: all ? 'all' : namesOf(slices, 'hintNames'),
  };
}

function namesOf(
  slices: readonly Slice[],
  names: 'argumentNames' | 'hintNames',
): readonly string[] {
  return [...new Set(slices.flatMap((slice) => slice[names]))].sort();
}
