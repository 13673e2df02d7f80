/** Answers "why?" for one request. */
import type { EntityJson } from '@cedar-policy/cedar-wasm/web';
import type { Cedar } from './cedar.ts';
import type { RequestEntity, RequestPrincipal, RequestResource } from './entities.ts';
import { keyOfUid } from './entity-uid.ts';
import type { ExplainedPolicy, Explanation } from './explanation.ts';
import { type Evaluation, findFailingPart, findNearMisses } from './near-misses.ts';
import type { Policy } from './policy-set.ts';
import { locateInStatement } from './policy-text.ts';
import type { Decision } from './request.ts';
import { type StaticEntities, type StaticEntity, toEntityJson } from './static-entities.ts';

/** A request with everything that had a part in judging it. */
export interface ExplainedRequest {
  readonly policies: readonly Policy[];
  readonly statics: StaticEntities;
  readonly principal: RequestPrincipal;
  readonly action: RequestEntity;
  readonly resource: RequestResource;
}

/** Explains a decision. */
export function explainOutcome(
  cedar: Cedar,
  outcome: Decision,
  request: ExplainedRequest,
): Explanation {
  const { principal, action, resource, policies } = request;
  const entities = relevantEntities(request);
  const evaluation: Evaluation = {
    request,
    entities,
    failed: new Set(outcome.errors.map(({ policy }) => policy)),
  };
  return {
    decision: outcome.allowed ? 'allow' : 'deny',
    policies: policies.filter(({ id }) => outcome.policies.includes(id)).map(toExplainedPolicy),
    errors: outcome.errors.map((error) => ({
      ...error,
      part: findFailingPart(cedar, error.policy, evaluation),
      hint: toHint(error.message),
    })),
    nearMisses: outcome.allowed ? [] : findNearMisses(cedar, evaluation),
    request: {
      principal: principal.uid,
      action: action.uid,
      resource: resource.uid,
      context: { ...principal.claims, ...resource.args },
    },
    entities,
    outcome,
  };
}

/** A policy with its place. */
export function toExplainedPolicy(policy: Policy): ExplainedPolicy {
  const { line, column } = locateInStatement(policy.statement, 0);
  const { text, source } = policy.statement;
  return { id: policy.id, file: source.file, line, column, source: text };
}

/** What to change about a policy that could not be evaluated. */
export function toHint(message: string): string | undefined {
  const [, owner, name] = /^the (\w+) has no attribute `(.*)`$/s.exec(message) ?? [];
  if (name !== undefined) {
    const variable = owner === 'call' ? 'context' : owner;
    return `test for it first: ${variable} has ${name} && …`;
  }
  if (/^type error.*(?:long|decimal).*(?:decimal|long)/.test(message)) {
    return 'whole numbers are Longs and fractions are decimals; decimals are compared with .lessThan(…)';
  }
  return message.startsWith('type error')
    ? 'the value is not always of this type; `is`, `has` or another claim may tell when it is'
    : undefined;
}

/** The request's entities and the static ones above them. */
function relevantEntities(request: ExplainedRequest): readonly EntityJson[] {
  const { statics, principal, action, resource } = request;
  const found = new Map<string, EntityJson>();
  const pending: StaticEntity[] = [resource, action, principal];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (!found.has(keyOfUid(next.uid))) {
      found.set(keyOfUid(next.uid), toEntityJson(next));
      for (const parent of next.parents) {
        const entity = statics.get(keyOfUid(parent));
        if (entity !== undefined) {
          pending.push(entity);
        }
      }
    }
  }
  return [...found.values()];
}
