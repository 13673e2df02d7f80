/** The files in the folder of what thv's user has chosen: each changed by one command at a time. */
import { lstat, readdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../error-code.ts';
import { readRegularFile, UnusableFileError } from '../regular-file.ts';
import { isPartOf, writeFileAtomically } from '../workloads/atomic-file.ts';
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
  /** Called once when there is somebody to wait for. */
  readonly onWait?: () => void;
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
  { name, lock, ...waiting }: ConfigChange,
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
      await removeParts(real);
    },
    waiting,
  );
}

/** What a command that was killed has left beside it: nobody else writes now. */
async function removeParts(path: string): Promise<void> {
  const folder = dirname(path);
  const entries = await readdir(folder).catch(() => []);
  for (const entry of entries.filter((one) => isPartOf(basename(path), one))) {
    await rm(join(folder, entry), { force: true });
  }
}

async function readConfigFile(path: string): Promise<ConfigFile> {
  try {
    const { bytes } = await readRegularFile(path);
    return { path, bytes };
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      throw toConfigError(error, path);
    }
    // What a link of the user's own leads to may be on a disk that is not there now.
    if ((await leadsNowhere(path)) || (await leadsNowhere(dirname(path)))) {
      throw toConfigError(new UnusableFileError('it is behind a link that leads nowhere'), path);
    }
    return { path, bytes: undefined };
  }
}

async function leadsNowhere(path: string): Promise<boolean> {
  const isLink = await lstat(path).then(
    (stats) => stats.isSymbolicLink(),
    () => false,
  );
  return isLink && (await stat(path).catch(codeOf)) === 'ENOENT';
}
