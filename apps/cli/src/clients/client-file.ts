/** Reads and replaces a client's file: whole or not at all, with a copy of what was there before. */
import type { Stats } from 'node:fs';
import { lstat, mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from '../cli-error.ts';
import { codeOf } from '../error-code.ts';
import { EXIT } from '../exit-codes.ts';
import { writeFileAtomically } from '../workloads/atomic-file.ts';

export interface ClientFile {
  /** Where it really is: people keep such files elsewhere and link to them. */
  readonly path: string;
  /** Empty when there is no file yet. */
  readonly text: string;
  /** Permission bits; undefined when there is no file yet. */
  readonly mode: number | undefined;
}

/** Larger than any such file; what is larger is something else. */
const MAX_BYTES = 64 * 2 ** 20;

/**
 * Reads a file. One that is missing is empty.
 *
 * @throws {CliError} with exit code 1
 */
export async function readClientFile(path: string): Promise<ClientFile> {
  const found = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') {
      return undefined;
    }
    throw fileError(path, error);
  });
  if (found === undefined) {
    return { path, text: '', mode: undefined };
  }
  const real = await realpath(path).catch((error: unknown) => {
    throw codeOf(error) === 'ENOENT'
      ? failed(path, 'it is a link to a file that is not there', 'create that, or remove the link')
      : fileError(path, error);
  });
  try {
    const stats = found.isSymbolicLink() ? await stat(real) : found;
    assertUsable(path, stats);
    const bytes = await readFile(real);
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { path: real, text, mode: stats.mode & 0o777 };
  } catch (error) {
    throw fileError(path, error);
  }
}

/**
 * Replaces the file, keeps its permissions, and copies what was there before. A new one is for its user
 * only.
 *
 * @returns the path of the copy, if there was anything to copy
 * @throws {CliError} with exit code 1; the file is then as it was
 */
export async function replaceClientFile(
  { path, text: before, mode }: ClientFile,
  text: string,
): Promise<string | undefined> {
  const backup = `${path}.before-thv`;
  try {
    await mkdir(dirname(path), { recursive: true });
    if (mode !== undefined) {
      await writeFileAtomically(backup, before, { mode });
    }
    await writeFileAtomically(path, text, {
      ...(mode !== undefined && { mode }),
      check: async () => {
        // The client may be writing too; what it has just saved must not be lost.
        const now = await readClientFile(path);
        if (now.text !== before || (now.mode === undefined) !== (mode === undefined)) {
          throw failed(path, 'it has just changed', 'try again, with the client closed');
        }
      },
    });
  } catch (error) {
    throw fileError(path, error);
  }
  return mode === undefined ? undefined : backup;
}

function assertUsable(path: string, stats: Stats): void {
  if (!stats.isFile()) {
    throw failed(path, 'it is no file', 'give another with --file');
  }
  if (stats.size > MAX_BYTES) {
    throw failed(path, 'it is far too large', 'give another with --file');
  }
  // As root, or through a link: a file that somebody else can change is theirs.
  if (process.getuid !== undefined && stats.uid !== process.getuid()) {
    throw failed(path, 'it belongs to another user', 'run thv as that user');
  }
}

const REASONS: Readonly<Record<string, readonly [why: string, wayOut?: string]>> = {
  EACCES: ['this user may not read or write it', 'correct its permissions'],
  EPERM: ['this user may not read or write it', 'correct its permissions'],
  EISDIR: ['it is a folder'],
  ENOTDIR: ['a part of its path is no folder'],
  ELOOP: ['it is a link to itself'],
  ENOSPC: ['the disk is full', 'make room and try again'],
  EROFS: ['the disk is read-only'],
  ENAMETOOLONG: ['its name is too long'],
  ERR_ENCODING_INVALID_ENCODED_DATA: ['it is not UTF-8', 'save it as UTF-8'],
};

function fileError(path: string, error: unknown): CliError {
  if (error instanceof CliError) {
    return error;
  }
  const [why, wayOut] = REASONS[codeOf(error) ?? ''] ?? [codeOf(error) ?? String(error)];
  return failed(path, why, wayOut, error);
}

function failed(path: string, why: string, wayOut?: string, cause?: unknown): CliError {
  const kept = 'nothing was changed';
  return new CliError({
    exitCode: EXIT.failed,
    what: path,
    why,
    wayOut: wayOut === undefined ? kept : `${wayOut}; ${kept}`,
    cause,
  });
}
