/** Writes lines to a pipe at the pace at which the other side reads them. */

import type { Writable } from 'node:stream';

/** `full`: too much is waiting already. `gone`: nobody will ever read it. */
export type WriteResult = 'written' | 'full' | 'gone';

export interface LineWriter {
  /** `force`: queue the line even when the queue is full, but not when it is twice as full. */
  write(line: string, force?: boolean): WriteResult;
  /** Gives the pipe what it can take, ahead of time. */
  flush(): void;
}

/** What is given to the pipe at once at most, in characters. */
const BATCH = 64 * 1024;

/**
 * Queues at most `maxBytes`, twice that with what is forced (and one line more), while the pipe is
 * full.
 *
 * Lines that come up in one turn of the event loop are written together: for small messages the
 * call to the system costs more than everything else.
 */
export function createLineWriter(pipe: Writable, maxBytes: number): LineWriter {
  let queue: string[] = [];
  let queuedBytes = 0;
  let isBlocked = false;
  let turn: NodeJS.Immediate | undefined;

  const flush = (): void => {
    clearImmediate(turn);
    turn = undefined;
    let sent = 0;
    while (!isBlocked && sent < queue.length) {
      let batch = '';
      while (sent < queue.length && batch.length < BATCH) {
        batch += queue[sent]!; // `sent` is below the length.
        sent += 1;
      }
      queuedBytes -= Buffer.byteLength(batch);
      isBlocked = !pipe.write(batch);
    }
    queue = sent === queue.length ? [] : queue.slice(sent);
  };

  pipe.on('drain', () => {
    isBlocked = false;
    if (!pipe.writableEnded) {
      flush();
      return;
    }
    // What still waits after the end of the pipe has no reader any more.
    queue = [];
    queuedBytes = 0;
  });

  return {
    write(line, force = false) {
      if (pipe.destroyed || pipe.writableEnded) return 'gone';
      if (queuedBytes >= (force ? 2 : 1) * maxBytes) return 'full';
      queue.push(`${line}\n`);
      queuedBytes += Buffer.byteLength(line) + 1;
      if (!isBlocked) turn ??= setImmediate(flush);
      return 'written';
    },
    flush,
  };
}
