/** Runs the official referee against one URL and reads what it found. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** A revision, and the release of the referee that is asked about it. */
export interface Suite {
  readonly revision: string;
  readonly referee: '@modelcontextprotocol/conformance' | 'conformance-2026';
}

/** The stable release knows the 2025 revisions, the pinned alpha 2026-07-28 as well. */
export const SUITES: readonly Suite[] = [
  { revision: '2025-06-18', referee: '@modelcontextprotocol/conformance' },
  { revision: '2025-11-25', referee: '@modelcontextprotocol/conformance' },
  { revision: '2025-11-25', referee: 'conformance-2026' },
  { revision: '2026-07-28', referee: 'conformance-2026' },
];

/** `2025-11-25+` is the same revision seen by the newer referee, which also validates schemas. */
export function nameOf({ revision, referee }: Suite): string {
  const isNewer = referee === 'conformance-2026' && revision < '2026';
  return isNewer ? `${revision}+` : revision;
}

export interface Verdict {
  readonly passed: boolean;
  /** What the failed checks complain about. */
  readonly complaints: readonly string[];
}

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

const resolve = createRequire(import.meta.url).resolve;
const run = promisify(execFile);

/** Plays every scenario of a suite, or one; the verdicts are in alphabetical order. */
export async function judge(
  url: string,
  suite: Suite,
  scenario?: string,
): Promise<ReadonlyMap<string, Verdict>> {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    const which = scenario === undefined ? ['--suite', 'all'] : ['--scenario', scenario];
    const program = join(dirname(resolve(`${suite.referee}/package.json`)), 'dist/index.js');
    const flags = ['--url', url, '--spec-version', suite.revision, '-o', folder, ...which];
    // It exits with 1 when a scenario failed; what counts is what it has written.
    const outcome = await run(process.execPath, [program, 'server', ...flags], {
      timeout: PATIENCE,
      maxBuffer: 64 * 1024 * 1024,
    }).catch((error: unknown) => error);
    const verdicts = await readVerdicts(folder);
    if (verdicts.size === 0) throw new Error(`the referee found nothing: ${String(outcome)}`);
    return verdicts;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Milliseconds for a whole suite. */
const PATIENCE = 300_000;

/** A scenario's folder is `server-NAME-TIME`. */
async function readVerdicts(folder: string): Promise<Map<string, Verdict>> {
  const verdicts = new Map<string, Verdict>();
  for (const name of (await readdir(folder)).sort()) {
    const [, scenario] = /^server-(.+?)-\d{4}-\d\d-\d\dT/.exec(name) ?? [];
    if (scenario === undefined) throw new Error(`the referee wrote an unknown folder: ${name}`);
    const text = await readFile(join(folder, name, 'checks.json'), 'utf8');
    const checks = JSON.parse(text) as readonly Check[];
    // Warnings are about what a server SHOULD do; the referee counts them as failures too.
    const failed = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
    const complaints = failed.map(({ id, errorMessage = '' }) => `${id}: ${errorMessage}`);
    verdicts.set(scenario, { passed: failed.length === 0, complaints });
  }
  return verdicts;
}
