/**
 * Decides with one set of rules: finds the rules whose scope matches, has Cedar evaluate those with
 * conditions, and keeps what it learns. Cedar is the only evaluator of conditions; what is kept
 * here is keyed by everything the conditions read.
 */
import type { Cedar } from './cedar.ts';
import type { ErrorMode } from './config.ts';
import { createDesk, type Desk } from './desk.ts';
import {
  buildAction,
  type EntityOptions,
  placeTogether,
  type RequestPrincipal,
  type RequestResource,
} from './entities.ts';
import type { Evaluator, KeyedSlice } from './evaluator.ts';
import { OPERATIONS } from './operations.ts';
import type { AuthzAction } from './request.ts';
import type { Rule } from './rules.ts';
import { principalKey, resourceKey, type Slice } from './slice.ts';
import { type Findings, joinFindings, toVerdict, type Verdict } from './verdict.ts';

/** How one identity's requests for one target are decided. */
export interface Plan {
  /** The part of the target's entity that does not change from call to call. */
  readonly resource: RequestResource;
  /** Names of arguments and hints that make a difference, or all. */
  readonly argumentNames: readonly string[] | 'all';
  readonly hintNames: readonly string[] | 'all';
  /** The decision, when nothing about a call makes a difference. */
  readonly constant: Verdict | undefined;
  /** Decisions by what made the difference; kept by the caller. */
  verdicts: Map<string, Verdict> | undefined;
  /** Decides for a resource with the hints and arguments of a call. */
  decide(resource: RequestResource): Verdict;
}

/** Decides requests with one set of rules. */
export interface Engine {
  /** True when nothing tells the resource from others of which nothing is known. */
  isOrdinary(action: AuthzAction, principal: RequestPrincipal, resource: string): boolean;
  plan(action: AuthzAction, principal: RequestPrincipal, resource: RequestResource): Plan;
}

interface EngineOptions {
  readonly rules: readonly Rule[];
  readonly entities: EntityOptions;
  readonly evaluationErrors: ErrorMode;
}

const MAX_KEY_LENGTH = 4_096;

/** Prepares rules for evaluation. */
export function createEngine(cedar: Cedar, options: EngineOptions): Engine {
  const { rules, entities, evaluationErrors } = options;
  const desks = new Map<AuthzAction, Desk>();
  for (const [action, { resourceType }] of Object.entries(OPERATIONS)) {
    // The keys of OPERATIONS are the actions.
    const name = action as AuthzAction;
    const facts = { action: buildAction(name, entities), principalType: 'Client', resourceType };
    desks.set(name, createDesk({ cedar, rules, statics: entities.statics }, facts));
  }
  const verdictOf = (findings: Findings): Verdict => toVerdict(findings, evaluationErrors, rules);
  return {
    // All actions have been given a desk above.
    isOrdinary: (action, principal, resource) => desks.get(action)!.isOrdinary(principal, resource),
    plan: (action, caller, target) => {
      const { principal, resource } = placeTogether(caller, target);
      const desk = desks.get(action)!;
      const { always, slices } = desk.select(principal, resource);
      const parts = slices.map((slice) => ({
        slice,
        prefix: keyPrefix(slice, principal, resource),
      }));
      const all = slices.some(({ form }) => form !== 'flat');
      const decide = (called: RequestResource): Verdict => {
        const keyed = parts.map((part) => toKeyed(part, called));
        const request = { principal, action: desk.action, resource: called };
        return verdictOf(joinFindings([always, ...findAll(desk.evaluator, keyed, request)]));
      };
      const argumentNames = all ? 'all' : namesOf(slices, 'argumentNames');
      const hintNames = all ? 'all' : namesOf(slices, 'hintNames');
      const fixed = argumentNames.length === 0 && hintNames.length === 0;
      const constant = fixed ? decide(resource) : undefined;
      return { resource, argumentNames, hintNames, constant, verdicts: undefined, decide };
    },
  };
}

interface Part {
  readonly slice: Slice;
  readonly prefix: string;
}

function findAll(
  evaluator: Evaluator,
  slices: readonly KeyedSlice[],
  request: Parameters<Evaluator['find']>[1],
): readonly Findings[] {
  return slices.length === 0 ? [] : evaluator.find(slices, request);
}

let lastPrincipal = 0;
const serials = new WeakMap<RequestPrincipal, number>();

/** The part of a cache key that is the same for all calls of a target. */
function keyPrefix(slice: Slice, principal: RequestPrincipal, resource: RequestResource): string {
  if (slice.form === 'flat') {
    return slice.id + principalKey(slice, principal) + resourceKey(slice, resource);
  }
  let serial = serials.get(principal);
  if (serial === undefined) {
    lastPrincipal += 1;
    serial = lastPrincipal;
    serials.set(principal, serial);
  }
  return `${slice.id} ${serial} ${JSON.stringify(resource.key)}`;
}

function toKeyed({ slice, prefix }: Part, { args, attrs }: RequestResource): KeyedSlice {
  let key = prefix;
  if (slice.form !== 'flat') {
    key += JSON.stringify([args, attrs]);
  } else if (slice.argumentNames.length > 0 || slice.hintNames.length > 0) {
    key += JSON.stringify([
      slice.argumentNames.map((name) => args[name]),
      slice.hintNames.map((name) => attrs[name]),
    ]);
  }
  return { slice, key: key.length > MAX_KEY_LENGTH ? undefined : key };
}

function namesOf(
  slices: readonly Slice[],
  names: 'argumentNames' | 'hintNames',
): readonly string[] {
  return [...new Set(slices.flatMap((slice) => slice[names]))].sort();
}
