/** Puts slices to Cedar and remembers what it found. */
import type { Context, EntityJson } from '@cedar-policy/cedar-wasm/web';
import { type BoundedMap, createBoundedMap } from './bounded-map.ts';
import type { Cedar } from './cedar.ts';
import { AuthzError } from './errors.ts';
import { toErrorText } from './evaluation-errors.ts';
import { reachableEntities } from './reachable.ts';
import type { RuleSet } from './rule-set.ts';
import type { Rule } from './rules.ts';
import { createSlice, type Slice } from './slice.ts';
import {
  type EvaluationRequest,
  flatContext,
  flatEntities,
  readInput,
  type SliceInput,
} from './slice-input.ts';
import { slotPoolOf } from './slot-pool.ts';
import type { StaticEntities } from './static-entities.ts';
import { createRecord } from './values.ts';
import { type Findings, NOTHING_FOUND } from './verdict.ts';

/** Evaluates slices. */
export interface Evaluator {
  /** The findings of each slice. */
  find(slices: readonly Slice[], request: EvaluationRequest): readonly Findings[];
}

interface EvaluatorOptions {
  readonly cedar: Cedar;
  readonly statics: StaticEntities;
  /** True to evaluate several flat slices with one call, in a set made of them. */
  readonly combine: boolean;
}

const MAX_FINDINGS = 4_000;
const MAX_COMBINED = 256;

/** Creates an evaluator with a cache of its own. */
export function createEvaluator({ cedar, statics, combine }: EvaluatorOptions): Evaluator {
  const pool = slotPoolOf(cedar);
  const cache: BoundedMap<string, Findings> = createBoundedMap(MAX_FINDINGS);
  const combined: BoundedMap<string, Slice> = createBoundedMap(MAX_COMBINED);

  const ask = ({ slice, context }: SliceInput, request: EvaluationRequest): Findings => {
    const flat = slice.form === 'flat';
    const answer = cedar.statefulIsAuthorized({
      principal: request.principal.uid,
      action: request.action.uid,
      resource: request.resource.uid,
      preparsedPolicySetId: pool.use(slice.set),
      context: flat ? context : wholeContext(request),
      entities: flat ? flatEntities(slice, request) : wholeEntities(statics, slice, request),
    });
    if (answer.type === 'failure') {
      throw new AuthzError('ERR_AUTHZ_ENGINE', 'Cedar could not read the request');
    }
    const { reason, errors } = answer.response.diagnostics;
    if (reason.length === 0 && errors.length === 0) {
      return NOTHING_FOUND;
    }
    return {
      satisfied: reason.map((name) => ruleNamed(slice.set, name)),
      failed: errors.map(({ policyId, error }) => ({
        rule: ruleNamed(slice.set, policyId),
        message: toErrorText(error.message),
      })),
    };
  };

  // Always all slices that apply: sets for what happens to be missing would be too many to prepare.
  const askTogether = (slices: readonly Slice[], request: EvaluationRequest): Findings => {
    const key = slices.map(({ id }) => id).join();
    const known = combined.get(key);
    const rules = slices.flatMap((slice) => slice.rules);
    const slice = known ?? createSlice(rules, 'flat');
    if (known === undefined) {
      combined.set(key, slice);
    }
    return ask({ slice, context: flatContext(slice, request), key: undefined }, request);
  };

  return {
    find: (slices, request) => {
      const missing: SliceInput[] = [];
      const findings = slices.map((slice) => {
        const input = readInput(slice, request);
        const known = input.key === undefined ? undefined : cache.get(input.key);
        if (known === undefined) {
          missing.push(input);
        }
        return known;
      });
      const together =
        combine && missing.filter(isFlat).length > 1
          ? askTogether(
              slices.filter((slice) => slice.form === 'flat'),
              request,
            )
          : undefined;
      for (const input of missing) {
        const { slice, key } = input;
        const found =
          together !== undefined && isFlat(input)
            ? findingsOf(slice, together)
            : ask(input, request);
        findings[slices.indexOf(slice)] = found;
        if (key !== undefined) {
          cache.set(key, found);
        }
      }
      // Each slice has been found or asked for.
      return findings as readonly Findings[];
    },
  };
}

function isFlat({ slice }: SliceInput): boolean {
  return slice.form === 'flat';
}

function wholeContext({ principal, resource }: EvaluationRequest): Context {
  return Object.assign(createRecord(), principal.claims, resource.args);
}

function wholeEntities(
  statics: StaticEntities,
  slice: Slice,
  { principal, action, resource }: EvaluationRequest,
): EntityJson[] {
  return reachableEntities(statics, [principal, action, resource], slice.literals);
}

function findingsOf(slice: Slice, { satisfied, failed }: Findings): Findings {
  const rules = new Set(slice.rules);
  return {
    satisfied: satisfied.filter((rule) => rules.has(rule)),
    failed: failed.filter(({ rule }) => rules.has(rule)),
  };
}

function ruleNamed(set: RuleSet, name: string): Rule {
  const rule = set.byName.get(name);
  if (rule === undefined) {
    throw new AuthzError('ERR_AUTHZ_ENGINE', 'Cedar named a policy that it was not asked about');
  }
  return rule;
}
