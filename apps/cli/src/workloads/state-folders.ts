/** Where thv keeps what it has to remember: one folder, for its user only. */
import { constants, type Stats } from 'node:fs';
import { access, chmod, lstat, mkdir, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { CliError } from '../cli-error.ts';
import { codeOf } from '../error-code.ts';
import { EXIT } from '../exit-codes.ts';
import { isOurs, UnusableFileError } from '../regular-file.ts';

export interface StateFolders {
  readonly root: string;
  /** One file per workload. */
  readonly workloads: string;
  readonly locks: string;
  readonly logs: string;
  readonly sockets: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folders of this user; nothing is created.
 *
 * @throws {CliError} with exit code 2 when there is no home directory.
 */
export function findStateFolders(env: Environment): StateFolders {
  const root = join(stateHome(env), 'thv');
  return {
    root,
    workloads: join(root, 'workloads'),
    locks: join(root, 'locks'),
    logs: join(root, 'logs'),
    sockets: join(root, 'sockets'),
  };
}

/** Creates what is missing, readable by this user alone. */
export async function createStateFolders(folders: StateFolders): Promise<void> {
  try {
    for (const folder of inOrder(folders)) {
      // It may be a link of the user's own, to a disk with more room.
      await createPrivateFolder(folder, stat);
    }
  } catch (error) {
    throw toStateError(error, folders.root);
  }
}

/**
 * What somebody else has written is not believed: it would say where tokens are sent and what is run.
 * Nothing is created.
 *
 * @throws {CliError} with exit code 1, when a folder that is there is not this user's
 */
export async function checkStateFolders(folders: StateFolders): Promise<void> {
  for (const folder of inOrder(folders)) {
    const found = await stat(folder).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') {
        return undefined;
      }
      throw toStateError(error, folder);
    });
    if (found !== undefined) {
      try {
        assertOwnFolder(found);
      } catch (error) {
        throw toStateError(error, folder);
      }
    }
  }
}

function inOrder({ root, workloads, locks, logs, sockets }: StateFolders): readonly string[] {
  return [root, workloads, locks, logs, sockets];
}

/**
 * @param look by default no link counts as a folder: where others can write, it would lead to one that
 * somebody else chose
 * @throws the file system's error, or one that says whose folder it is.
 */
export async function createPrivateFolder(
  path: string,
  look: (path: string) => Promise<Stats> = lstat,
): Promise<void> {
  await makeFolder(path);
  const found = await look(path);
  assertOwnFolder(found);
  if ((found.mode & 0o077) !== 0) {
    await chmod(path, 0o700);
  }
  await access(path, constants.W_OK);
}

/** What is there, also behind a link if that is this user's own. */
export async function lookThroughOwnLink(path: string): Promise<Stats> {
  const found = await lstat(path);
  return found.isSymbolicLink() && isOurs(found) ? stat(path) : found;
}

function assertOwnFolder(found: Stats): void {
  if (!found.isDirectory() || !isOurs(found)) {
    throw Object.assign(new Error('it is not a folder of this user'), { code: 'ENOTDIR' });
  }
}

/** Step by step: asked for all of them at once, Node says ENOENT where the disk is read-only. */
async function makeFolder(path: string): Promise<void> {
  const make = () => mkdir(path, { mode: 0o700 }).then(() => undefined, nameError);
  let code = await make();
  if (code === 'ENOENT' && dirname(path) !== path) {
    await makeFolder(dirname(path));
    code = await make();
  }
  if (code !== undefined && code !== 'EEXIST') {
    throw Object.assign(new Error(code), { code });
  }
}

/** XDG: a relative path does not count. */
function stateHome({ XDG_STATE_HOME: state, HOME: home }: Environment): string {
  if (state !== undefined && isAbsolute(state)) {
    return state;
  }
  const place = home !== undefined && isAbsolute(home) ? home : homeOfUser();
  if (place === undefined) {
    throw new CliError({
      exitCode: EXIT.usage,
      what: 'state directory',
      why: 'this user has no home directory',
      wayOut: 'set HOME or XDG_STATE_HOME to an absolute path',
    });
  }
  return join(place, '.local', 'state');
}

/** The home directory that the system knows, whatever the environment says; absolute. */
export function homeOfUser(): string | undefined {
  try {
    const { homedir } = userInfo();
    return isAbsolute(homedir) ? homedir : undefined;
  } catch {
    // Containers run under ids that have no entry in the user database.
    return undefined;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EROFS: 'it is read-only',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOSPC: 'the disk is full',
  EDQUOT: "this user's disk quota is used up",
  ENOTDIR: 'something that is no folder of this user stands there',
  EEXIST: 'something that is no folder of this user stands there',
  EISDIR: 'it is a folder',
  ENXIO: 'it is a pipe or a socket',
  ENAMETOOLONG: 'its path is too long',
};

/** Why a file or folder cannot be used, in words. */
export function describeFileError(error: unknown): string {
  const code = nameError(error);
  return error instanceof UnusableFileError ? error.message : (REASONS[code] ?? code);
}

/** What writing state failed with, as one line. */
export function toStateError(error: unknown, path: string): CliError {
  if (error instanceof CliError) {
    return error;
  }
  return new CliError({
    exitCode: EXIT.failed,
    what: 'state directory',
    why: `${path} cannot be used: ${describeFileError(error)}`,
    wayOut: 'correct that, or set XDG_STATE_HOME to another folder; thv run -f needs none',
    cause: error,
  });
}

function nameError(error: unknown): string {
  return codeOf(error) ?? 'unknown error';
}
