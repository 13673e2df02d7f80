/** `thv policy test`: do the policies decide what the tests expect? */
import { resolve } from 'node:path';
import type { PolicyTestReport } from '@thv/authz';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { clean } from '../log.ts';
import { renderCoverage } from '../output/coverage.ts';
import { toJsonLine } from '../output/json-line.ts';
import { paintMarks } from '../output/paint.ts';
import { loadPolicyFile, orOneLine, showPath } from '../services/policy-files.ts';
import type { GlobalFlags } from './command-host.ts';

export interface PolicyTestArguments {
  readonly file: string;
  readonly tests: string;
  readonly flags: GlobalFlags & {
    readonly coverage?: true;
    readonly format?: 'text' | 'json' | 'junit' | 'tap';
  };
}

export async function testPolicies(
  { file, tests, flags }: PolicyTestArguments,
  io: Io,
): Promise<ExitCode> {
  const [{ runPolicyTestFile }, { formatPolicyTests }] = await Promise.all([
    import('@thv/authz/node'),
    import('@thv/authz'),
  ]);
  const report = await orOneLine(io.cwd, () =>
    runPolicyTestFile(resolve(io.cwd, file), resolve(io.cwd, tests)),
  );
  const { format = 'text', coverage = false } = flags;
  const results = withoutCoverage(report);
  io.out(
    format === 'json'
      ? renderJson(report, coverage)
      : format === 'text'
        ? paintMarks(formatPolicyTests(onOneLine(results), 'table'), io.stdout)
        : formatPolicyTests(format === 'tap' ? onOneLine(results) : results, format),
  );
  if (coverage && format !== 'json') {
    const { places } = await loadPolicyFile(file, io.cwd);
    // Other programs read the rest of stdout.
    const [write, screen] = format === 'text' ? [io.out, io.stdout] : [io.err, io.stderr];
    const show = (name: string): string => showPath(name, io.cwd);
    write(renderCoverage(report.coverage, { places, showPath: show, screen }));
  }
  return report.failed === 0 ? EXIT.done : EXIT.findings;
}

function renderJson({ passed, failed, cases, coverage }: PolicyTestReport, all: boolean): string {
  return toJsonLine({ passed, failed, cases, ...(all && { coverage }) });
}

/** One line for each case, whatever stands in the files; for JUnit, names stay as they are. */
function onOneLine(report: PolicyTestReport): PolicyTestReport {
  return {
    ...report,
    cases: report.cases.map(({ name, expected, got, policies, ...rest }) => ({
      ...rest,
      name: clean(name),
      expected: clean(expected),
      got: clean(got),
      policies: policies.map(clean),
    })),
  };
}

/** Coverage is told only to those who ask. */
function withoutCoverage(report: PolicyTestReport): PolicyTestReport {
  return { ...report, coverage: { policies: [], unused: [] } };
}
