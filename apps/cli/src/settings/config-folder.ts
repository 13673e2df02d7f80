/** Where thv keeps what its user has chosen: `$XDG_CONFIG_HOME/thv`. */
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import {
  createPrivateFolder,
  describeFileError,
  lookThroughOwnLink,
} from '../workloads/state-folders.ts';
import { type Environment, findUserFolder } from './user-folder.ts';

/** Undefined when this user has no such place; nothing is created. */
export function findConfigFolder(env: Environment): string | undefined {
  return findUserFolder(env, 'XDG_CONFIG_HOME', '.config');
}

/** Creates it, readable by this user alone. @throws {CliError} with exit code 1 or 2 */
export async function createConfigFolder(env: Environment): Promise<string> {
  const folder = findConfigFolder(env);
  if (folder === undefined) {
    throw new CliError({
      exitCode: EXIT.usage,
      what: 'configuration',
      why: 'this user has no home directory',
      wayOut: 'set HOME or XDG_CONFIG_HOME to an absolute path',
    });
  }
  try {
    // Many keep their settings elsewhere, and link to them.
    await createPrivateFolder(folder, lookThroughOwnLink);
  } catch (error) {
    throw toConfigError(error, folder);
  }
  return folder;
}

/** What writing there failed with, as one line. */
export function toConfigError(error: unknown, path: string): CliError {
  if (error instanceof CliError) {
    return error;
  }
  return new CliError({
    exitCode: EXIT.failed,
    what: 'configuration',
    why: `${path} cannot be used: ${describeFileError(error)}`,
    wayOut: 'correct that, or set XDG_CONFIG_HOME to another folder',
    cause: error,
  });
}
