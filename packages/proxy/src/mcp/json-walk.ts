/** One pass over text that is already known to be JSON: members, depth, and where things are. */

import { planOf, type Wanted } from './json-wanted.ts';

/** Where a value stands in the text, as UTF-16 offsets: `text.slice(start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type WalkProblem = 'duplicate-key' | 'depth' | 'surrogate' | 'escaped-key';

/** Deepest nesting of arrays and objects (D5). */
export const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const LOWER_U = 0x75;
const LOWER_D = 0x64;
/** A letter, digit or underscore written as an escape, which no encoder does. */
const needlessEscape = /(?<!\\)(?:\\\\)*\\u00(?:3\d|[46][1-9a-f]|[57][\da]|5f)/i;

/** An object or array in which something is wanted. */
interface Frame {
  readonly isArray: boolean;
  readonly wanted: Wanted;
  /** Where the value being read in this frame begins, and what of it is wanted. */
  start: number;
  member: Wanted | undefined;
}

/** Whether a container is an object, by depth. One for all walks: they never wait for anything. */
const isObjectAt = new Uint8Array(MAX_DEPTH + 1);

/**
 * Walks the text once; what it found is in its members. Of a text in ASCII it looks at the bytes, which
 * stand where the characters do and are twice as fast to look at.
 */
export class JsonWalk {
  readonly spans: Map<string, Span> = new Map();
  readonly items: Map<string, Span[]> = new Map();
  /** Members of all objects, written ones: a key that is there twice counts twice. */
  memberCount = 0;
  /** True when a key holds an escape, which `JSON.parse` may have read wrongly. */
  hasEscapedKey = false;
  readonly #text: string;
  readonly #bytes: Uint8Array | undefined;
  readonly #wanted: Wanted;
  /** The outermost containers, as far down as something in them is wanted. */
  readonly #frames: Frame[] = [];
  #nextBackslash = -1;
  #nextQuote = -1;
  /** The last string holds an escape, and one that may be half of a pair. */
  #hasEscape = false;
  #hasHalf = false;

  /** @param bytes the text in UTF-8, which has no half of a pair by itself */
  constructor(text: string, bytes: Uint8Array, wanted: ReadonlySet<string>) {
    this.#text = text;
    this.#bytes = bytes.length === text.length ? bytes : undefined;
    this.#wanted = planOf(wanted);
  }

  /** What makes the text ambiguous, if anything; duplicate keys are for whoever counts the value's. */
  run(): WalkProblem | undefined {
    const text = this.#text;
    const frames = this.#frames;
    let depth = 0;
    let expectKey = false;
    for (let at = 0; at < text.length; at += 1) {
      switch (text.charCodeAt(at)) {
        case QUOTE: {
          const start = at;
          at = this.#endOfString(start + 1);
          if (this.#hasHalf && !isWellFormed(text.slice(start, at + 1))) return 'surrogate';
          if (!expectKey) break;
          expectKey = false;
          this.memberCount += 1;
          const isEscaped = this.#hasEscape;
          if (isEscaped && !this.#admitsEscapes(text.slice(start, at + 1))) return 'escaped-key';
          const end = at;
          while (text.charCodeAt(at) !== COLON) at += 1;
          if (depth !== frames.length) break;
          const key = text.slice(start + 1, end);
          this.#beginMember(isEscaped ? decode(`"${key}"`) : key, at + 1);
          break;
        }
        case OPEN_OBJECT:
        case OPEN_ARRAY:
          if (depth >= MAX_DEPTH) return 'depth';
          expectKey = text.charCodeAt(at) === OPEN_OBJECT;
          if (depth === frames.length) this.#open(!expectKey, at + 1);
          depth += 1;
          isObjectAt[depth] = expectKey ? 1 : 0;
          break;
        case CLOSE_OBJECT:
        case CLOSE_ARRAY:
          if (depth === frames.length) {
            this.#endMember(at);
            frames.pop();
          }
          depth -= 1;
          expectKey = false;
          break;
        case COMMA:
          expectKey = isObjectAt[depth] === 1;
          if (depth === frames.length) this.#beginNext(at);
          break;
        default:
          break;
      }
    }
    return undefined;
  }

  /** A container begins; it is followed only where something in it is wanted. */
  #open(isArray: boolean, start: number): void {
    const parent = this.#frames[this.#frames.length - 1];
    const wanted = parent === undefined ? this.#wanted : parent.member;
    if (wanted === undefined || (isArray ? wanted.items === undefined : wanted.members.size === 0))
      return;
    if (wanted.items !== undefined && isArray) this.items.set(wanted.items, []);
    this.#frames.push({ isArray, wanted, start, member: undefined });
  }

  /** At a comma in a followed container. */
  #beginNext(at: number): void {
    const frame = this.#endMember(at);
    frame.start = at + 1;
    frame.member = undefined;
  }

