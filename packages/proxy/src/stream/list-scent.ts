/**
 * Whether an answer could be a list that somebody else has asked for. Servers that serve everybody by
 * one transport find the request of an answer by its id alone, and clients count from one.
 */

import type { Answer } from '../http/answer.ts';
import { LIST_MEMBERS } from './server-message.ts';

/** As serializers write them; whoever wants to hide a list from us can show it in any other way, too. */
const NAMES = Object.values(LIST_MEMBERS).map((name) => `"${name}"`);
/** Bytes of a stream that are looked at: the items come first, or after a cursor. */
const BEGINNING = 4096;
const decoder = new TextDecoder();

export interface Sniffed {
  readonly couldBeList: boolean;
  /** To be used in place of the body. */
  readonly body: Answer['body'];
}

/**
 * Looks into a body, and waits only for the beginning of a stream.
 *
 * @param signal stops the waiting; the promise is rejected then
 */
export function sniffList(body: Answer['body'], signal: AbortSignal): Sniffed | Promise<Sniffed> {
  if (body === null) return { couldBeList: false, body };
  if (body instanceof ReadableStream) return sniffStream(body, signal);
  return { couldBeList: namesList(typeof body === 'string' ? body : decoder.decode(body)), body };
}

async function sniffStream(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): Promise<Sniffed> {
  const reader = body.getReader();
  // The outcome is known; a failing cancel changes nothing about it.
  const leave = (): void => void reader.cancel().catch(() => undefined);
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  const pieces: Uint8Array[] = [];
  let text = '';
  let size = 0;
  try {
    while (size < BEGINNING) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) break;
      pieces.push(value);
      size += value.byteLength;
      text += String.fromCharCode(...value.subarray(0, BEGINNING));
    }
  } finally {
    signal.removeEventListener('abort', leave);
  }
  return { couldBeList: namesList(text), body: goOn(pieces, reader) };
}

/** The stream from its beginning. */
function goOn(
  pieces: Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = pieces.shift();
        if (piece !== undefined) return controller.enqueue(piece);
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function namesList(text: string): boolean {
  return NAMES.some((name) => text.includes(name));
}
