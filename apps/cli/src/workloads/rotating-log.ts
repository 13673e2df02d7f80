/**
 * A log file for this user only that never grows beyond bounds. Lines are written at once, so that
 * a crash loses none; a full disk loses lines and never stops the server.
 */
import { closeSync, constants, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { UnusableFileError } from '../regular-file.ts';

export interface RotatingLog {
  /** Appends a line, with the time before it. */
  write(line: string): void;
  close(): void;
}

export interface RotatingLogOptions {
  readonly path: string;
  /** Default 10 MiB. */
  readonly maxBytes?: number;
  /** Older files that are kept, as `PATH.1` and so on. Default 2. */
  readonly keep?: number;
  readonly now?: () => Date;
}

const MIB = 1024 * 1024;

/** @throws the file system's error when the file cannot be opened. */
export function createRotatingLog(options: RotatingLogOptions): RotatingLog {
  const { path, maxBytes = 10 * MIB, keep = 2, now = () => new Date() } = options;
  let file: number | undefined = openLog(path);
  let lost = 0;

  function append(text: string): void {
    file ??= openLog(path);
    const { size, nlink } = fstatSync(file);
    const isFull = size > 0 && size + Buffer.byteLength(text) > maxBytes;
    if (isFull || nlink === 0) {
      closeSync(file);
      file = undefined;
      if (isFull) {
        rotate(path, keep);
      }
      file = openLog(path);
    }
    writeSync(file, text);
  }

  return {
    write(line) {
      const time = now().toISOString();
      try {
        const note = lost === 0 ? '' : `${time} (${lost} lines could not be written)\n`;
        append(`${note}${time} ${line}\n`);
        lost = 0;
      } catch {
        // Nowhere to say so: the next line that can be written does.
        lost += 1;
      }
    },
    close() {
      if (file !== undefined) {
        closeSync(file);
        file = undefined;
      }
    },
  };
}

const { O_APPEND, O_CREAT, O_WRONLY, O_NONBLOCK = 0 } = constants;

/** Opens a log for appending. A pipe is refused: it would be waited for until somebody reads it. */
export function openLog(path: string): number {
  const file = openSync(path, O_APPEND | O_CREAT | O_WRONLY | O_NONBLOCK, 0o600);
  if (fstatSync(file).isFIFO()) {
    closeSync(file);
    throw new UnusableFileError('it is a pipe');
  }
  return file;
}

function rotate(path: string, keep: number): void {
  const older = Array.from({ length: keep }, (_, at) => `${path}.${at + 1}`);
  const files = [path, ...older];
  for (let at = files.length - 1; at > 0; at -= 1) {
    try {
      renameSync(files[at - 1] ?? path, files[at] ?? path);
    } catch {
      // There are not that many yet.
    }
  }
}
