/** Files that flags name: one that cannot be read stops the start (D1). */
import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { usageError } from '../cli-error.ts';

/** A file that a flag names. */
export interface InputFile {
  readonly flag: string;
  /** As it was written. */
  readonly path: string;
}

/** The files of those flags that were given. */
export function filesOf(
  flags: readonly (readonly [flag: string, path: string | undefined])[],
): readonly InputFile[] {
  return flags.flatMap(([flag, path]) => (path === undefined ? [] : [{ flag, path }]));
}

/** @throws {CliError} with exit code 2, naming the flag of the first file that cannot be read. */
export async function checkFiles(files: readonly InputFile[], cwd: string): Promise<void> {
  for (const { flag, path } of files) {
    await access(resolve(cwd, path), constants.R_OK).catch(() => {
      throw usageError(flag, `${path} cannot be read`, 'check the path');
    });
  }
}

/** What a shell writes for `<(COMMAND)`, and names of the like: another process has another file there. */
const OWN_FILE = /^\/(?:dev\/(?:fd\/|std)|proc\/(?:self|thread-self)\/fd\/)/;

/** @throws {CliError} with exit code 2, naming the first file that only this process can read. */
export function assertForOthers(files: readonly InputFile[], cwd: string): void {
  for (const { flag, path } of files) {
    if (OWN_FILE.test(resolve(cwd, path))) {
      throw usageError(
        flag,
        `${path} is there for this command only, and not for a server in the background`,
        'name a file',
      );
    }
  }
}
