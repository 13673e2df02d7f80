/** The policies as they are evaluated: for a call as written, for a list as derived (D28). */
import type { Expr } from '@cedar-policy/cedar-wasm/web';
import { constant, isConstant } from './expression.ts';
import { toListingConditions } from './listing-policies.ts';
import { isShallow, type Policy } from './policy-set.ts';

/** One thing Cedar evaluates: a policy, or one variant of it. */
export interface Rule {
  /** Its name in prepared sets; unique among the rules of one kind. */
  readonly name: string;
  /** Its place among the rules. */
  readonly order: number;
  readonly policy: Policy;
  readonly effect: 'permit' | 'forbid';
  /** True when it stands for the policy with some arguments, not with those of a call. */
  readonly derived: boolean;
  /** A `forbid` that counts only when all its variants are satisfied. */
  readonly oneOfMany: boolean;
  /** True when only the text of the policy can be given to Cedar. */
  readonly deep: boolean;
  readonly condition: Expr | undefined;
}

/** Rules that decide calls: the policies themselves. */
export function toCallRules(policies: readonly Policy[]): readonly Rule[] {
  return policies.map((policy, order) => ruleOf(policy, order));
}

/** Rules that decide what is listed. */
export function toListingRules(policies: readonly Policy[]): readonly Rule[] {
  return policies.flatMap(toVariants).map((rule, order) => ({ ...rule, order }));
}

function ruleOf(policy: Policy, order: number): Rule {
  const { effect, condition, deep } = policy;
  const name = `${order}`;
  return { name, order, policy, effect, derived: false, oneOfMany: false, deep, condition };
}

function toVariants(policy: Policy, order: number): readonly Rule[] {
  const { derived, variants } = toListingConditions(policy);
  if (!derived) {
    return [ruleOf(policy, order)];
  }
  const { effect } = policy;
  // What is too deep for Cedar's JSON form gives way to what favours listing.
  const shallow = variants.map((variant) =>
    isShallow(variant) ? variant : constant(effect === 'permit'),
  );
  if (effect === 'forbid' && shallow.some((variant) => isConstant(variant, false))) {
    // One variant is never satisfied, so the forbid never counts.
    return [];
  }
  return shallow
    .filter((variant) => !isConstant(variant, false))
    .map((variant, index) => ({
      name: `${order}.${index}`,
      order,
      policy,
      effect,
      derived,
      oneOfMany: effect === 'forbid' && shallow.length > 1,
      deep: false,
      condition: isConstant(variant, true) ? undefined : variant,
    }));
}
