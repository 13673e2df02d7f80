/** From what Cedar says about single rules to a decision (D23). */
import type { ErrorMode } from './config.ts';
import type { PolicyError } from './request.ts';
import type { Rule } from './rules.ts';

/** What evaluation found out: which rules were satisfied, which could not be evaluated. */
export interface Findings {
  readonly satisfied: readonly Rule[];
  readonly failed: readonly { readonly rule: Rule; readonly message: string }[];
}

/** A decision without its id. */
export interface Verdict {
  readonly allowed: boolean;
  readonly policies: readonly string[];
  readonly errors: readonly PolicyError[];
}

/** Findings of several disjoint sets of rules, together. */
export function joinFindings(parts: readonly Findings[]): Findings {
  const [only] = parts;
  return parts.length === 1 && only !== undefined
    ? only
    : {
        satisfied: parts.flatMap((part) => part.satisfied),
        failed: parts.flatMap((part) => part.failed),
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
  const forbidding = new Map<string, Set<Rule>>();
  const note = (rule: Rule): void => {
    const { id } = rule.policy;
    forbidding.set(id, (forbidding.get(id) ?? new Set()).add(rule));
  };
  for (const rule of satisfied.filter(({ effect }) => effect === 'forbid')) {
    note(rule);
  }
  for (const { rule } of failed) {
    if (rule.effect === 'forbid' || (mode === 'deny' && !rule.derived)) {
      note(rule);
    }
  }
  const denying = [...forbidding].filter(([, found]) => isComplete(found, rules));
  if (denying.length > 0) {
    return { allowed: false, policies: denying.map(([id]) => id), errors };
  }
  const permits = satisfied.filter(({ effect }) => effect === 'permit');
  permits.sort((one, other) => one.order - other.order);
  const policies = [...new Set(permits.map(({ policy }) => policy.id))];
  return { allowed: policies.length > 0, policies, errors };
}

/** True unless the rules are some, but not all, variants of one forbid. */
function isComplete(found: ReadonlySet<Rule>, rules: readonly Rule[]): boolean {
  const [first] = found;
  if (first?.oneOfMany !== true) {
    return true;
  }
  return rules.every((rule) => rule.policy !== first.policy || found.has(rule));
}
