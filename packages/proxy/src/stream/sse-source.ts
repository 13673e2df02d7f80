/** A server-sent event stream to one client that cannot fill the memory when nobody reads it. */

import type { Answer } from '../http/answer.ts';
import { encodeSse, KEEP_ALIVE } from './sse-encode.ts';

export interface SseSource {
  /** The response to hand to the client. */
  readonly response: Answer;
  readonly isOpen: boolean;
  /** Queues one JSON-RPC message. False: the client reads too slowly and it was not queued. */
  send(text: string): boolean;
  /** Queues a last message, however full the queue is, and closes. */
  finish(text: string): void;
  /** Lets the client read what is queued, then ends the stream. */
  close(): void;
}

export interface SseSourceOptions {
  /** What may be queued before `send` refuses. Bytes; the last message taken may go beyond it. */
  readonly maxBytes: number;
  /** Interval of comments. Milliseconds. */
  readonly keepAlive: number;
  /** The client went away. */
  readonly onCancel: () => void;
}

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-store',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
} as const;

const encoder = new TextEncoder();

/** Opens a stream. The first bytes go out at once, so that the client sees the headers. */
export function openSseSource(options: SseSourceOptions): SseSource {
  let isOpen = true;
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start(started) {
        controller = started;
      },
      cancel() {
        end();
        options.onCancel();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: options.maxBytes }),
  );
  const queued = (): number => options.maxBytes - (controller?.desiredSize ?? options.maxBytes);
  const push = (text: string): void => controller?.enqueue(encoder.encode(text));
  const timer = setInterval(() => {
    // A client that has something to read needs no sign of life.
    if (queued() === 0) push(KEEP_ALIVE);
  }, options.keepAlive);
  // Where timers keep nothing alive, they are numbers.
  (timer as { unref?: () => void }).unref?.();
  push(KEEP_ALIVE);

  const end = (): void => {
    isOpen = false;
    clearInterval(timer);
  };
  const close = (): void => {
    if (!isOpen) return;
    end();
    controller?.close();
  };

  return {
    response: new Response(body, { status: 200, headers: HEADERS }),
    get isOpen() {
      return isOpen;
    },
    send(text) {
      if (!isOpen) return true;
      if (queued() >= options.maxBytes) return false;
      push(encodeSse({ event: 'message', data: text }));
      return true;
    },
    finish(text) {
      if (!isOpen) return;
      push(encodeSse({ event: 'message', data: text }));
      close();
    },
    close,
  };
}
