/** Reads and writes the records of workloads. What is damaged is put aside, and the rest works. */
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { codeOf } from '../error-code.ts';
import type { Log } from '../log.ts';
import { readOwnFile } from '../regular-file.ts';
import { writeFileAtomically } from './atomic-file.ts';
import {
  checkStateFolders,
  createStateFolders,
  type StateFolders,
  toStateError,
} from './state-folders.ts';
import {
  NewerSchemaError,
  recordFromText,
  recordToText,
  type WorkloadRecord,
} from './workload-record.ts';

export interface WorkloadStore {
  readonly folders: StateFolders;
  /** Undefined when there is none, or it was damaged and has been put aside. */
  read(name: string): Promise<WorkloadRecord | undefined>;
  /** All of them, by name. */
  list(): Promise<readonly WorkloadRecord[]>;
  names(): Promise<readonly string[]>;
  /** True when a file of that name is there, readable or not. */
  exists(name: string): Promise<boolean>;
  write(record: WorkloadRecord): Promise<void>;
  remove(name: string): Promise<void>;
  /** Creates the folders; everything that writes needs them. */
  prepare(): Promise<void>;
}

const SUFFIX = '.json';

export function createWorkloadStore(folders: StateFolders, log: Log): WorkloadStore {
  const pathOf = (name: string): string => join(folders.workloads, `${name}${SUFFIX}`);

  let checking: Promise<void> | undefined;
  /** Before anything is read: whose folders they are. */
  const check = (): Promise<void> => {
    checking ??= checkStateFolders(folders);
    return checking;
  };

  async function read(name: string): Promise<WorkloadRecord | undefined> {
    await check();
    const path = pathOf(name);
    const text = await readIfThere(path);
    if (text === undefined) {
      return undefined;
    }
    try {
      const record = recordFromText(text);
      if (record.run.name !== name) {
        throw new Error('the name in it is another one');
      }
      return record;
    } catch (error) {
      if (error instanceof NewerSchemaError) {
        const message = `${path} was written by a newer thv (${error.message}); it is left alone`;
        log({ level: 'warn', message });
      } else {
        await putAside(path, name);
      }
      return undefined;
    }
  }

  /** Nothing is lost: whoever wants to know what it said can look. */
  async function putAside(path: string, name: string): Promise<void> {
    const stamp = new Date().toISOString().replace(/[^\dT]/g, '');
    const aside = `${path}.damaged-${stamp}`;
    const moved = await rename(path, aside).then(
      () => true,
      () => false,
    );
    const where = moved ? `it is kept as ${aside}` : 'it could not be moved away';
    log({
      level: 'warn',
      message: `the state of ${name} is damaged; ${where}; run the server again (if its proxy still runs, end it first: ps ax | grep 'supervise ${name}')`,
    });
  }

  async function names(): Promise<readonly string[]> {
    await check();
    const entries = await readdir(folders.workloads).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') {
        return [];
      }
      throw toStateError(error, folders.workloads);
    });
    return entries
      .filter((entry) => entry.endsWith(SUFFIX))
      .map((entry) => basename(entry, SUFFIX))
      .sort();
  }

  return {
    folders,
    read,
    names,
    prepare: () => createStateFolders(folders),
    async list() {
      const records: WorkloadRecord[] = [];
      for (const name of await names()) {
        const record = await read(name).catch((error: unknown) => {
          log({ level: 'warn', message: toStateError(error, pathOf(name)).message });
          return undefined;
        });
        if (record !== undefined) {
          records.push(record);
        }
      }
      return records;
    },
    async exists(name) {
      await check();
      return (await readIfThere(pathOf(name))) !== undefined;
    },
    async write(record) {
      const path = pathOf(record.run.name);
      await writeFileAtomically(path, recordToText(record)).catch((error: unknown) => {
        throw toStateError(error, path);
      });
    },
    async remove(name) {
      await rm(pathOf(name), { force: true }).catch((error: unknown) => {
        throw toStateError(error, pathOf(name));
      });
    },
  };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return (await readOwnFile(path)).text;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return undefined;
    }
    throw toStateError(error, path);
  }
}
