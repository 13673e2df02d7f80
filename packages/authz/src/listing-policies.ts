/**
 * Derives the policies that decide what is listed (D28): a tool is listed iff some arguments could
 * be permitted.
 *
 * The arguments of a later call are unknown, so every boolean expression that reads one becomes the
 * constant that favours listing. Cedar stops at the first error, and an error in one alternative
 * must not hide another that works; so alternatives that can be reached with some arguments only
 * become policies of their own ("variants"). With some arguments a `permit` is satisfied only if
 * one of its variants is; a `forbid` is surely satisfied only if all of its variants are.
 */
import type { Expr } from '@cedar-policy/cedar-wasm/web';
import { binary, constant, isConstant, operandOf, operandsOf, operatorOf } from './expression.ts';
import { readsArguments } from './policy-reads.ts';
import type { Policy } from './policy-set.ts';

const MAX_VARIANTS = 16;

/** The conditions of a policy when listing. */
export interface ListingConditions {
  /** False when the policy reads no arguments and means the same when listing. */
  readonly derived: boolean;
  /** Alternative conditions; none when the policy is not derived. */
  readonly variants: readonly Expr[];
}

/** The conditions that stand for a policy's own when lists are filtered. */
export function toListingConditions(policy: Policy): ListingConditions {
  const { condition, effect } = policy;
  if (condition === undefined || !readsArguments(condition)) {
    return { derived: false, variants: [] };
  }
  const favour = effect === 'permit';
  const variants = variantsOf(condition, favour) ?? [constant(favour)];
  const certain = variants.some((variant) => isConstant(variant, favour));
  return { derived: true, variants: certain ? [constant(favour)] : variants };
}

/**
 * Conditions of which at least one is `favour` whenever the expression is `favour` with some
 * arguments; `undefined` when there would be too many.
 */
function variantsOf(expression: Expr, favour: boolean): readonly Expr[] | undefined {
  if (!readsArguments(expression)) {
    return [expression];
  }
  const operator = operatorOf(expression);
  switch (operator) {
    case '!': {
      // The operand of `!` is `{arg}`.
      const { arg } = operandOf(expression) as { readonly arg: Expr };
      return variantsOf(arg, !favour)?.map((variant) => ({ '!': { arg: variant } }));
    }
    case '&&':
    case '||':
      return variantsOfChain(expression, operator, favour);
    case 'if-then-else':
      return variantsOfIf(expression, favour);
    default:
      return [constant(favour)];
  }
}

function variantsOfChain(
  expression: Expr,
  operator: '&&' | '||',
  favour: boolean,
): readonly Expr[] | undefined {
  const { left, right } = operandsOf(expression);
  const lefts = variantsOf(left, favour);
  const rights = variantsOf(right, favour);
  if (lefts === undefined || rights === undefined) {
    return undefined;
  }
  const bothNeeded = (operator === '&&') === favour;
  if (!bothNeeded && readsArguments(left)) {
    // Either operand suffices, and which one counts depends on the arguments.
    return limit([...lefts, ...rights]);
  }
  return limit(lefts.flatMap((one) => rights.map((other) => join(operator, one, other))));
}

function variantsOfIf(expression: Expr, favour: boolean): readonly Expr[] | undefined {
  // The operand of `if-then-else` has these three members.
  const branches = operandOf(expression) as {
    readonly if: Expr;
    readonly then: Expr;
    readonly else: Expr;
  };
  const thens = variantsOf(branches.then, favour);
  const elses = variantsOf(branches.else, favour);
  if (thens === undefined || elses === undefined) {
    return undefined;
  }
  if (readsArguments(branches.if)) {
    return limit([...thens, ...elses]);
  }
  const count = Math.max(thens.length, elses.length);
  return Array.from({ length: count }, (_, index) => ({
    'if-then-else': {
      if: branches.if,
      // biome-ignore lint/suspicious/noThenProperty: Cedar's JSON form names it so
      then: thens[Math.min(index, thens.length - 1)]!,
      else: elses[Math.min(index, elses.length - 1)]!,
    },
  }));
}

/** Joins two conditions, without the constants that say nothing. */
function join(operator: '&&' | '||', left: Expr, right: Expr): Expr {
  const neutral = operator === '&&';
  if (isConstant(left, neutral)) {
    return right;
  }
  return isConstant(left, !neutral) || isConstant(right, neutral)
    ? left
    : binary(operator, left, right);
}

/** Drops repetitions; gives up when too many are left. */
function limit(variants: readonly Expr[]): readonly Expr[] | undefined {
  const unique = new Map(variants.map((variant) => [JSON.stringify(variant), variant]));
  return unique.size > MAX_VARIANTS ? undefined : [...unique.values()];
}
