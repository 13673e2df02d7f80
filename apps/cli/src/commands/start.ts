/** `thv start` and `thv restart`: bring up what is known. */
import { usageError } from '../cli-error.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog, type Log } from '../log.ts';
import { parseSecretBinding, type SecretBinding } from '../secrets/secret-name.ts';
import { unlockSecrets } from '../secrets/secret-source.ts';
import { askWorkload } from '../workloads/control-channel.ts';
import { isUp, lookAtWorkload, type WorkloadView } from '../workloads/look-at-workload.ts';
import {
  assertEnvironment,
  fillIn,
  isSecretFlag,
  type SavedRun,
  type TypedFlags,
} from '../workloads/saved-run.ts';
import { startWorkload } from '../workloads/start-workload.ts';
import { findStateFolders } from '../workloads/state-folders.ts';
import { stopProcess } from '../workloads/stop-workload.ts';
import type { WorkloadRecord } from '../workloads/workload-record.ts';
import { createWorkloadStore } from '../workloads/workload-store.ts';
import { assertStartable } from './assert-startable.ts';
import { type ChangeArguments, changeWorkloads } from './change-workloads.ts';
import { assertBackground, DEFAULT_READY_TIMEOUT, showLines } from './run-in-background.ts';

export interface StartArguments extends ChangeArguments {
  /** What was typed: the values that were not saved are among it. */
  readonly typed: TypedFlags;
  readonly how: 'start' | 'restart';
}

export async function startWorkloads(args: StartArguments, io: Io): Promise<ExitCode> {
  assertBackground();
  const { how, flags } = args;
  const given = args.typed.filter(([flag]) => isSecretFlag(flag));
  if (given.length > 0 && (flags.all === true || args.names.length > 1)) {
    throw usageError(`--${given[0]?.[0]}`, 'is for one server', 'start that one by itself');
  }
  const interrupted = io.termination();
  const readyTimeout = (flags.readyTimeout ?? DEFAULT_READY_TIMEOUT) * 1000;
  const open = await unlock(args, io);
  return changeWorkloads(
    args,
    {
      what: how,
      doing: how === 'start' ? 'starting' : 'restarting',
      missingIsDone: false,
      onFailure: (error) => showLines(error, io),
      async change(record, { store, log }) {
        const view = await lookAtWorkload(record);
        if (how === 'start' && isUp(view) && view.url !== undefined) {
          assertNoneGiven(given, record.run.name);
          return { result: 'runs already', url: view.url };
        }
        // Before anything is stopped: without its values it could not be started again.
        assertEnvironment(record.run, io.env);
        const values = await chooseValues(record, view, { given, how });
        if (isUp(view)) {
          await assertStartable(record.run, secretsOf(record.run), open);
        }
        await stopProcess(record, store.folders);
        const options = { record, values, readyTimeout, interrupted, isNew: false };
        const { url } = await startWorkload(options, { io: open, store });
        warnOfMove(record, url, log);
        return { result: how === 'start' ? 'started' : 'restarted', url };
      },
    },
    io,
  );
}

/** Its clients go on calling where it was. */
function warnOfMove({ run, lastPort }: WorkloadRecord, url: string, log: Log): void {
  if (lastPort !== undefined && Number(new URL(url).port) !== lastPort) {
    const message = `${run.name}: port ${lastPort} is taken by now; tell its clients the new URL`;
    log({ level: 'warn', message });
  }
}

/** Whoever gives a value expects the server to have it (D1). */
function assertNoneGiven([first]: TypedFlags, name: string): void {
  if (first !== undefined) {
    throw usageError(`--${first[0]}`, 'means nothing: it runs already', `use thv restart ${name}`);
  }
}

/** Before any progress is shown: a question would be written over. */
async function unlock({ names, flags }: StartArguments, io: Io): Promise<Io> {
  if (io.askHidden === undefined) {
    return io;
  }
  const store = createWorkloadStore(findStateFolders(io.env), createLog(io, flags));
  const known = await store.names();
  const wanted = flags.all === true ? known : known.filter((name) => names.includes(name));
  // What cannot be read is told when it is started.
  const records = await Promise.all(wanted.map((name) => store.read(name).catch(() => undefined)));
  const bindings = records.flatMap((record) => (record === undefined ? [] : secretsOf(record.run)));
  return unlockSecrets(bindings, io, 'later');
}

function secretsOf({ flags }: SavedRun): readonly SecretBinding[] {
  const { secret = [] } = flags;
  const texts = typeof secret === 'string' ? [secret] : secret;
  return texts === true ? [] : texts.map(parseSecretBinding);
}

interface Given {
  readonly given: TypedFlags;
  readonly how: 'start' | 'restart';
}

/** A process that still runs knows its values. */
async function chooseValues(
  record: WorkloadRecord,
  view: WorkloadView,
  { given, how }: Given,
): Promise<TypedFlags> {
  const { run, process } = record;
  const canAsk = given.length === 0 && run.givenByValue.length > 0 && view.url !== undefined;
  const answer = canAsk && process !== undefined ? await askWorkload(process, 'values') : undefined;
  // Safe: who answered has shown that it is the process that we started.
  const kept = answer?.['values'] as TypedFlags | undefined;
  return fillIn(run, kept ?? given, `thv ${how} ${run.name}`);
}
