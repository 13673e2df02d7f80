/** A key in a file: 32 random bytes in base64, which nobody but its owner can read. */
import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type CliError, usageError } from '../cli-error.ts';
import { codeOf } from '../error-code.ts';
import { readRegularFile, UnusableFileError } from '../regular-file.ts';
import { syncFolder } from '../workloads/atomic-file.ts';
import { describeFileError } from '../workloads/state-folders.ts';
import { KEY_BYTES, keyFromText } from './stored-key.ts';

/**
 * @param by what names it
 * @throws {CliError} with exit code 2
 */
export async function createOrReadKeyFile(path: string, by: string): Promise<Buffer> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx', 0o600);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      return readKeyFile(path, { isNamed: true });
    }
    throw cannotWrite(path, by, error);
  }
  const material = randomBytes(KEY_BYTES);
  try {
    await file.writeFile(`${material.toString('base64')}\n`);
    await file.sync();
  } catch (error) {
    // A part of a key would be in the way of the next try.
    await rm(path, { force: true });
    throw cannotWrite(path, by, error);
  } finally {
    await file.close();
  }
  // The secrets that it is about to lock must not outlive it.
  await syncFolder(dirname(path));
  return material;
}

function cannotWrite(path: string, by: string, error: unknown): CliError {
  return usageError(by, `${path} cannot be written: ${describeFileError(error)}`);
}

/**
 * One that the user names may be a pipe, as of a password manager; what a store names is a file.
 *
 * @throws {CliError} with exit code 2
 */
export async function readKeyFile(
  path: string,
  { isNamed }: { readonly isNamed: boolean },
): Promise<Buffer> {
  let isPrivate = true;
  const look = ({ mode }: Stats): void => {
    isPrivate = process.platform === 'win32' || (mode & 0o077) === 0;
  };
  const read = isNamed ? readFileOrPipe(path, look) : readRegularFile(path, look);
  const { bytes } = await read.catch((error: unknown) => {
    const why =
      error instanceof UnusableFileError ? `cannot be used: ${error.message}` : 'cannot be read';
    throw usageError(
      'key file',
      `${path} ${why}`,
      isNamed ? 'check the path' : 'name it with --key-file',
    );
  });
  const material = keyFromText(bytes.toString('utf8').trim());
  if (material === undefined) {
    throw usageError('key file', `${path} holds no key of thv`, 'a key is 32 bytes in base64');
  }
  // Only now: nobody should be told to change what is no key.
  if (!isPrivate) {
    throw usageError('key file', `${path} can be read by others`, `chmod 600 ${path}`);
  }
  return material;
}

async function readFileOrPipe(
  path: string,
  look: (stats: Stats) => void,
): Promise<{ bytes: Buffer }> {
  const file = await open(path);
  try {
    const stats = await file.stat();
    if (stats.isDirectory() || stats.isCharacterDevice() || stats.isBlockDevice()) {
      throw new UnusableFileError(`it is a ${stats.isDirectory() ? 'folder' : 'device'}`);
    }
    look(stats);
    return { bytes: await file.readFile() };
  } finally {
    await file.close();
  }
}
