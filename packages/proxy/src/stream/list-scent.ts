/**
 * Whether an answer could be a list that somebody else has asked for. Servers that serve everybody by
 * one transport find the request of an answer by its id alone, and clients count from one.
 */

import type { Answer } from '../http/answer.ts';
import { Collected } from './body-limit.ts';
import { LIST_MEMBERS } from './server-message.ts';

/** As serializers write them; whoever wants to hide a list from us can show it in any other way, too. */
const NAMES = Object.values(LIST_MEMBERS).map((name) => `"${name}"`);
const NAME_BYTES = NAMES.map((name) => new TextEncoder().encode(name));
const QUOTE = 0x22;
/** By byte: 1 where a name begins with it. */
const INITIALS = new Uint8Array(256);
for (const [, initial = 0] of NAME_BYTES) INITIALS[initial] = 1;
/** Bytes of a stream that are looked at: the items come first, or after a cursor. */
const BEGINNING = 4096;

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
  const couldBeList =
    typeof body === 'string' ? NAMES.some((name) => body.includes(name)) : namesList(body);
  return { couldBeList, body };
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
  const beginning = new Collected();
  try {
    while (beginning.size < BEGINNING) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) break;
      beginning.add(value);
    }
  } finally {
    signal.removeEventListener('abort', leave);
  }
  return { couldBeList: namesList(beginning.all), body: goOn(beginning.all, reader) };
}

/** The stream from its beginning. */
function goOn(
  beginning: Uint8Array,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (beginning.byteLength > 0) controller.enqueue(beginning);
      },
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** As bytes: to make a text of them and to look through that takes several times as long. */
function namesList(bytes: Uint8Array): boolean {
  const last = bytes.length - 1;
  for (let at = 0; at < last; at += 1) {
    if (bytes[at] !== QUOTE || INITIALS[bytes[at + 1] ?? 0] === 0) continue;
    for (const name of NAME_BYTES) if (isAt(bytes, at, name)) return true;
  }
  return false;
}

function isAt(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let at = 1; at < name.length; at += 1) if (bytes[start + at] !== name[at]) return false;
  return true;
}
