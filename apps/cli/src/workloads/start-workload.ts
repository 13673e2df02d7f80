/** Brings a workload up and keeps its record true, whatever happens on the way. */
import { CliError } from '../cli-error.ts';
import type { Io } from '../io.ts';
import { type Launched, launchWorkload } from './launch-workload.ts';
import type { TypedFlags } from './saved-run.ts';
import type { WorkloadRecord } from './workload-record.ts';
import type { WorkloadStore } from './workload-store.ts';

export interface StartOptions {
  readonly record: WorkloadRecord;
  readonly values: TypedFlags;
  /** Milliseconds. */
  readonly readyTimeout: number;
  readonly interrupted: Promise<unknown>;
  /** Nothing is remembered of a workload that never came up. */
  readonly isNew: boolean;
}

/**
 * Starts it; the caller holds its lock.
 *
 * @throws {LaunchError} when it does not come up; nothing is left running then.
 */
export async function startWorkload(
  { record, values, readyTimeout, interrupted, isNew }: StartOptions,
  { io, store }: { readonly io: Io; readonly store: WorkloadStore },
): Promise<Launched> {
  const { run, lastPort } = record;
  const stopped: WorkloadRecord = { ...record, process: undefined, failure: undefined };
  try {
    await store.write(stopped);
    return await launchWorkload(
      {
        ...{ run, values, lastPort, readyTimeout, interrupted },
        note: (process, port = lastPort) => store.write({ ...stopped, process, lastPort: port }),
      },
      { io, folders: store.folders },
    );
  } catch (error) {
    if (isNew) {
      await store.remove(run.name);
    } else {
      const failure = error instanceof CliError ? error.why : String(error);
      await store.write({ ...stopped, failure });
    }
    throw error;
  }
}
