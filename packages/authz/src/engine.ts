/** Evaluates rules with Cedar. */
import type { EntityJson } from '@cedar-policy/cedar-wasm/web';
import type { Cedar } from './cedar.ts';
import type { ErrorMode } from './config.ts';
import type { RequestEntity, RequestPrincipal, RequestResource } from './entities.ts';
import { keyOfUid } from './entity-uid.ts';
import { AuthzError } from './errors.ts';
import type { Rule } from './rules.ts';
import { type StaticEntities, toEntityJson } from './static-entities.ts';
import { type Findings, toVerdict, type Verdict } from './verdict.ts';

/** A request as entities. */
export interface EngineRequest {
  readonly principal: RequestPrincipal;
  readonly action: RequestEntity;
  readonly resource: RequestResource;
}

/** Decides requests with one set of rules. */
export interface Engine {
  decide(request: EngineRequest): Verdict;
}

interface EngineOptions {
  readonly rules: readonly Rule[];
  readonly statics: StaticEntities;
  readonly evaluationErrors: ErrorMode;
}

let sets = 0;

/** Prepares rules for evaluation. */
export function createEngine(cedar: Cedar, options: EngineOptions): Engine {
  const { rules, statics, evaluationErrors } = options;
  const many = rules.filter((rule) => rule.oneOfMany);
  const rest = rules.filter((rule) => !rule.oneOfMany);
  const parts = [rest, many].filter((part) => part.length > 0).map((part) => prepare(cedar, part));
  return {
    decide: (request) => {
      const found = parts.map((part) => evaluate(cedar, part, { request, statics }));
      const findings = {
        satisfied: found.flatMap(({ satisfied }) => satisfied),
        failed: found.flatMap(({ failed }) => failed),
      };
      return toVerdict(findings, evaluationErrors, rules);
    },
  };
}

interface PreparedPart {
  readonly id: string;
  readonly rules: ReadonlyMap<string, Rule>;
}

function prepare(cedar: Cedar, rules: readonly Rule[]): PreparedPart {
  sets += 1;
  const id = `thv-authz-${sets}`;
  const staticPolicies = Object.fromEntries(rules.map(({ name, form }) => [name, form]));
  const answer = cedar.preparsePolicySet(id, { staticPolicies });
  if (answer.type === 'failure') {
    throw new AuthzError('ERR_AUTHZ_ENGINE', answer.errors[0]?.message ?? 'unusable policy set');
  }
  return { id, rules: new Map(rules.map((rule) => [rule.name, rule])) };
}

function evaluate(
  cedar: Cedar,
  part: PreparedPart,
  { request, statics }: { readonly request: EngineRequest; readonly statics: StaticEntities },
): Findings {
  const { principal, action, resource } = request;
  const entities = new Map<string, EntityJson>();
  for (const entity of statics.values()) {
    entities.set(keyOfUid(entity.uid), toEntityJson(entity));
  }
  for (const { uid, attrs, parents, tags } of [principal, action, resource]) {
    const json: EntityJson = { uid, attrs, parents: [...parents] };
    entities.set(keyOfUid(uid), tags === undefined ? json : { ...json, tags: { ...tags } });
  }
  const answer = cedar.statefulIsAuthorized({
    principal: principal.uid,
    action: action.uid,
    resource: resource.uid,
    context: { ...principal.claims, ...resource.args },
    preparsedPolicySetId: part.id,
    entities: [...entities.values()],
  });
  if (answer.type === 'failure') {
    throw new AuthzError('ERR_AUTHZ_ENGINE', answer.errors[0]?.message ?? 'Cedar failed');
  }
  const { reason, errors } = answer.response.diagnostics;
  return {
    satisfied: reason.map((name) => part.rules.get(name)!),
    failed: errors.map(({ policyId, error }) => ({
      rule: part.rules.get(policyId)!,
      message: error.message,
    })),
  };
}
