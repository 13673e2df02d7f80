/** `thv run` without `-f`: returns once the server can be called, and leaves it running. */
import { CliError, usageError } from '../cli-error.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog, type Log } from '../log.ts';
import { withProgress } from '../output/progress.ts';
import { renderRunSummary } from '../output/run-summary.ts';
import { unlockSecrets } from '../secrets/secret-source.ts';
import { assertForOthers, checkFiles } from '../services/input-files.ts';
import type { ServePlan } from '../services/run-options.ts';
import { LaunchError } from '../workloads/launch-workload.ts';
import { logOf } from '../workloads/log-files.ts';
import { lookAtWorkload } from '../workloads/look-at-workload.ts';
import {
  type SavedRun,
  splitRun,
  type TypedFlags,
  type UntypedRun,
} from '../workloads/saved-run.ts';
import { startWorkload } from '../workloads/start-workload.ts';
import { findStateFolders } from '../workloads/state-folders.ts';
import { withLock } from '../workloads/workload-lock.ts';
import { createWorkloadStore, type WorkloadStore } from '../workloads/workload-store.ts';
import type { RunArguments } from './run.ts';

export interface BackgroundRun {
  readonly plan: ServePlan;
  readonly run: Omit<UntypedRun, 'environment'>;
  readonly typed: TypedFlags;
  readonly flags: RunArguments['flags'];
}

/** Seconds. */
export const DEFAULT_READY_TIMEOUT = 30;
/** How long a command waits for another one that works on the same workload. Milliseconds. */
export const LOCK_PATIENCE = 120_000;

export async function runInBackground(
  { plan, run, typed, flags }: BackgroundRun,
  lockedIo: Io,
): Promise<ExitCode> {
  assertBackground();
  const { name } = plan;
  assertUsableName(name);
  assertForOthers(plan.files, run.workingDirectory);
  await checkFiles(plan.files, run.workingDirectory);
  const io = await unlockSecrets(plan.variables.secrets, lockedIo, 'fail');
  const log = createLog(io, flags);
  const store = createWorkloadStore(findStateFolders(io.env), log);
  await store.prepare();
  const interrupted = io.termination();
  const environment = variablesOf(plan);
  const split = splitRun({ ...run, ...(environment.length > 0 && { environment }) }, typed);
  const launched = await withLock(
    store.folders,
    name,
    async () => {
      await assertFree(store, name);
      const record = {
        ...{ run: split.run, createdAt: new Date().toISOString() },
        ...{ process: undefined, failure: undefined, lastPort: undefined },
      };
      const readyTimeout = (flags.readyTimeout ?? DEFAULT_READY_TIMEOUT) * 1000;
      const options = { record, values: split.values, readyTimeout, interrupted, isNew: true };
      return withProgress({ io, quiet: flags.quiet }, `waiting for ${name}`, () =>
        startWorkload(options, { io, store }),
      );
    },
    { patience: LOCK_PATIENCE, onWait: () => sayWaiting(log, name) },
  ).catch((error: unknown) => {
    showLines(error, io);
    throw error;
  });
  for (const message of plan.warnings) {
    log({ level: 'warn', message });
  }
  for (const message of [...plan.notices, ...noticeValues(split.run)]) {
    log({ level: 'info', message });
  }
  io.out(
    renderRunSummary(
      {
        ...{ name, url: launched.url, signIn: plan.signIn, policyFile: plan.authorizationFile },
        log: logOf(store.folders, split.run),
      },
      { format: flags.format ?? 'text', screen: io.stdout },
    ),
  );
  return EXIT.done;
}

/** Variables that hold secrets and that no flag names. */
function variablesOf({ signIn }: ServePlan): readonly string[] {
  return (signIn.kind === 'oidc' ? signIn.issuers : []).flatMap(({ introspection }) => {
    const secret = introspection?.clientSecret;
    return secret !== undefined && 'env' in secret ? [secret.env] : [];
  });
}

export function sayWaiting(log: Log, name: string): void {
  log({ level: 'info', message: `${name}: waiting for another thv that works on it` });
}

/** The end of the log of what did not start. */
export function showLines(error: unknown, io: Io): void {
  if (error instanceof LaunchError) {
    io.err(error.lines.map((line) => `  | ${line}\n`).join(''));
  }
}

/** Sockets with paths and sessions are what processes in the background are built on here. */
export function assertBackground(): void {
  if (process.platform === 'win32') {
    throw usageError('run', 'servers in the background need Linux or macOS', 'add -f');
  }
}

/** Names whose files would be another workload's, and one that `thv logs` reads otherwise. */
function assertUsableName(name: string): void {
  if (/\.(?:proxy|audit)$/.test(name)) {
    throw usageError('--name', `${name} ends like a log of another server`, 'choose another name');
  }
  if (name === 'prune') {
    throw usageError('--name', 'prune is a command of thv logs', 'choose another name');
  }
}

async function assertFree(store: WorkloadStore, name: string): Promise<void> {
  const record = await store.read(name);
  if (record !== undefined) {
    const { status } = await lookAtWorkload(record);
    const how = status === 'running' ? 'stop' : 'start';
    throw new CliError({
      exitCode: EXIT.failed,
      what: name,
      why: `there is a server of this name already (${status})`,
      wayOut: `${how} it with thv ${how} ${name}, forget it with thv rm ${name}, or choose another --name`,
    });
  }
  if (await store.exists(name)) {
    throw new CliError({
      exitCode: EXIT.failed,
      what: name,
      why: 'its file cannot be read by this thv, or belongs to a name in other letters',
      wayOut: 'choose another --name',
    });
  }
}

function noticeValues({ name, givenByValue }: SavedRun): readonly string[] {
  return givenByValue.length === 0
    ? []
    : [
        `values are not saved: thv start ${name} will need ${givenByValue.join(', ')} again; a reference (a file, a variable of the shell) is saved`,
      ];
}
