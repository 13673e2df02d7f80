/** Writes down that a workload has ended because its process was told to, by the system or a person. */
import type { Log } from '../log.ts';
import { findStateFolders } from './state-folders.ts';
import { withLock } from './workload-lock.ts';
import { createWorkloadStore } from './workload-store.ts';

export interface StoppedNote {
  readonly name: string;
  /** Of our own process: a record of another one is left alone. */
  readonly mark: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}

const PATIENCE = 2000;

/** Whoever holds the lock is working on the record already. Never rejects. */
export async function noteStopped({ name, mark, env, log }: StoppedNote): Promise<void> {
  try {
    const store = createWorkloadStore(findStateFolders(env), log);
    const note = async (): Promise<void> => {
      const record = await store.read(name);
      if (record?.process?.mark === mark) {
        await store.write({ ...record, process: undefined });
      }
    };
    await withLock(store.folders, name, note, { patience: PATIENCE });
  } catch {
    // The record then names a process that is gone, which is found out by looking.
  }
}
