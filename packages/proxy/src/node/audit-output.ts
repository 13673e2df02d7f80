/** Where audit lines go on Node: a file that is found again after it was moved, or stdout. */

import { constants, write as writeFd } from 'node:fs';
import { type FileHandle, mkdir, open, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { AuditOutput } from '../audit/audit-writer.ts';
import { ProxyError } from '../errors.ts';

export interface AuditFileOptions {
  /**
   * Bytes that must be free where the log is. Below that, a proxy whose audit log is required lets no
   * further request in, while those under way still find room for their lines. Default 1 MiB.
   */
  readonly leastFree?: number;
}

/** Only the owner reads who did what. */
const MODE = 0o600;
/** Milliseconds between looks at whether the file is still the one of that name. */
const LOOK_EVERY = 1000;
/** Milliseconds until a full pipe is tried again. */
const RETRY_AFTER = 10;
const STDOUT = 1;

const write = promisify(writeFd);

/**
 * Opens a file to append to, 0600 where it is made, together with its folder.
 *
 * When the file is moved or removed, as log rotation does, a new one is begun with the next lines
 * within a second; no signal is needed. A line that an earlier process left half written is ended.
 *
 * @throws ProxyError `ERR_PROXY_AUDIT` when it cannot be opened
 */
export async function openAuditFile(
  path: string,
  options: AuditFileOptions = {},
): Promise<AuditOutput> {
  let file: FileHandle | undefined = await openFile(path).catch((error: unknown) => {
    const text = `the audit log ${path} cannot be opened: ${reasonOf(error)}`;
    throw new ProxyError('ERR_PROXY_AUDIT', text, { cause: error });
  });
  let lookedAt = performance.now();

  const current = async (): Promise<FileHandle> => {
    if (file !== undefined && performance.now() - lookedAt >= LOOK_EVERY) {
      lookedAt = performance.now();
      if (!(await isStill(file, path))) {
        // Whatever it says on closing, its lines are written.
        await file.close().catch(() => undefined);
        file = undefined;
      }
    }
    file ??= await openFile(path);
    return file;
  };

  return {
    async write(bytes) {
      const { bytesWritten } = await (await current()).write(bytes);
      return bytesWritten;
    },
    room: createRoomCheck(path, options.leastFree ?? 1024 * 1024),
    close: async () => file?.close(),
  };
}

function createRoomCheck(path: string, leastFree: number): () => Promise<void> | undefined {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let isLow = false;
  const look = async (): Promise<void> => {
    // What cannot be told, writing will show.
    const { bavail, blocks, bsize } = await statfs(path).catch(() => NOTHING_KNOWN);
    isLow = blocks > 0 && bavail * bsize < leastFree;
    if (isLow) throw new Error('the disk is nearly full');
  };
  return () => {
    if (performance.now() - lookedAt >= LOOK_EVERY) {
      lookedAt = performance.now();
      return look();
    }
    return isLow ? Promise.reject(new Error('the disk is nearly full')) : undefined;
  };
}

const NOTHING_KNOWN = { bavail: 0, blocks: 0, bsize: 0 };

/** Lines on stdout, past the stream object: that one never works again after its first error. */
export function openAuditStdout(): AuditOutput {
  return {
    async write(bytes) {
      for (;;) {
        try {
          return (await write(STDOUT, bytes)).bytesWritten;
        } catch (error) {
          if (codeOf(error) !== 'EAGAIN') throw error;
          await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER));
        }
      }
    },
    close: async () => undefined,
  };
}

async function openFile(path: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Opening a named pipe waits, otherwise, until somebody reads it.
  const flags = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR | constants.O_NONBLOCK;
  const file = await open(path, flags, MODE);
  try {
    const stats = await file.stat();
    // Into a named pipe that nobody reads, lines would vanish.
    if (!stats.isFile() && !stats.isCharacterDevice()) throw new Error('it is no file');
    if (stats.size > 0) await endLine(file, stats.size);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function endLine(file: FileHandle, size: number): Promise<void> {
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  if (buffer[0] !== 0x0a) await file.write('\n');
}

async function isStill(file: FileHandle, path: string): Promise<boolean> {
  try {
    const [opened, named] = await Promise.all([file.stat(), stat(path)]);
    return opened.ino === named.ino && opened.dev === named.dev;
  } catch {
    // There is none of that name any more; opening it says why, if it cannot be made again.
    return false;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'not permitted';
    case 'EISDIR':
      return 'it is a folder';
    case 'ENOSPC':
      return 'the disk is full';
    case 'EROFS':
      return 'the file system is read-only';
    default:
      return String(codeOf(error) ?? (error instanceof Error ? error.message : 'unknown reason'));
  }
}
