/** From what Cedar says about single rules to a decision (D23). */
import type { ErrorMode } from './config.ts';
import type { PolicyError } from './request.ts';
import type { Rule } from './rules.ts';

/** What evaluation found out: which rules were satisfied, which could not be evaluated. */
export interface Findings {
  readonly satisfied: readonly Rule[];
  readonly failed: readonly { readonly rule: Rule; readonly message: string }[];
}

/** The findings of rules of which none was satisfied and none failed. */
export const NOTHING_FOUND: Findings = Object.freeze({ satisfied: [], failed: [] });

/** A decision without its id. */
export interface Verdict {
  readonly allowed: boolean;
  readonly policies: readonly string[];
  readonly errors: readonly PolicyError[];
}

/** Findings of several disjoint sets of rules, together. */
export function joinFindings(parts: readonly Findings[]): Findings {
  const telling = parts.filter((part) => part !== NOTHING_FOUND);
  return telling.length < 2
    ? (telling[0] ?? NOTHING_FOUND)
    : {
        satisfied: telling.flatMap(({ satisfied }) => satisfied),
        failed: telling.flatMap(({ failed }) => failed),
      };
}

/**
 * Decides. A satisfied or failing `forbid` denies; otherwise a satisfied `permit` allows. With
 * `evaluation_errors: deny` any failure denies, except that of a derived `permit`: with other
 * arguments it need not fail.
 */
export function toVerdict(findings: Findings, mode: ErrorMode, rules: readonly Rule[]): Verdict {
  const { satisfied, failed } = findings;
  const errors = failed.map(({ rule, message }) => ({ policy: rule.policy.id, message }));
  const denying = denyingPolicies(findings, mode, rules);
  if (denying.length > 0) {
    return { allowed: false, policies: denying, errors };
  }
  const permits = satisfied.filter(({ effect }) => effect === 'permit');
  if (permits.length === 0) {
    return { allowed: false, policies: [], errors };
  }
  permits.sort((one, other) => one.order - other.order);
  return { allowed: true, policies: [...new Set(permits.map(({ policy }) => policy.id))], errors };
}

function denyingPolicies(
  { satisfied, failed }: Findings,
  mode: ErrorMode,
  rules: readonly Rule[],
): readonly string[] {
  const found = satisfied.filter(({ effect }) => effect === 'forbid');
  for (const { rule } of failed) {
    if (rule.effect === 'forbid' || (mode === 'deny' && !rule.derived)) {
      found.push(rule);
    }
  }
  if (found.length === 0) {
    return [];
  }
  const byPolicy = new Map<string, Set<Rule>>();
  for (const rule of found.sort((one, other) => one.order - other.order)) {
    const { id } = rule.policy;
    byPolicy.set(id, (byPolicy.get(id) ?? new Set()).add(rule));
  }
  return [...byPolicy].filter(([, of]) => isComplete(of, rules)).map(([id]) => id);
}

/** True unless the rules are some, but not all, variants of one forbid. */
function isComplete(found: ReadonlySet<Rule>, rules: readonly Rule[]): boolean {
  const [first] = found;
  if (first?.oneOfMany !== true) {
    return true;
  }
  return rules.every((rule) => rule.policy !== first.policy || found.has(rule));
}
