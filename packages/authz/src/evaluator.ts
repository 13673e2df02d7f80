/** Puts slices to Cedar and remembers what it found. */
import type { Context, EntityJson, StatefulAuthorizationCall } from '@cedar-policy/cedar-wasm/web';
import { type BoundedMap, createBoundedMap } from './bounded-map.ts';
import type { Cedar } from './cedar.ts';
import type { RequestEntity, RequestPrincipal, RequestResource } from './entities.ts';
import { keyOfUid } from './entity-uid.ts';
import { AuthzError } from './errors.ts';
import { toErrorText } from './evaluation-errors.ts';
import { attributeOf } from './flatten.ts';
import { reachableEntities } from './reachable.ts';
import { createRuleSet, type RuleSet } from './rule-set.ts';
import type { Rule } from './rules.ts';
import type { Slice } from './slice.ts';
import { slotPoolOf } from './slot-pool.ts';
import type { StaticEntities } from './static-entities.ts';
import { createRecord } from './values.ts';
import type { Findings } from './verdict.ts';

/** A request as entities. */
export interface EvaluationRequest {
  readonly principal: RequestPrincipal;
  readonly action: RequestEntity;
  readonly resource: RequestResource;
}

/** A slice and a key that holds everything that decides its findings, if they can be kept. */
export interface KeyedSlice {
  readonly slice: Slice;
  readonly key: string | undefined;
}

/** Evaluates slices. */
export interface Evaluator {
  find(slices: readonly KeyedSlice[], request: EvaluationRequest): readonly Findings[];
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
  const combined: BoundedMap<string, RuleSet> = createBoundedMap(MAX_COMBINED);

  const setFor = (slices: readonly Slice[]): RuleSet => {
    const [only] = slices;
    if (slices.length === 1 && only !== undefined) {
      return only.set;
    }
    const key = slices.map(({ id }) => id).join();
    const known = combined.get(key);
    if (known !== undefined) {
      return known;
    }
    const set = createRuleSet(
      slices.flatMap(({ rules }) => rules),
      'flat',
    );
    combined.set(key, set);
    return set;
  };

  const ask = (slices: readonly Slice[], request: EvaluationRequest): Findings => {
    const set = setFor(slices);
    const answer = cedar.statefulIsAuthorized({
      principal: request.principal.uid,
      action: request.action.uid,
      resource: request.resource.uid,
      preparsedPolicySetId: pool.use(set),
      ...(slices[0]?.form === 'flat'
        ? flatInput(slices, request)
        : wholeInput(statics, slices, request)),
    });
    if (answer.type === 'failure') {
      throw new AuthzError('ERR_AUTHZ_ENGINE', 'Cedar could not read the request');
    }
    const { reason, errors } = answer.response.diagnostics;
    return {
      satisfied: reason.map((name) => ruleNamed(set, name)),
      failed: errors.map(({ policyId, error }) => ({
        rule: ruleNamed(set, policyId),
        message: toErrorText(error.message),
      })),
    };
  };

  return {
    find: (slices, request) => {
      const found = slices.map(({ key }) => (key === undefined ? undefined : cache.get(key)));
      const missing = slices.filter((_, index) => found[index] === undefined);
      const flat = missing.filter(({ slice }) => slice.form === 'flat');
      const together = combine && flat.length > 1 ? flat : [];
      const fresh = new Map<Slice, Findings>();
      if (together.length > 0) {
        const all = ask(
          together.map(({ slice }) => slice),
          request,
        );
        for (const { slice } of together) {
          fresh.set(slice, together.length === 1 ? all : findingsOf(slice, all));
        }
      }
      return slices.map(({ slice, key }, index) => {
        const known = found[index];
        if (known !== undefined) {
          return known;
        }
        const findings = fresh.get(slice) ?? ask([slice], request);
        if (key !== undefined) {
          cache.set(key, findings);
        }
        return findings;
      });
    },
  };
}

type Input = Pick<StatefulAuthorizationCall, 'context' | 'entities'>;

/** The flat record, and entities only where one is `in` something. */
function flatInput(slices: readonly Slice[], request: EvaluationRequest): Input {
  const context: Context = createRecord();
  const entities: EntityJson[] = [];
  for (const { attributes } of slices) {
    for (const { variable, name, flat } of attributes) {
      const value = attributeOf(request, variable, name);
      if (value !== undefined) {
        context[flat] = value;
      }
    }
  }
  for (const { uid, ancestors } of [request.principal, request.action, request.resource]) {
    // `in` is transitive: what stands between an entity and a target makes no difference.
    const parents = slices.flatMap(({ targets }) =>
      targets.filter((target) => ancestors.has(keyOfUid(target))),
    );
    if (parents.length > 0) {
      entities.push({ uid, attrs: {}, parents });
    }
  }
  return { context, entities };
}

function wholeInput(
  statics: StaticEntities,
  slices: readonly Slice[],
  { principal, action, resource }: EvaluationRequest,
): Input {
  const context = Object.assign(createRecord(), principal.claims, resource.args);
  const literals = slices.flatMap((slice) => slice.literals);
  return {
    context,
    entities: reachableEntities(statics, [principal, action, resource], literals),
  };
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
