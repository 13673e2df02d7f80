/**
 * Opens the files that thv keeps by itself. Nobody has named them on a command line, so what stands
 * there and is no file is refused: a pipe would be waited for, and a device may never end.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { codeOf } from './error-code.ts';

/** The message says what is wrong with a file. */
export class UnusableFileError extends Error {
  override readonly name: string = 'UnusableFileError';
}

export interface RegularFile {
  readonly file: FileHandle;
  readonly stats: Stats;
}

const { O_RDONLY, O_NONBLOCK = 0, O_NOCTTY = 0 } = constants;

/**
 * Opens a file for reading, also through a link.
 *
 * @throws {UnusableFileError} for what is no file; else the file system's error
 */
export async function openRegularFile(path: string): Promise<RegularFile> {
  // Without waiting for the other end, should it be a pipe.
  const file = await open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY).catch((error: unknown) => {
    // That is what the system says of sockets.
    throw codeOf(error) === 'ENXIO' ? new UnusableFileError('it is a socket') : error;
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile()) {
      throw new UnusableFileError(`it is a ${kindOf(stats)}`);
    }
    return { file, stats };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** None of what thv keeps comes near; more would only fill the memory. */
const MAX_MIB = 64;

/**
 * Reads a file as a whole.
 *
 * @param check a last look before it is read; throws when it must not be
 * @throws {UnusableFileError} for what is no file, or too large; else the file system's error
 */
export async function readRegularFile(
  path: string,
  check?: (stats: Stats) => void,
): Promise<{ bytes: Buffer; writtenAt: Date }> {
  const { file, stats } = await openRegularFile(path);
  try {
    check?.(stats);
    if (stats.size > MAX_MIB * 1024 * 1024) {
      throw new UnusableFileError(`it is larger than ${MAX_MIB} MiB`);
    }
    return { bytes: await file.readFile(), writtenAt: stats.mtime };
  } finally {
    await file.close();
  }
}

/**
 * Reads a file of this user.
 *
 * @throws {UnusableFileError} also for one that belongs to somebody else, who may have written anything
 * there
 */
export async function readOwnFile(path: string): Promise<{ text: string; writtenAt: Date }> {
  const { bytes, writtenAt } = await readRegularFile(path, (stats) => {
    if (!isOurs(stats)) {
      throw new UnusableFileError('it belongs to another user');
    }
  });
  return { text: bytes.toString('utf8'), writtenAt };
}

/** Whether a file or folder is this user's, where systems know whose they are. */
export function isOurs({ uid }: Pick<Stats, 'uid'>): boolean {
  return process.getuid === undefined || uid === process.getuid();
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) {
    return 'folder';
  }
  return stats.isFIFO() ? 'pipe' : stats.isSocket() ? 'socket' : 'device';
}
