/**
 * The value of a text that is already known to be JSON, key by key.
 *
 * For texts whose keys hold escapes. V8 13.6 (Node 24) compares such a key, as it is written, with
 * the one that it expects next after an object of the same shape, up to the length of what it means:
 * `"pa\u0074h"` then becomes `pa\u`. Whoever sends the right object first could hide an argument
 * from a policy. A string by itself is read rightly, so each one is read by itself here.
 */

import { ownText } from './own-text.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const SPACE = 0x20;
const COMMA = 0x2c;
const COLON = 0x3a;
const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;

/** Builds the value; `text` must be JSON of bounded depth. */
export function buildJson(text: string): unknown {
  return new Builder(text).readValue();
}

class Builder {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readValue(): unknown {
    switch (this.#next()) {
      case OPEN_OBJECT:
        return this.#readObject();
      case OPEN_ARRAY:
        return this.#readArray();
      case QUOTE:
        return this.#readString();
      default:
        return this.#readScalar();
    }
  }

  #readObject(): unknown {
    const members: [string, unknown][] = [];
    this.#at += 1;
    while (this.#next() !== CLOSE_OBJECT) members.push([this.#readString(), this.readValue()]);
    this.#at += 1;
    // Makes members of its own of every key, `__proto__` as well, as `JSON.parse` does.
    return Object.fromEntries(members);
  }

  #readArray(): unknown {
    const items: unknown[] = [];
    this.#at += 1;
    while (this.#next() !== CLOSE_ARRAY) items.push(this.readValue());
    this.#at += 1;
    return items;
  }

  #readString(): string {
    const start = this.#at;
    let hasEscape = false;
    this.#at += 1;
    for (let code = this.#code(); code !== QUOTE; code = this.#code()) {
      hasEscape ||= code === BACKSLASH;
      this.#at += code === BACKSLASH ? 2 : 1;
    }
    this.#at += 1;
    if (!hasEscape) return ownText(this.#text.slice(start + 1, this.#at - 1));
    return JSON.parse(this.#text.slice(start, this.#at)) as string; // A string literal.
  }

  /** There can be millions, so that none is looked at more than once. */
  #readScalar(): unknown {
    const start = this.#at;
    const first = this.#code();
    while (!isBetween(this.#code()) && !isClose(this.#code()) && this.#at < this.#text.length)
      this.#at += 1;
    if (first === LOWER_T) return true;
    if (first === LOWER_F) return false;
    // Numbers of JSON are numbers of the language as well.
    return first === LOWER_N ? null : Number(this.#text.slice(start, this.#at));
  }

  /** Moves to the next value, key or bracket. Where commas and colons stand has been checked. */
  #next(): number {
    let code = this.#code();
    while (isBetween(code)) {
      this.#at += 1;
      code = this.#code();
    }
    return code;
  }

  #code(): number {
    return this.#text.charCodeAt(this.#at);
  }
}

/** Commas, colons and blanks; controls in the text can only be blanks. */
function isBetween(code: number): boolean {
  return code <= SPACE || code === COMMA || code === COLON;
}

function isClose(code: number): boolean {
  return code === CLOSE_OBJECT || code === CLOSE_ARRAY;
}
