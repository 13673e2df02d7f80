/** Reads a log to its end and, if asked, goes on: over rotation, and before there is a file. */
import { stat } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../error-code.ts';
import { openRegularFile, type RegularFile } from '../regular-file.ts';
import { toStateError } from './state-folders.ts';

export interface ReadLogOptions {
  readonly path: string;
  /** Go on until `signal`. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
  /** Receives whole lines. */
  readonly onText: (text: string) => void;
}

const POLL_MS = 100;
const CHUNK = 64 * 1024;

/** @returns false when there was nothing to read */
export async function readLog({ path, follow, signal, onText }: ReadLogOptions): Promise<boolean> {
  let found = false;
  const lines = createLineJoiner((text) => {
    found = true;
    onText(text);
  });
  let file = await openIfThere(path);
  try {
    for (;;) {
      // Before reading, so that what an old file was given last is read before the new one.
      const isReplaced = file === undefined || !(await isStillAt(file, path));
      await file?.readOn(lines.push);
      if (isReplaced) {
        const next = await openIfThere(path);
        if (next !== undefined) {
          await file?.close();
          file = next;
          await file.readOn(lines.push);
        }
      }
      if (!follow || signal.aborted) {
        break;
      }
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await file?.close();
  }
  lines.end();
  return found;
}

interface OpenLog {
  readonly inode: number;
  /** Reads what has been added. */
  readOn(push: (bytes: Buffer) => void): Promise<void>;
  close(): Promise<void>;
}

async function openIfThere(path: string): Promise<OpenLog | undefined> {
  let opened: RegularFile;
  try {
    opened = await openRegularFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return undefined;
    }
    throw toStateError(error, path);
  }
  const { file: handle, stats } = opened;
  const buffer = Buffer.alloc(CHUNK);
  return {
    inode: stats.ino,
    async readOn(push) {
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, CHUNK);
        if (bytesRead === 0) {
          return;
        }
        push(buffer.subarray(0, bytesRead));
      }
    },
    close: () => handle.close(),
  };
}

async function isStillAt({ inode }: OpenLog, path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.ino === inode;
}

/** Passes on whole lines: half of one could hide half of a character. */
function createLineJoiner(onText: (text: string) => void) {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    push(bytes: Buffer): void {
      const text = rest + decoder.write(bytes);
      const end = text.lastIndexOf('\n') + 1;
      rest = text.slice(end);
      if (end > 0) {
        onText(text.slice(0, end));
      }
    },
    end(): void {
      if (rest !== '') {
        onText(rest);
      }
    },
  };
}