  /** After the colon of a member in a followed object. */
  #beginMember(key: string, start: number): void {
    const frame = this.#frames[this.#frames.length - 1]!; // Asked only inside a followed container.
    frame.member = frame.wanted.members.get(key);
    frame.start = start;
  }

  /** Records the span of the member or item that ends here. */
  #endMember(end: number): Frame {
    const frame = this.#frames[this.#frames.length - 1]!; // Asked only inside a followed container.
    const { isArray, wanted, member } = frame;
    if (!isArray && member?.isItself !== true) return frame;
    const span = trim(this.#text, frame.start, end);
    if (!isArray) this.spans.set(member?.path ?? '', span);
    // The blank between the brackets of an empty array is no item.
    else if (span.start < span.end) this.items.get(wanted.items ?? '')?.push(span);
    return frame;
  }

  /** Where the quote is that ends the string whose first character is at `from`. */
  #endOfString(from: number): number {
    this.#hasEscape = false;
    this.#hasHalf = false;
    return this.#bytes === undefined
      ? this.#endInText(this.#text, from)
      : this.#endInBytes(this.#bytes, from);
  }

  #endInText(text: string, from: number): number {
    let reach = NEAR;
    let near = from + reach;
    for (let at = from; ; at += 1) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) return at;
      if (code === BACKSLASH) {
        this.#hasEscape = true;
        if (isSurrogateEscape(text, at)) this.#hasHalf = true;
        at += 1;
        near = at + reach;
      } else if (at >= near) {
        // A long string: the way to its next escape is likely to be long as well.
        reach = 1;
        at = this.#findNext(at) - 1;
      }
    }
  }

  #endInBytes(bytes: Uint8Array, from: number): number {
    let hasEscape = false;
    let hasHalf = false;
    let at = from;
    let near = from + NEAR;
    for (;;) {
      let code: number | undefined;
      while (at < near) {
        code = bytes[at];
        if (code === QUOTE || code === BACKSLASH) break;
        at += 1;
      }
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        hasEscape = true;
        // As `isSurrogateEscape` does: the text is known to go on.
        if (bytes[at + 1] === LOWER_U && (bytes[at + 2]! | 0x20) === LOWER_D) hasHalf = true;
        at += 2;
      } else {
        const next = this.#findNext(at);
        // Looking step by step is faster where escapes are dense, and searching where they are not.
        near = next + (next - at < FAR ? DENSE : 1);
        at = next;
      }
    }
    this.#hasEscape = hasEscape;
    this.#hasHalf = hasHalf;
    return at;
  }

  /**
   * The next quote or backslash: looked for by the engine, which is faster over long ways. Both places
   * are kept, or each of many escapes in a long string would be a search to its end.
   */
  #findNext(at: number): number {
    if (this.#nextBackslash <= at) this.#nextBackslash = find(this.#text, '\\', at);
    if (this.#nextQuote <= at) this.#nextQuote = find(this.#text, '"', at);
    return Math.min(this.#nextQuote, this.#nextBackslash);
  }

  #admitsEscapes(literal: string): boolean {
    this.hasEscapedKey = true;
    // A server on V8 13.6 might read another key: see `json-build.ts`.
    return !needlessEscape.test(literal);
  }
}

/** Beyond every text, and a small integer, so that places stay such. */
const NOWHERE = 2 ** 30 - 1;

/** Bytes of a string that are looked at one by one before its end is searched for. */
const NEAR = 12;
/** Bytes to the next escape from which on searching is faster. */
const FAR = 24;
/** Bytes that are looked at one by one after a short way to an escape. */
const DENSE = 1024;

/** True for `\\uD800` to `\\uDFFF`, which stand for characters in pairs only. */
function isSurrogateEscape(text: string, at: number): boolean {
  return text.charCodeAt(at + 1) === LOWER_U && (text.charCodeAt(at + 2) | 0x20) === LOWER_D;
}

function find(text: string, character: string, from: number): number {
  const at = text.indexOf(character, from);
  return at === -1 ? NOWHERE : at;
}

function isWellFormed(literal: string): boolean {
  return decode(literal).isWellFormed();
}

/** The value of a string literal; the whole text has been parsed before. */
function decode(literal: string): string {
  return JSON.parse(literal) as string;
}

/** Members of all objects in a value: fewer than were written when a key was there twice. */
export function countMembers(value: unknown): number {
  if (typeof value !== 'object') return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') count += countMembers(item);
    return count;
  }
  const object = value as Readonly<Record<string, unknown>> | null; // Callers give objects and arrays.
  // Faster than a list of keys; values of `JSON.parse` inherit nothing that could be enumerated.
  for (const key in object) {
    count += 1;
    const member = object[key];
    if (typeof member === 'object') count += countMembers(member);
  }
  return count;
}

function trim(text: string, from: number, to: number): Span {
  let start = from;
  let end = to;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return { start, end };
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}
