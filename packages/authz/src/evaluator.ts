/** Puts one slice to Cedar and remembers what it found. */
import type { Context, EntityJson } from '@cedar-policy/cedar-wasm/web';
import { type BoundedMap, createBoundedMap } from './bounded-map.ts';
import type { Cedar } from './cedar.ts';
import type { RequestEntity, RequestPrincipal, RequestResource } from './entities.ts';
import { AuthzError } from './errors.ts';
import { toErrorText } from './evaluation-errors.ts';
import { reachableEntities } from './reachable.ts';
import type { Rule } from './rules.ts';
import { pick, projectEntity, type Slice } from './slice.ts';
import { type SlotPool, slotPoolOf } from './slot-pool.ts';
import type { StaticEntities } from './static-entities.ts';
import type { Findings } from './verdict.ts';

/** A request as entities. */
export interface EvaluationRequest {
  readonly principal: RequestPrincipal;
  readonly action: RequestEntity;
  readonly resource: RequestResource;
}

/** Evaluates slices. */
export interface Evaluator {
  /** What Cedar finds; `key` holds everything that decides it, or is `undefined`. */
  find(slice: Slice, request: EvaluationRequest, key: string | undefined): Findings;
}

const MAX_FINDINGS = 5_000;

/** Creates an evaluator with a cache of its own. */
export function createEvaluator(cedar: Cedar, statics: StaticEntities): Evaluator {
  const pool: SlotPool = slotPoolOf(cedar);
  const cache: BoundedMap<string, Findings> = createBoundedMap(MAX_FINDINGS);
  return {
    find: (slice, request, key) => {
      const known = key === undefined ? undefined : cache.get(key);
      if (known !== undefined) {
        return known;
      }
      const found = evaluate({ cedar, pool, statics }, slice, request);
      if (key !== undefined) {
        cache.set(key, found);
      }
      return found;
    },
  };
}

interface Tools {
  readonly cedar: Cedar;
  readonly pool: SlotPool;
  readonly statics: StaticEntities;
}

function evaluate(tools: Tools, slice: Slice, request: EvaluationRequest): Findings {
  const { principal, action, resource } = request;
  const answer = tools.cedar.statefulIsAuthorized({
    principal: principal.uid,
    action: action.uid,
    resource: resource.uid,
    context: contextOf(slice, request),
    preparsedPolicySetId: tools.pool.use(slice.set),
    entities: entitiesOf(tools.statics, slice, request),
  });
  if (answer.type === 'failure') {
    throw new AuthzError('ERR_AUTHZ_ENGINE', 'Cedar could not read the request');
  }
  const { reason, errors } = answer.response.diagnostics;
  const ruleOf = (name: string): Rule => {
    const rule = slice.set.byName.get(name);
    if (rule === undefined || !slice.rules.has(rule)) {
      // The index and Cedar disagree about a scope: neither answer can be trusted.
      throw new AuthzError('ERR_AUTHZ_ENGINE', 'a policy outside its scope was evaluated');
    }
    return rule;
  };
  return {
    satisfied: reason.map(ruleOf),
    failed: errors.map(({ policyId, error }) => ({
      rule: ruleOf(policyId),
      message: toErrorText(error.message),
    })),
  };
}

function contextOf(slice: Slice, { principal, resource }: EvaluationRequest): Context {
  if (slice.everything) {
    return Object.assign(Object.create(null), principal.claims, resource.args) as Context;
  }
  const names = slice.attributes.context;
  return Object.assign(pick(principal.claims, names), pick(resource.args, names));
}

function entitiesOf(
  statics: StaticEntities,
  slice: Slice,
  { principal, action, resource }: EvaluationRequest,
): EntityJson[] {
  if (slice.everything) {
    return reachableEntities(statics, [principal, action, resource], slice.literals);
  }
  return [
    projectEntity(slice, 'principal', principal),
    projectEntity(slice, 'action', action),
    projectEntity(slice, 'resource', resource),
  ].filter((entity) => entity !== undefined);
}
