/** `thv policy check`: what is wrong with an authorization file, before anything is started. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { CheckReport, Finding } from '@thv/authz';
import { usageError } from '../cli-error.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog } from '../log.ts';
import { renderCheckReport } from '../output/check-report.ts';
import type { Format, GlobalFlags } from '../program.ts';
import { assertNoServerFlags, planConnection, type ServerFlags } from '../services/mcp-flags.ts';
import { loadPolicyFile, orOneLine, showPath } from '../services/policy-files.ts';

export interface PolicyCheckArguments {
  readonly file: string;
  readonly flags: ServerFlags &
    GlobalFlags & {
      readonly serverName?: string;
      readonly strict?: true;
      readonly format?: Format;
    };
}

export async function checkPolicies(
  { file, flags }: PolicyCheckArguments,
  io: Io,
): Promise<ExitCode> {
  const path = resolve(io.cwd, file);
  const { checkPolicyFile } = await import('@thv/authz/node');
  const { serverName } = flags;
  const report = await orOneLine(io.cwd, () => checkPolicyFile(path, { serverName }));
  const findings = [...report.findings, ...(await askServer(report, { file, flags }, io))];
  const fails = ({ severity }: Finding): boolean =>
    severity === 'error' || (severity === 'warning' && flags.strict === true);
  const ok = !findings.some(fails);
  const output = {
    file: path,
    findings,
    ok,
    sources: await readSources(findings, path),
    showPath: (name: string) => showPath(name, io.cwd),
  };
  io.out(renderCheckReport(output, flags.format ?? 'text'));
  return ok ? EXIT.done : EXIT.findings;
}

/** What the policies name and the server does not have. */
async function askServer(
  report: CheckReport,
  { file, flags }: PolicyCheckArguments,
  io: Io,
): Promise<readonly Finding[]> {
  if (flags.server === undefined) {
    assertNoServerFlags(flags);
    return [];
  }
  const log = createLog(io, flags);
  const connection = await planConnection(flags, { io, log });
  if (report.findings.some(({ severity }) => severity === 'error')) {
    log({ level: 'warn', message: 'the server was not asked: correct the errors first' });
    return [];
  }
  const { config, places } = await loadPolicyFile(file, io.cwd);
  if (config.type !== 'cedarv1') {
    throw usageError('--server', `means nothing: ${file} has no Cedar policies`, 'drop it');
  }
  const [{ readOffer }, { findUnknownNames }] = await Promise.all([
    import('../services/server-offer.ts'),
    import('../services/unknown-names.ts'),
  ]);
  return findUnknownNames(config, places, await readOffer(connection));
}

async function readSources(
  findings: readonly Finding[],
  path: string,
): Promise<ReadonlyMap<string, string>> {
  const files = new Set(findings.map(({ file }) => file ?? path));
  const texts = [...files].map(async (file): Promise<[string, string]> => {
    // Without its text a finding is shown without the excerpt.
    return [file, await readFile(file, 'utf8').catch(() => '')];
  });
  return new Map(await Promise.all(texts));
}
