/** Checks an authorization file without starting anything: `thv policy check`. */
import { assertUsableCedar, type Cedar } from './cedar.ts';
import { type AuthzConfig, parseAuthzConfig } from './config.ts';
import { type AuthzError, isAuthzError } from './errors.ts';
import type { CheckReport, Finding, Severity } from './finding.ts';
import { assertGroupType } from './group-type.ts';
import { type LintContext, lintPolicies } from './lint.ts';
import { loadPolicies } from './policy-set.ts';
import { parseStaticEntities } from './static-entities.ts';

/** Options of {@link checkPolicies}. */
export interface CheckOptions {
  readonly cedar: Cedar;
  /** The MCP server's name, to find policies for other servers. Default: any. */
  readonly serverName?: string | undefined;
  /** Warnings count like errors. Default: false. */
  readonly strict?: boolean | undefined;
}

/**
 * Checks the contents of an authorization file: everything that would stop a start, and policies
 * that do not do what they seem to.
 *
 * Never throws for a problem of the file; every problem is a finding.
 */
export function checkPolicies(config: unknown, options: CheckOptions): CheckReport {
  const { cedar, serverName, strict = false } = options;
  assertUsableCedar(cedar);
  const findings: Finding[] = [];
  const report = (error: AuthzError): void => {
    findings.push(toFinding(error));
  };
  const parsed = attempt(() => parseAuthzConfig(config), report);
  if (parsed?.type === 'cedarv1') {
    findings.push(...checkCedar(cedar, parsed, { serverName, report }));
  }
  findings.sort((one, other) => rankOf(one.severity) - rankOf(other.severity));
  const ok = findings.every(
    ({ severity }) => severity === 'note' || (severity === 'warning' && !strict),
  );
  return { ok, findings };
}

/** The finding for something that stops a start. */
export function toFinding({ code, problem, location }: AuthzError): Finding {
  return {
    code,
    severity: 'error',
    message: problem,
    fix: undefined,
    file: location.file,
    policy: location.policy,
    line: location.line,
    column: location.column,
    excerpt: location.excerpt,
    excerptColumn: location.excerptColumn,
  };
}

interface CedarCheck {
  readonly serverName: string | undefined;
  readonly report: (error: AuthzError) => void;
}

function checkCedar(
  cedar: Cedar,
  { source, cedar: options }: Extract<AuthzConfig, { type: 'cedarv1' }>,
  { serverName, report }: CedarCheck,
): readonly Finding[] {
  attempt(() => assertGroupType(cedar, options.groupEntityType, source), report);
  const policies = loadPolicies(cedar, options.policies, report);
  const statics = attempt(() => parseStaticEntities(cedar, options.entities, source), report);
  const context: LintContext = { options, serverName, statics: statics ?? new Map() };
  return lintPolicies(policies, context);
}

/** Runs a step whose failure is a finding. */
function attempt<T>(step: () => T, report: (error: AuthzError) => void): T | undefined {
  try {
    return step();
  } catch (error) {
    if (!isAuthzError(error)) {
      throw error;
    }
    report(error);
    return undefined;
  }
}

function rankOf(severity: Severity): number {
  return ['error', 'warning', 'note'].indexOf(severity);
}
