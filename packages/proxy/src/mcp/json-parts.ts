/**
 * How much there is to check in a text: strings, keys among them, objects and arrays. Reading one costs
 * far more than its two bytes, so a limit of bytes alone would let a small body keep a processor busy.
 */

/** Most parts of a message of a client; what people and models write has a few hundred. */
export const MAX_MESSAGE_PARTS = 100_000;
/** Most parts of what a server says; tables that a tool returns are large. */
export const MAX_ANSWER_PARTS = 1_000_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;

/** True when a text has more than `most` parts; whether it is JSON is seen later. */
export function hasMoreParts(text: string, most: number): boolean {
  // Every part has a beginning and an end.
  return text.length > 2 * most && countParts(text, most) > most;
}

/** How many parts a text has; no more are counted than one above `most`. */
export function countParts(text: string, most: number): number {
  let parts = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code !== OPEN_OBJECT && code !== OPEN_ARRAY) continue;
    parts += 1;
    if (parts > most) break;
  }
  return parts;
}

function endOfString(text: string, start: number): number {
  let at = start;
  do at = text.indexOf('"', at + 1);
  while (at >= 0 && isEscaped(text, at));
  return at < 0 ? text.length : at;
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === BACKSLASH) before -= 1;
  return (at - before) % 2 === 0;
}
