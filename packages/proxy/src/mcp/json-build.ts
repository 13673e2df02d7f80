/**
 * The value of a text that is already known to be JSON, key by key.
 *
 * For texts whose keys hold escapes. V8 13.6 (Node 24) compares such a key, as it is written, with
 * the one that it expects next after an object of the same shape, up to the length of what it means:
 * `"pa\u0074h"` then becomes `pa\u`. Whoever sends the right object first could hide an argument
 * from a policy. A string by itself is read rightly, so each one is read by itself here.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const between = /[ \t\r\n,:]*/y;
const scalar = /[-+.\w]+/y;

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
        return JSON.parse(this.#match(scalar));
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
    this.#at += 1;
    for (let code = this.#code(); code !== QUOTE; code = this.#code()) {
      this.#at += code === BACKSLASH ? 2 : 1;
    }
    this.#at += 1;
    return JSON.parse(this.#text.slice(start, this.#at)) as string; // A string literal.
  }

  /** Moves to the next value, key or bracket. Where commas and colons stand has been checked. */
  #next(): number {
    this.#match(between);
    return this.#code();
  }

  #code(): number {
    return this.#text.charCodeAt(this.#at);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ''] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }
}
