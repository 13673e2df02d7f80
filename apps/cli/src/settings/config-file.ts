/** The files in the folder of what thv's user has chosen: each changed by one command at a time. */
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../error-code.ts';
import { readRegularFile } from '../regular-file.ts';
import { writeFileAtomically } from '../workloads/atomic-file.ts';
import { withLock } from '../workloads/workload-lock.ts';
import { createConfigFolder, findConfigFolder, toConfigError } from './config-folder.ts';
import type { Environment } from './user-folder.ts';

export interface ConfigFile {
  readonly path: string;
  /** Undefined when there is no such file. */
  readonly bytes: Buffer | undefined;
}

export interface ConfigChange {
  readonly name: string;
  /** For messages, too. */
  readonly lock: string;
  /** Milliseconds to wait for another command. */
  readonly patience: number;
}

/** Undefined when this user has no place for it. @throws {CliError} when it cannot be read */
export async function findConfigFile(
  env: Environment,
  name: string,
): Promise<ConfigFile | undefined> {
  const folder = findConfigFolder(env);
  return folder === undefined ? undefined : readConfigFile(join(folder, name));
}

/**
 * Replaces the file as a whole; the first change creates it.
 *
 * @param change makes the new text of what is there
 * @throws {CliError} when it cannot be read or written, or another command has it for too long
 */
export async function changeConfigFile(
  env: Environment,
  { name, lock, patience }: ConfigChange,
  change: (file: ConfigFile) => Promise<string>,
): Promise<void> {
  const folder = await createConfigFolder(env);
  const path = join(folder, name);
  await withLock(
    { locks: folder },
    lock,
    async () => {
      const text = await change(await readConfigFile(path));
      // Behind a link of the user's own is where the file is, and stays.
      const real = await realpath(path).catch(() => path);
      await writeFileAtomically(real, text).catch((error) => {
        throw toConfigError(error, path);
      });
    },
    { patience },
  );
}

async function readConfigFile(path: string): Promise<ConfigFile> {
  try {
    const { bytes } = await readRegularFile(path);
    return { path, bytes };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return { path, bytes: undefined };
    }
    throw toConfigError(error, path);
  }
}
