/** Does the same to several workloads: each under its lock, each told by itself. */
import { CliError, usageError } from '../cli-error.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { clean, createLog, type Log } from '../log.ts';
import { renderError } from '../output/error-text.ts';
import { withProgress } from '../output/progress.ts';
import { type Change, renderChanges } from '../output/workload-changes.ts';
import { checkName } from '../services/server-argument.ts';
import { didYouMean } from '../suggest.ts';
import { unknownWorkload } from '../workloads/find-workload.ts';
import { findStateFolders } from '../workloads/state-folders.ts';
import { withLock } from '../workloads/workload-lock.ts';
import type { WorkloadRecord } from '../workloads/workload-record.ts';
import { createWorkloadStore, type WorkloadStore } from '../workloads/workload-store.ts';
import type { Format, GlobalFlags } from './command-host.ts';
import { LOCK_PATIENCE, sayWaiting } from './run-in-background.ts';

export interface ChangeArguments {
  readonly names: readonly string[];
  readonly flags: GlobalFlags & {
    readonly all?: true;
    readonly format?: Format;
    /** Seconds. */
    readonly readyTimeout?: number;
  };
}

export interface ChangeContext {
  readonly store: WorkloadStore;
  readonly log: Log;
}

export interface Changed {
  /** Follows the name: "stopped". */
  readonly result: string;
  readonly url?: string;
}

export interface ChangeRules {
  /** The command, for messages. */
  readonly what: string;
  /** What it is doing, while it takes long: "stopping". */
  readonly doing: string;
  /** Nothing is left to be done for one that does not exist; otherwise that is a failure. */
  readonly missingIsDone: boolean;
  readonly change: (record: WorkloadRecord, context: ChangeContext) => Promise<Changed>;
  /** Shows more about a failure. */
  readonly onFailure?: (error: unknown) => void;
}

/** At once, so that many are quick and a small machine is not drowned. */
const AT_ONCE = 4;

export async function changeWorkloads(
  { names: given, flags }: ChangeArguments,
  rules: ChangeRules,
  io: Io,
): Promise<ExitCode> {
  const { what } = rules;
  if (flags.all === true && given.length > 0) {
    throw usageError('--all', 'means nothing beside names', 'drop one');
  }
  if (flags.all !== true && given.length === 0) {
    throw usageError(what, 'no server is named', 'give names, or --all');
  }
  for (const name of given) {
    checkName('NAME', name);
  }
  const log = createLog(io, flags);
  const store = createWorkloadStore(findStateFolders(io.env), log);
  const known = await store.names();
  const names = flags.all === true ? known : [...new Set(given)];
  const queue = [...names];
  const changes: Change[] = [];
  const codes = new Set<ExitCode>();

  async function work(): Promise<void> {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      try {
        changes.push({ name, ok: true, ...(await changeOne(name, known)) });
      } catch (error) {
        rules.onFailure?.(error);
        const failure = toCliError(error, name);
        codes.add(failure.exitCode);
        io.err(renderError(failure, io.stderr));
        changes.push({ name, ok: false, result: clean(failure.why) });
      }
    }
  }

  async function changeOne(name: string, others: readonly string[]): Promise<Changed> {
    const missing = (): Changed => {
      const failure = unknownWorkload(name, others);
      if (!rules.missingIsDone) {
        throw failure;
      }
      const hint = didYouMean(name, others);
      return { result: hint === undefined ? failure.why : `${failure.why}; ${hint}` };
    };
    if (!others.includes(name)) {
      return missing();
    }
    await store.prepare();
    return withLock(
      store.folders,
      name,
      async () => {
        const record = await store.read(name);
        return record === undefined ? missing() : rules.change(record, { store, log });
      },
      { patience: LOCK_PATIENCE, onWait: () => sayWaiting(log, name) },
    );
  }

  const [only] = names;
  const whom = names.length === 1 && only !== undefined ? only : `${names.length} servers`;
  await withProgress({ io, quiet: flags.quiet }, `${rules.doing} ${whom}`, () =>
    Promise.all(Array.from({ length: AT_ONCE }, work)),
  );
  changes.sort((left, right) => names.indexOf(left.name) - names.indexOf(right.name));
  io.out(renderChanges(changes, flags.format ?? 'text'));
  return codes.has(EXIT.failed) ? EXIT.failed : ([...codes][0] ?? EXIT.done);
}

/** A failure that says whose it is: several may be told one after the other. */
function toCliError(error: unknown, name: string): CliError {
  if (!(error instanceof CliError)) {
    const why = error instanceof Error ? error.message : String(error);
    return new CliError({ exitCode: EXIT.failed, what: name, why, cause: error });
  }
  const { exitCode, what, why, wayOut } = error;
  return what === name
    ? error
    : new CliError({ exitCode, what: name, why: `${what}: ${why}`, wayOut, cause: error });
}
