/** `thv policy check`: what is wrong with an authorization file, before anything is started. */
import { resolve } from 'node:path';
import type { CheckReport, Finding } from '@thv/authz';
import { usageError } from '../cli-error.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog } from '../log.ts';
import { renderCheckReport } from '../output/check-report.ts';
import { withProgress } from '../output/progress.ts';
import {
  assertNoServerFlags,
  isServerName,
  planConnection,
  type ServerFlags,
} from '../services/mcp-flags.ts';
import { loadPolicyFile, orOneLine, showPath } from '../services/policy-files.ts';
import type { Format, GlobalFlags } from './command-host.ts';

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
  const { serverName, strict = false } = flags;
  const report = await orOneLine(io.cwd, () => checkPolicyFile(path, { serverName, strict }));
  const unknown = await askServer(report, { file, flags }, io);
  const findings = [...report.findings, ...unknown];
  const ok = report.ok && !(strict && unknown.length > 0);
  const output = {
    file: path,
    findings,
    ok,
    showPath: (name: string) => showPath(name, io.cwd),
    screen: io.stdout,
  };
  io.out(renderCheckReport(output, flags.format ?? 'text'));
  return ok ? EXIT.done : EXIT.findings;
}

/** What the policies name and the server does not have: warnings. */
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
  const listed = await withProgress({ io, quiet: flags.quiet }, `asking ${connection.url}`, () =>
    readOffer(connection),
  );
  if (!isServerName(flags.server)) {
    return findUnknownNames(config, places, listed);
  }
  const { toServerNames } = await import('./shown-tools.ts');
  const offer = await toServerNames(listed, flags.server, { io, log });
  return findUnknownNames(config, places, offer);
}
