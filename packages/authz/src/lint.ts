/** Policies that load but do not do what they seem to. */
import type { CedarOptions } from './config.ts';
import type { Finding, Severity } from './finding.ts';
import { lintCondition } from './lint-condition.ts';
import { lintScope } from './lint-scope.ts';
import type { Policy } from './policy-set.ts';
import { locateInStatement } from './policy-text.ts';
import type { StaticEntities } from './static-entities.ts';

/** What policies are checked against. */
export interface LintContext {
  readonly options: CedarOptions;
  readonly serverName: string | undefined;
  readonly statics: StaticEntities;
}

/** A problem of a policy, before its place is known. */
export interface Problem {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly fix?: string | undefined;
  /** Text of the policy at which the problem is shown. */
  readonly at?: string | undefined;
}

/** Checks policies one by one, then together. */
export function lintPolicies(
  policies: readonly Policy[],
  context: LintContext,
): readonly Finding[] {
  const findings: Finding[] = [];
  const texts = new Map<string, string>();
  for (const policy of policies) {
    const problems: Problem[] = [...lintScope(policy, context), ...lintCondition(policy, context)];
    const text = policy.statement.text.replace(/\s+/g, ' ');
    const earlier = texts.get(text);
    if (earlier !== undefined) {
      problems.push({
        code: 'duplicate-policy',
        severity: 'warning',
        message: `it says the same as ${earlier}`,
        fix: 'remove one of them',
      });
    }
    texts.set(text, policy.id);
    findings.push(...problems.map((problem) => toFinding(policy, problem)));
  }
  const [first] = policies;
  if (first !== undefined && policies.every(({ effect }) => effect === 'forbid')) {
    findings.push(
      toFinding(first, {
        code: 'no-permit',
        severity: 'warning',
        message: 'no policy permits anything, so every request is denied',
        fix: 'add a permit',
      }),
    );
  }
  return findings;
}

function toFinding(policy: Policy, { code, severity, message, fix, at }: Problem): Finding {
  const { statement } = policy;
  const found = at === undefined ? 0 : statement.text.indexOf(at);
  return {
    code,
    severity,
    message,
    fix,
    file: statement.source.file,
    policy: policy.id,
    ...locateInStatement(statement, Math.max(0, found)),
  };
}
