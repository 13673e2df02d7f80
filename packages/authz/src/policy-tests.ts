/** Runs policy tests: `thv policy test`. */

import type { Authorizer } from './authorizer.ts';
import { createAuthorizer } from './authorizer.ts';
import type { Cedar } from './cedar.ts';
import { parseAuthzConfig } from './config.ts';
import { LISTS } from './operations.ts';
import { loadPolicies } from './policy-set.ts';
import { type PolicyTest, parsePolicyTests } from './policy-test-file.ts';

/** The result of one test. */
export interface PolicyTestCase {
  readonly name: string;
  readonly ok: boolean;
  readonly expected: string;
  readonly got: string;
  /** The ids of the policies that determined the decision, or those about the items of a list. */
  readonly policies: readonly string[];
}

/** How many tests each policy decided. */
export interface PolicyCoverage {
  readonly policies: readonly { readonly id: string; readonly tests: number }[];
  /** Policies that decided no test. */
  readonly unused: readonly string[];
}

/** The result of a policy test file. */
export interface PolicyTestReport {
  readonly passed: number;
  readonly failed: number;
  readonly cases: readonly PolicyTestCase[];
  readonly coverage: PolicyCoverage;
}

/** Options of {@link runPolicyTests}. */
export interface PolicyTestOptions {
  readonly cedar: Cedar;
}

/**
 * Runs policy tests against an authorization file.
 *
 * @param config - The contents of the authorization file.
 * @param tests - The contents of the test file, or what `parsePolicyTests` made of it.
 * @throws {AuthzError} when either cannot be used; a failed test is a result.
 */
export async function runPolicyTests(
  config: unknown,
  tests: unknown,
  options: PolicyTestOptions,
): Promise<PolicyTestReport> {
  const file = isParsed(tests) ? tests : parsePolicyTests(tests);
  const parsed = parseAuthzConfig(config);
  const authorizer = createAuthorizer(parsed, { ...options, serverName: file.server });
  const cases: PolicyTestCase[] = [];
  for (const test of file.tests) {
    cases.push(await runTest(authorizer, test));
  }
  const ids =
    parsed.type === 'cedarv1'
      ? loadPolicies(options.cedar, parsed.cedar.policies).map(({ id }) => id)
      : [];
  const passed = cases.filter(({ ok }) => ok).length;
  return { passed, failed: cases.length - passed, cases, coverage: toCoverage(ids, cases) };
}

type ParsedFile = ReturnType<typeof parsePolicyTests>;

function isParsed(tests: unknown): tests is ParsedFile {
  const list = typeof tests === 'object' && tests !== null && 'tests' in tests ? tests.tests : [];
  return Array.isArray(list) && list.some((test: unknown) => hasKind(test));
}

function hasKind(test: unknown): boolean {
  return typeof test === 'object' && test !== null && 'kind' in test;
}

async function runTest(authorizer: Authorizer, test: PolicyTest): Promise<PolicyTestCase> {
  return test.kind === 'decision' ? runDecision(authorizer, test) : runList(authorizer, test);
}

async function runDecision(
  authorizer: Authorizer,
  test: Extract<PolicyTest, { kind: 'decision' }>,
): Promise<PolicyTestCase> {
  const { identity, action, target, args, hints, by } = test;
  const decision = await authorizer.authorize({ identity, action, target, arguments: args, hints });
  const got = decision.allowed ? 'allow' : 'deny';
  const policies = [...decision.policies].sort();
  const asExpected = by === undefined || [...by].sort().join('\n') === policies.join('\n');
  const suffix = (ids: readonly string[]): string =>
    ` by ${ids.length === 0 ? 'none' : ids.join(', ')}`;
  return {
    name: test.name,
    ok: got === test.expect && asExpected,
    expected: test.expect + (by === undefined ? '' : suffix(by)),
    got: got + (by === undefined ? '' : suffix(policies)),
    policies,
  };
}

async function runList(
  authorizer: Authorizer,
  { name, identity, list, items, expect }: Extract<PolicyTest, { kind: 'list' }>,
): Promise<PolicyTestCase> {
  const shape = LISTS[list];
  const nameAt = (index: number): string => String(items[index]?.[shape.name]);
  const filtered = await authorizer.filterList({ identity, list }, { [shape.array]: [...items] });
  const kept = filtered.ok ? filtered.kept.map(nameAt) : [];
  const got = filtered.ok ? formatList(kept) : filtered.reason;
  const ok = filtered.ok && [...kept].sort().join('\n') === [...expect].sort().join('\n');
  const policies = filtered.ok ? [...filtered.policies].sort() : [];
  return { name, ok, expected: formatList(expect), got, policies };
}

function formatList(names: readonly string[]): string {
  return `[${names.join(', ')}]`;
}

function toCoverage(ids: readonly string[], cases: readonly PolicyTestCase[]): PolicyCoverage {
  const policies = ids.map((id) => ({
    id,
    tests: cases.filter((one) => one.policies.includes(id)).length,
  }));
  return { policies, unused: policies.filter(({ tests }) => tests === 0).map(({ id }) => id) };
}
