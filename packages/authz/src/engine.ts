/**
 * Decides with one set of rules: finds the rules whose scope matches, has Cedar evaluate those with
 * conditions, and keeps what it learns. Cedar is the only evaluator of conditions; what is kept
 * here is keyed by everything the conditions read.
 */
import { type BoundedMap, createBoundedMap } from './bounded-map.ts';
import type { Cedar } from './cedar.ts';
import type { ErrorMode } from './config.ts';
import {
  buildAction,
  type EntityOptions,
  type RequestEntity,
  type RequestPrincipal,
  type RequestResource,
} from './entities.ts';
import { createEvaluator, type Evaluator } from './evaluator.ts';
import { OPERATIONS } from './operations.ts';
import { createPolicyIndex, type IndexedRule, type PolicyIndex } from './policy-index.ts';
import type { AuthzAction } from './request.ts';
import type { Rule } from './rules.ts';
import {
  createRuleSet,
  createSlice,
  principalKey,
  type RuleSet,
  resourceKey,
  type Slice,
} from './slice.ts';
import { type Findings, joinFindings, toVerdict, type Verdict } from './verdict.ts';

/** How one identity's requests for one target are decided. */
export interface Plan {
  /** The part of the target's entity that does not change from call to call. */
  readonly resource: RequestResource;
  /** Names of arguments and hints that make a difference, or all. */
  readonly argumentNames: readonly string[] | 'all';
  readonly hintNames: readonly string[] | 'all';
  /** Decides for a resource with the hints and arguments of a call. */
  decide(resource: RequestResource): Verdict;
}

/** Decides requests with one set of rules. */
export interface Engine {
  plan(action: AuthzAction, principal: RequestPrincipal, resource: RequestResource): Plan;
}

interface EngineOptions {
  readonly rules: readonly Rule[];
  readonly entities: EntityOptions;
  readonly evaluationErrors: ErrorMode;
}

// Up to this many conditional rules are prepared as one set: evaluating a rule whose scope does not
// match costs less than preparing a set for every combination of rules.
const SMALL = 16;
const MAX_SLICES = 4_096;
const MAX_KEY_LENGTH = 4_096;

/** Prepares rules for evaluation. */
export function createEngine(cedar: Cedar, options: EngineOptions): Engine {
  const { rules, entities, evaluationErrors } = options;
  const evaluator = createEvaluator(cedar, entities.statics);
  const desks = new Map<AuthzAction, Desk>();
  for (const [action, { resourceType }] of Object.entries(OPERATIONS)) {
    // The keys of OPERATIONS are the actions.
    const name = action as AuthzAction;
    const entity = buildAction(name, entities);
    const facts = { action: entity, principalType: 'Client', resourceType };
    desks.set(name, createDesk(entity, createPolicyIndex(rules, facts)));
  }
  const verdictOf = (findings: Findings): Verdict => toVerdict(findings, evaluationErrors, rules);
  return {
    plan: (action, principal, resource) => {
      // All actions have been given a desk above.
      const desk = desks.get(action)!;
      const { always, slices } = desk.select(principal, resource);
      const parts = slices.map((slice) => ({
        slice,
        prefix: keyPrefix(slice, principal, resource),
      }));
      const everything = slices.some((slice) => slice.everything);
      const constant = slices.length === 0 ? verdictOf(always) : undefined;
      return {
        resource,
        argumentNames: everything ? 'all' : namesOf(slices, 'argumentNames'),
        hintNames: everything ? 'all' : namesOf(slices, 'hintNames'),
        decide: (called) => {
          if (constant !== undefined) {
            return constant;
          }
          const request = { principal, action: desk.action, resource: called };
          const found = parts.map((part) => findPart(evaluator, part, request));
          return verdictOf(joinFindings([always, ...found]));
        },
      };
    },
  };
}

/** What is ready for one action. */
interface Desk {
  readonly action: RequestEntity;
  select(
    principal: RequestPrincipal,
    resource: RequestResource,
  ): { readonly always: Findings; readonly slices: readonly Slice[] };
}

let lastSlice = 0;

function createDesk(action: RequestEntity, index: PolicyIndex): Desk {
  const slices: BoundedMap<string, Slice> = createBoundedMap(MAX_SLICES);
  const { conditional } = index;
  const small = conditional.length <= SMALL;
  const variantsApart = (rule: IndexedRule): number => (rule.rule.oneOfMany ? 4 : 0);
  const wholeSets = small ? setsByKind(conditional, variantsApart) : new Map<number, RuleSet>();
  const kindOf = small ? variantsApart : (rule: IndexedRule): number => rule.kind;
  return {
    action,
    select: (principal, resource) => {
      const matched = index.select(principal, resource);
      const satisfied = matched.filter(({ rule }) => rule.condition === undefined);
      const kinds = groupBy(
        matched.filter(({ rule }) => rule.condition !== undefined),
        kindOf,
      );
      const found = [...kinds].map(([kind, rules]) => {
        const key = `${kind}:${rules.map(({ order }) => order).join()}`;
        const known = slices.get(key);
        if (known !== undefined) {
          return known;
        }
        lastSlice += 1;
        const slice = createSlice(lastSlice, rules, wholeSets.get(kind) ?? createRuleSet(rules));
        slices.set(key, slice);
        return slice;
      });
      return {
        always: { satisfied: satisfied.map(({ rule }) => rule), failed: [] },
        slices: found,
      };
    },
  };
}

function setsByKind(
  rules: readonly IndexedRule[],
  kindOf: (rule: IndexedRule) => number,
): Map<number, RuleSet> {
  const groups = groupBy(rules, kindOf);
  return new Map([...groups].map(([kind, group]) => [kind, createRuleSet(group)]));
}

function groupBy(
  rules: readonly IndexedRule[],
  kindOf: (rule: IndexedRule) => number,
): Map<number, IndexedRule[]> {
  const groups = new Map<number, IndexedRule[]>();
  for (const rule of rules) {
    const kind = kindOf(rule);
    const group = groups.get(kind);
    if (group === undefined) {
      groups.set(kind, [rule]);
    } else {
      group.push(rule);
    }
  }
  return groups;
}

interface Part {
  readonly slice: Slice;
  readonly prefix: string;
}

let lastPrincipal = 0;
const serials = new WeakMap<RequestPrincipal, number>();

function keyPrefix(slice: Slice, principal: RequestPrincipal, resource: RequestResource): string {
  if (!slice.everything) {
    return `${slice.id} ${principalKey(slice, principal)} ${resourceKey(slice, resource)}`;
  }
  const serial = serials.get(principal) ?? lastPrincipal + 1;
  lastPrincipal = Math.max(lastPrincipal, serial);
  serials.set(principal, serial);
  return `${slice.id} ${serial} ${JSON.stringify([resource.key, resource.attrs])}`;
}

function findPart(
  evaluator: Evaluator,
  { slice, prefix }: Part,
  request: Parameters<Evaluator['find']>[1],
): Findings {
  const { args, attrs } = request.resource;
  const read = slice.everything
    ? [args, attrs]
    : [slice.argumentNames.map((name) => args[name]), slice.hintNames.map((name) => attrs[name])];
  const key = prefix + JSON.stringify(read);
  return evaluator.find(slice, request, key.length > MAX_KEY_LENGTH ? undefined : key);
}

function namesOf(
  slices: readonly Slice[],
  names: 'argumentNames' | 'hintNames',
): readonly string[] {
  return [...new Set(slices.flatMap((slice) => slice[names]))].sort();
}
