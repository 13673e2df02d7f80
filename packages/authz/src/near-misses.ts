/** Finds the permits that almost applied, and says what was missing. */
import type { EntityJson, Expr } from '@cedar-policy/cedar-wasm/web';
import type { Cedar } from './cedar.ts';
import { toErrorText } from './evaluation-errors.ts';
import type { ExplainedRequest } from './explain.ts';
import { operandsOf, operatorOf } from './expression.ts';
import type { Policy } from './policy-set.ts';
import { type Constraint, isMet, type Placed, toScope } from './scope.ts';

/** A policy that would have applied, had one thing been different. */
export interface NearMiss {
  readonly id: string;
  readonly why: string;
}

const MAX_MISSES = 10;

/** The permits that one part of the scope, or the condition, kept from applying. */
export function findNearMisses(
  cedar: Cedar,
  request: ExplainedRequest,
  entities: readonly EntityJson[],
): readonly NearMiss[] {
  const byCondition: NearMiss[] = [];
  const byScope: NearMiss[] = [];
  for (const policy of request.policies) {
    if (policy.effect !== 'permit' || byCondition.length >= MAX_MISSES) {
      continue;
    }
    const unmet = unmetParts(policy, request);
    if (unmet.length === 0 && policy.condition !== undefined && !policy.deep) {
      const why = whyFalse(cedar, policy.condition, { policy, request, entities });
      byCondition.push(...(why === undefined ? [] : [{ id: policy.id, why }]));
    } else if (unmet.length === 1) {
      byScope.push({ id: policy.id, why: unmet[0]! });
    }
  }
  return [...byCondition, ...byScope].slice(0, MAX_MISSES);
}

function unmetParts(policy: Policy, request: ExplainedRequest): readonly string[] {
  const scope = toScope(policy.json);
  const variables = ['principal', 'action', 'resource'] as const;
  return variables
    .filter((name) => !isMet(scope[name], request[name]))
    .map((name) => `the ${name} is not ${describeConstraint(scope[name], request[name])}`);
}

function describeConstraint(constraint: Constraint, entity: Placed): string {
  const { equals, type, within } = constraint;
  if (equals !== undefined) {
    const [of = '', id = ''] = equals.split('\0');
    return `${of}::${JSON.stringify(id)}`;
  }
  if (type !== undefined && type !== entity.uid.type) {
    return `a ${type}`;
  }
  const names = (within ?? []).map((uid) => `${uid.type}::${JSON.stringify(uid.id)}`);
  return `in ${names.join(' or ')}`;
}

interface Evaluation {
  readonly policy: Policy;
  readonly request: ExplainedRequest;
  readonly entities: readonly EntityJson[];
}

/** The first part of a conjunction that is not true. */
function whyFalse(cedar: Cedar, condition: Expr, evaluation: Evaluation): string | undefined {
  if (operatorOf(condition) === '&&') {
    const { left, right } = operandsOf(condition);
    return whyFalse(cedar, left, evaluation) ?? whyFalse(cedar, right, evaluation);
  }
  const { policy, request, entities } = evaluation;
  const json = { ...policy.json, conditions: [{ kind: 'when' as const, body: condition }] };
  const answer = cedar.isAuthorized({
    principal: request.principal.uid,
    action: request.action.uid,
    resource: request.resource.uid,
    context: { ...request.principal.claims, ...request.resource.args },
    policies: { staticPolicies: { condition: json } },
    entities: [...entities],
  });
  if (answer.type === 'failure' || answer.response.decision === 'allow') {
    return undefined;
  }
  const [error] = answer.response.diagnostics.errors;
  const text = printCondition(cedar, condition);
  return error === undefined
    ? `this is false: ${text}`
    : `this cannot be evaluated: ${text} (${toErrorText(error.error.message)})`;
}

/** The Cedar text of a condition. */
export function printCondition(cedar: Cedar, condition: Expr): string {
  const answer = cedar.policyToText({
    effect: 'permit',
    principal: { op: 'All' },
    action: { op: 'All' },
    resource: { op: 'All' },
    conditions: [{ kind: 'when', body: condition }],
  });
  const text = answer.type === 'success' ? answer.text : '';
  const body = /when\s*\{(.*)\}\s*;?\s*$/s.exec(text)?.[1] ?? text;
  return body.trim().replace(/\s+/g, ' ');
}
