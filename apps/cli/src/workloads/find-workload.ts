/** Finds one workload by its name, for commands that change nothing. */
import { CliError, usageError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { Log } from '../log.ts';
import { checkName } from '../services/server-argument.ts';
import { didYouMean } from '../suggest.ts';
import { toLocalUrl } from './describe-workload.ts';
import { lookAtWorkload } from './look-at-workload.ts';
import { findStateFolders } from './state-folders.ts';
import type { WorkloadRecord } from './workload-record.ts';
import { createWorkloadStore, type WorkloadStore } from './workload-store.ts';

export interface FoundWorkload {
  readonly record: WorkloadRecord;
  readonly store: WorkloadStore;
}

/** @throws {CliError} with exit code 2 for what is no name, 1 when there is no such server. */
export async function findWorkload(name: string, io: Io, log: Log): Promise<FoundWorkload> {
  checkName('NAME', name);
  const store = createWorkloadStore(findStateFolders(io.env), log);
  const record = await store.read(name);
  if (record === undefined) {
    throw unknownWorkload(name, await store.names());
  }
  return { record, store };
}

export interface NamedWorkload {
  /** The flag that named it. */
  readonly flag: string;
  readonly name: string;
}

/**
 * Where a server in the background can be called.
 *
 * @throws {CliError} with exit code 2 when there is none of that name, 1 when it does not run.
 */
export async function findWorkloadUrl(
  { flag, name }: NamedWorkload,
  io: Io,
  log: Log,
): Promise<string> {
  const store = createWorkloadStore(findStateFolders(io.env), log);
  const record = await store.read(name);
  if (record === undefined) {
    throw usageError(
      flag,
      `${JSON.stringify(name)} is not a URL, and no server in the background`,
      didYouMean(name, await store.names()) ?? 'give a URL, or a name of thv list',
    );
  }
  const { status, url } = await lookAtWorkload(record);
  if (url === undefined) {
    throw new CliError({
      exitCode: EXIT.failed,
      what: name,
      why: `it cannot be asked: it is ${status}`,
      wayOut: `start it with thv start ${name}`,
    });
  }
  return toLocalUrl(url);
}

export function unknownWorkload(name: string, others: readonly string[]): CliError {
  return new CliError({
    exitCode: EXIT.failed,
    what: name,
    why: 'there is no server of this name',
    wayOut: didYouMean(name, others) ?? 'see thv list --all',
  });
}
