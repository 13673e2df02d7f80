/** Finds the permits that almost applied, and says what was missing. */
import type { EntityJson, Expr, PolicyJson } from '@cedar-policy/cedar-wasm/web';
import type { Cedar } from './cedar.ts';
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

/** What conditions are evaluated with. */
export interface Evaluation {
  readonly request: ExplainedRequest;
  readonly entities: readonly EntityJson[];
  /** The policies that cannot be evaluated; they are no near misses. */
  readonly failed: ReadonlySet<string>;
}

/** The permits that one part of the scope, or the condition, kept from applying. */
export function findNearMisses(cedar: Cedar, evaluation: Evaluation): readonly NearMiss[] {
  const { request, failed } = evaluation;
  const byCondition: NearMiss[] = [];
  const byScope: NearMiss[] = [];
  for (const policy of request.policies) {
    if (policy.effect !== 'permit' || failed.has(policy.id) || byCondition.length >= MAX_MISSES) {
      continue;
    }
    const unmet = unmetParts(policy, request);
    const { condition } = policy;
    if (unmet.length === 0 && condition !== undefined && !policy.deep) {
      const part = findUnmet(cedar, condition, { policy, ...evaluation });
      if (part !== undefined) {
        byCondition.push({ id: policy.id, why: `this is false: ${printCondition(cedar, part)}` });
      }
    } else if (unmet.length === 1) {
      byScope.push({ id: policy.id, why: unmet[0]! });
    }
  }
  return [...byCondition, ...byScope].slice(0, MAX_MISSES);
}

/** The text of the part of a policy's condition that cannot be evaluated. */
export function findFailingPart(
  cedar: Cedar,
  id: string,
  evaluation: Evaluation,
): string | undefined {
  const policy = evaluation.request.policies.find((one) => one.id === id);
  if (policy?.condition === undefined || policy.deep) {
    return undefined;
  }
  // What is evaluated before the part at fault is true, or the part would not be evaluated.
  const part = findUnmet(cedar, policy.condition, { policy, ...evaluation });
  return part === undefined ? undefined : printCondition(cedar, part);
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
  const names = (within ?? []).map(({ uid }) => `${uid.type}::${JSON.stringify(uid.id)}`);
  return `in ${names.join(' or ')}`;
}

interface PolicyEvaluation extends Evaluation {
  readonly policy: Policy;
}

/** The first part of a conjunction that is not true. */
function findUnmet(cedar: Cedar, condition: Expr, evaluation: PolicyEvaluation): Expr | undefined {
  if (operatorOf(condition) === '&&') {
    const { left, right } = operandsOf(condition);
    return findUnmet(cedar, left, evaluation) ?? findUnmet(cedar, right, evaluation);
  }
  const { policy, request, entities } = evaluation;
  const json: PolicyJson = {
    ...policy.json,
    effect: 'permit',
    conditions: [{ kind: 'when', body: condition }],
  };
  const answer = cedar.isAuthorized({
    principal: request.principal.uid,
    action: request.action.uid,
    resource: request.resource.uid,
    context: { ...request.principal.claims, ...request.resource.args },
    policies: { staticPolicies: { condition: json } },
    entities: [...entities],
  });
  return answer.type === 'failure' || answer.response.decision === 'allow' ? undefined : condition;
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
