/** The policies as they are evaluated: for a call as written, for a list as derived (D28). */
import type { Expr, PolicyJson } from '@cedar-policy/cedar-wasm/web';
import { constant, operandOf, operatorOf } from './expression.ts';
import { toListingConditions } from './listing-policies.ts';
import { type Policy, policyWith } from './policy-set.ts';

/** One thing Cedar evaluates: a policy, or one variant of it. */
export interface Rule {
  /** Its name in prepared sets; unique among the rules of one kind. */
  readonly name: string;
  readonly policy: Policy;
  readonly effect: 'permit' | 'forbid';
  /** True when it stands for the policy with some arguments, not with those of a call. */
  readonly derived: boolean;
  /** A `forbid` that counts only when all its variants are satisfied. */
  readonly oneOfMany: boolean;
  readonly condition: Expr | undefined;
  readonly form: string | PolicyJson;
}

/** Rules that decide calls: the policies themselves. */
export function toCallRules(policies: readonly Policy[]): readonly Rule[] {
  return policies.map((policy, index) => ({
    name: `${index}`,
    policy,
    effect: policy.effect,
    derived: false,
    oneOfMany: false,
    condition: policy.condition,
    form: policy.form,
  }));
}

/** Rules that decide what is listed. */
export function toListingRules(policies: readonly Policy[]): readonly Rule[] {
  return policies.flatMap((policy, index) => toVariants(policy, index));
}

function toVariants(policy: Policy, index: number): readonly Rule[] {
  const { derived, variants } = toListingConditions(policy);
  const { effect } = policy;
  if (!derived) {
    return toCallRules([policy]).map((rule) => ({ ...rule, name: `${index}` }));
  }
  const oneOfMany = effect === 'forbid' && variants.length > 1;
  const rules: Rule[] = [];
  for (const [variant, condition] of variants.entries()) {
    const value =
      condition !== undefined && operatorOf(condition) === 'Value' ? operandOf(condition) : '';
    const simple = value === true ? undefined : condition;
    // Too deep for Cedar's JSON form: what favours listing stands in for it.
    const usable = policyWith(policy.json, simple) !== undefined;
    const kept = usable ? simple : effect === 'permit' ? undefined : constant(false);
    if (value === false || (!usable && effect === 'forbid')) {
      // Never satisfied; a forbid of which one variant is never satisfied never counts.
      return effect === 'forbid' ? [] : rules;
    }
    const json = policyWith(policy.json, kept) ?? policy.json;
    rules.push({
      name: `${index}.${variant}`,
      policy,
      effect,
      derived,
      oneOfMany,
      condition: kept,
      form: oneOfMany ? { ...json, effect: 'permit' } : json,
    });
  }
  return rules;
}
