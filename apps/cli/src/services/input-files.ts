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
