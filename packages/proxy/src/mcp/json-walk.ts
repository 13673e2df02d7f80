/** One pass over text that is already known to be JSON: duplicate keys, depth, and where things are. */

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
const plainString = /[^"\\]*/y;
/** A letter, digit or underscore written as an escape, which no encoder does. */
const needlessEscape = /(?<!\\)(?:\\\\)*\\u00(?:3\d|[46][1-9a-f]|[57][\da]|5f)/i;
const surrogateEscape = /\\u[dD][89a-fA-F]/;

interface Frame {
  /** Keys seen so far; undefined for arrays. */
  readonly keys: Set<string> | undefined;
  /** Path of this value while something in it is wanted. */
  readonly path: string | undefined;
  /** Path of the value being read in this frame, and where it begins, when its span is wanted. */
  member: { readonly path: string; readonly start: number } | undefined;
  /** Path of the value being read in this frame, when something below it is wanted. */
  below: string | undefined;
}

/** Walks the text once; what it found is in `spans` and `items`. */
export class JsonWalk {
  readonly spans: Map<string, Span> = new Map();
  readonly items: Map<string, Span[]> = new Map();
  /** True when a key holds an escape, which `JSON.parse` may have read wrongly. */
  hasEscapedKey = false;
  readonly #text: string;
  readonly #wanted: ReadonlySet<string>;
  readonly #prefixes: ReadonlySet<string>;
  readonly #checkSurrogates: boolean;
  readonly #stack: Frame[] = [];
  #at = 0;

  constructor(text: string, wanted: ReadonlySet<string>) {
    this.#text = text;
    this.#wanted = wanted;
    this.#prefixes = prefixesOf(wanted);
    this.#checkSurrogates = !text.isWellFormed() || surrogateEscape.test(text);
  }

  /** What makes the text ambiguous, if anything. */
  run(): WalkProblem | undefined {
    const text = this.#text;
    let expectKey = false;
    while (this.#at < text.length) {
      const code = text.charCodeAt(this.#at);
      switch (code) {
        case QUOTE: {
          const problem = expectKey ? this.#readKey() : this.#readString();
          if (problem !== undefined) return problem;
          expectKey = false;
          continue;
        }
        case OPEN_OBJECT:
        case OPEN_ARRAY:
          if (this.#stack.length >= MAX_DEPTH) return 'depth';
          this.#open(code === OPEN_OBJECT);
          expectKey = code === OPEN_OBJECT;
          break;
        case CLOSE_OBJECT:
        case CLOSE_ARRAY:
          this.#endMember();
          this.#stack.pop();
          expectKey = false;
          break;
        case COMMA:
          this.#endMember();
          expectKey = this.#beginNext();
          break;
        default:
          break;
      }
      this.#at += 1;
    }
    return undefined;
  }

  #open(isObject: boolean): void {
    const parent = this.#stack[this.#stack.length - 1];
    const path = parent === undefined ? '' : parent.below;
    const frame: Frame = {
      keys: isObject ? new Set() : undefined,
      path,
      member: undefined,
      below: undefined,
    };
    this.#stack.push(frame);
    if (!isObject) this.#beginItem(frame);
  }

  /** After a comma: true when a key comes next. */
  #beginNext(): boolean {
    const frame = this.#stack[this.#stack.length - 1]!; // A comma stands inside something.
    frame.below = undefined;
    if (frame.keys !== undefined) return true;
    this.#beginItem(frame);
    return false;
  }

  #beginItem(frame: Frame): void {
    if (frame.path === undefined) return;
    const path = `${frame.path}[]`;
    if (!this.#wanted.has(path)) return;
    if (!this.items.has(path)) this.items.set(path, []);
    frame.member = { path, start: this.#at + 1 };
  }

  /** Records the span of the member or item that ends here. */
  #endMember(): void {
    const frame = this.#stack[this.#stack.length - 1]!; // A comma or a bracket stands inside something.
    const { member } = frame;
    if (member === undefined) return;
    frame.member = undefined;
    const span = trim(this.#text, member.start, this.#at);
    const items = this.items.get(member.path);
    if (items === undefined) this.spans.set(member.path, span);
    // The blank between the brackets of an empty array is no item.
    else if (span.start < span.end) items.push(span);
  }

  #readKey(): WalkProblem | undefined {
    const frame = this.#stack[this.#stack.length - 1]!; // A key stands inside an object.
    const keys = frame.keys!; // Keys are only expected where #open made a set for them.
    const start = this.#at;
    const escaped = this.#skipString();
    if (escaped) {
      this.hasEscapedKey = true;
      // A server on V8 13.6 might read another key: see `json-build.ts`.
      if (needlessEscape.test(this.#text.slice(start, this.#at))) return 'escaped-key';
    }
    if (this.#checkSurrogates && !this.#isWellFormed(start)) return 'surrogate';
    const key = escaped ? this.#decode(start) : this.#text.slice(start + 1, this.#at - 1);
    if (keys.has(key)) return 'duplicate-key';
    keys.add(key);
    while (this.#text.charCodeAt(this.#at) !== COLON) this.#at += 1;
    this.#at += 1;
    frame.below = undefined;
    if (frame.path === undefined) return undefined;
    const path = joinPath(frame.path, key);
    if (!this.#prefixes.has(path)) return undefined;
    frame.below = path;
    if (this.#wanted.has(path)) frame.member = { path, start: this.#at };
    return undefined;
  }

  #readString(): WalkProblem | undefined {
    const start = this.#at;
    this.#skipString();
    return this.#checkSurrogates && !this.#isWellFormed(start) ? 'surrogate' : undefined;
  }

  /** Moves past the string that starts here; true when it holds an escape. */
  #skipString(): boolean {
    let escaped = false;
    this.#at += 1;
    for (;;) {
      plainString.lastIndex = this.#at;
      plainString.test(this.#text);
      this.#at = plainString.lastIndex;
      if (this.#text.charCodeAt(this.#at) !== BACKSLASH) break;
      escaped = true;
      this.#at += 2;
    }
    this.#at += 1;
    return escaped;
  }

  #decode(start: number): string {
    // A JSON string literal: the whole text has been parsed before.
    return JSON.parse(this.#text.slice(start, this.#at)) as string;
  }

  #isWellFormed(start: number): boolean {
    return this.#decode(start).isWellFormed();
  }
}

/** Sets of wanted paths are constants, so each is taken apart once. */
const knownPrefixes = new WeakMap<ReadonlySet<string>, ReadonlySet<string>>();

function prefixesOf(paths: ReadonlySet<string>): ReadonlySet<string> {
  const known = knownPrefixes.get(paths);
  if (known !== undefined) return known;
  const prefixes = new Set<string>();
  knownPrefixes.set(paths, prefixes);
  for (const path of paths) {
    const parts = path.replace('[]', '').split('.');
    for (let length = 1; length <= parts.length; length += 1) {
      prefixes.add(parts.slice(0, length).join('.'));
    }
  }
  return prefixes;
}

/** A key that holds a dot or a bracket can never equal a wanted path by accident. */
function joinPath(parent: string, key: string): string {
  const name = /[.[]/.test(key) ? key.replaceAll(/[.[]/g, '\u0000') : key;
  return parent === '' ? name : `${parent}.${name}`;
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
