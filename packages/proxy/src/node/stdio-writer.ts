/** Writes lines to a pipe at the pace at which the other side reads them. */

import type { Writable } from 'node:stream';

/** `full`: too much is waiting already. `gone`: nobody will ever read it. */
export type WriteResult = 'written' | 'full' | 'gone';

export interface LineWriter {
  /** `force`: queue the line even when the queue is full, but not when it is twice as full. */
  write(line: string, force?: boolean): WriteResult;
}

/** Queues at most `maxBytes`, twice that with what is forced (and one line more), while the pipe is full. */
export function createLineWriter(pipe: Writable, maxBytes: number): LineWriter {
  const queue: string[] = [];
  let queuedBytes = 0;
  let isBlocked = false;

  pipe.on('drain', () => {
    isBlocked = false;
    // What still waits after the end of the pipe has no reader any more.
    if (pipe.writableEnded) queue.length = 0;
    let sent = 0;
    while (!isBlocked && sent < queue.length) {
      const line = queue[sent]!; // `sent` is below the length.
      sent += 1;
      queuedBytes -= Buffer.byteLength(line);
      isBlocked = !pipe.write(line);
    }
    queue.splice(0, sent);
  });

  return {
    write(line, force = false) {
      if (pipe.destroyed || pipe.writableEnded) return 'gone';
      const text = `${line}\n`;
      if (!isBlocked) {
        isBlocked = !pipe.write(text);
        return 'written';
      }
      if (queuedBytes >= (force ? 2 : 1) * maxBytes) return 'full';
      queue.push(text);
      queuedBytes += Buffer.byteLength(text);
      return 'written';
    },
  };
}
