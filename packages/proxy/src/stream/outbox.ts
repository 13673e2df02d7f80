/** A stream that is written to, and that makes its writer wait for a reader that is behind. */

import { encodeSse, KEEP_ALIVE } from './sse-encode.ts';

export interface OutboxOptions {
  /** Characters that wait for the reader before writers are made to wait. */
  readonly room: number;
  /** Milliseconds of silence after which a comment is written. */
  readonly keepAlive: number;
  /** It is over: the reader has left, or `close` was called. */
  readonly onEnd: () => void;
}

export interface Outbox {
  readonly body: ReadableStream<Uint8Array>;
  /** Writes a message. A promise: there is no more room, and it resolves once there is, or at the end. */
  push(text: string): Promise<void> | undefined;
  /** Lets the reader have what is written, then ends the stream. */
  close(): void;
  /** Ends the stream for a reader that does not read. */
  abandon(): void;
}

/** Opens a stream. The first bytes go out at once, so that the reader sees the headers. */
export function createOutbox(options: OutboxOptions): Outbox {
  const encoder = new TextEncoder();
  let waiting: string[] = [KEEP_ALIVE];
  let size = 0;
  let isOver = false;
  let isCancelled = false;
  let wake: () => void = () => undefined;
  let makeRoom: () => void = () => undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const end = (): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    wake();
    makeRoom();
    options.onEnd();
  };
  const beAlive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (waiting.length === 0) waiting.push(KEEP_ALIVE);
      wake();
    }, options.keepAlive);
  };

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (waiting.length === 0 && !isOver) {
          beAlive();
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        clearTimeout(timer);
        if (waiting.length > 0) controller.enqueue(encoder.encode(waiting.join('')));
        waiting = [];
        size = 0;
        makeRoom();
        if (isOver && !isCancelled) controller.close();
      },
      cancel() {
        isCancelled = true;
        waiting = [];
        end();
      },
    },
    { highWaterMark: 0 },
  );

  return {
    body,
    push(text) {
      if (isOver) return undefined;
      const event = encodeSse({ event: 'message', data: text });
      waiting.push(event);
      size += event.length;
      wake();
      if (size < options.room) return undefined;
      return new Promise((resolve) => {
        makeRoom = resolve;
      });
    },
    close: end,
    abandon() {
      waiting = [];
      end();
    },
  };
}
