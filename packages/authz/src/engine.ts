/**
 * Decides with one set of rules: finds the rules whose scope matches, has Cedar evaluate those with
 * conditions, and keeps what it learns. Cedar is the only evaluator of conditions; what is kept
 * here is keyed by everything the conditions read.
 */
import type { Cedar } from './cedar.ts';
import type { ErrorMode } from './config.ts';
import { createDesk, type Desk, type Selection } from './desk.ts';
import {
  buildAction,
  type EntityOptions,
  placeTogether,
  type RequestPrincipal,
  type RequestResource,
} from './entities.ts';
import type { KeptVerdicts } from './kept-verdicts.ts';
import { OPERATIONS } from './operations.ts';
import type { AuthzAction } from './request.ts';
import type { Rule } from './rules.ts';
import { type Findings, joinFindings, toVerdict, type Verdict } from './verdict.ts';

/**
 * How one identity's requests for one target are decided. It holds nothing of the identity: plans
 * outlive requests, and what a token says need not.
 */
export interface Plan {
  readonly action: AuthzAction;
  /** The part of the target's entity that does not change from call to call. */
  readonly resource: RequestResource;
  readonly selection: Selection;
  /** The decision, when nothing about a call makes a difference. */
  readonly constant: Verdict | undefined;
  /** The decisions so far. */
  readonly kept: KeptVerdicts;
}

/** Decides requests with one set of rules. */
export interface Engine {
  /** True when nothing tells the resource from others of which nothing is known. */
  isOrdinary(action: AuthzAction, principal: RequestPrincipal, resource: string): boolean;
  plan(action: AuthzAction, principal: RequestPrincipal, resource: RequestResource): Plan;
  /** Decides for the resource of the plan with the hints and arguments of a call. */
  decide(plan: Plan, principal: RequestPrincipal, resource: RequestResource): Verdict;
}

interface EngineOptions {
  readonly rules: readonly Rule[];
  readonly entities: EntityOptions;
  readonly evaluationErrors: ErrorMode;
}

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
  // All actions have been given a desk.
  const deskOf = (action: AuthzAction): Desk => desks.get(action)!;
  const verdictOf = rememberLast((parts) =>
    toVerdict(joinFindings(parts), evaluationErrors, rules),
  );

  const decide = (
    action: AuthzAction,
    { slices, always }: Selection,
    placed: ReturnType<typeof placeTogether>,
  ): Verdict => {
    const desk = deskOf(action);
    const { principal, resource } = placed;
    const request = { principal, action: desk.action, resource };
    return verdictOf(
      slices.length === 0 ? [always] : [always, ...desk.evaluator.find(slices, request)],
    );
  };

  return {
    isOrdinary: (action, principal, resource) => deskOf(action).isOrdinary(principal, resource),
    plan: (action, caller, resource) => {
      const placed = placeTogether(caller, resource);
      const selection = deskOf(action).select(placed.principal, placed.resource);
      const { argumentNames, hintNames } = selection;
      const fixed = argumentNames.length === 0 && hintNames.length === 0;
      const constant = fixed ? decide(action, selection, placed) : undefined;
      const kept = { first: undefined, more: undefined };
      return { action, resource, selection, constant, kept };
    },
    decide: ({ action, selection }, caller, resource) =>
      decide(action, selection, placeTogether(caller, resource)),
  };
}

/**
 * The function with its last answer at hand. Findings are kept, and most callers differ in nothing
 * that a policy finds; so the same findings come again and again.
 */
function rememberLast(
  judge: (parts: readonly Findings[]) => Verdict,
): (parts: readonly Findings[]) => Verdict {
  let last: { readonly parts: readonly Findings[]; readonly verdict: Verdict } | undefined;
  return (parts) => {
    if (
      last?.parts.length !== parts.length ||
      !parts.every((part, index) => part === last?.parts[index])
    ) {
      last = { parts, verdict: judge(parts) };
    }
    return last.verdict;
  };
}
