/** The members of one object inside a text that is already known to be JSON with one reading. */

import type { Span } from './json-walk.ts';
import type { Splice } from './splice.ts';

/** A member as it stands in the text. */
export interface Member {
  readonly key: string;
  /** Of the whole member, from the quote of its key to the end of its value. */
  readonly span: Span;
  readonly value: Span;
}

const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const plainString = /[^"\\]*/y;
const bracketOrString = /["{}[\]]/g;
const blank = /[ \t\r\n,:]*/y;
const scalar = /[-+.\w]*/y;

/** The members of the object that begins at `at`; empty when something else begins there. */
export function readMembers(text: string, at = 0): readonly Member[] {
  const members: Member[] = [];
  let next = skip(blank, text, at);
  if (text.charCodeAt(next) !== OPEN_OBJECT) return members;
  next = skip(blank, text, next + 1);
  while (text.charCodeAt(next) !== CLOSE_OBJECT && next < text.length) {
    const start = next;
    const keyEnd = endOfString(text, start);
    // A JSON string literal: the whole text has been parsed before.
    const key = JSON.parse(text.slice(start, keyEnd)) as string;
    const valueStart = skip(blank, text, keyEnd);
    const end = endOfValue(text, valueStart);
    members.push({ key, span: { start, end }, value: { start: valueStart, end } });
    next = skip(blank, text, end);
  }
  return members;
}

/** The members of the object at a path of keys; undefined when there is no object. */
export function membersAt(text: string, path: readonly string[]): readonly Member[] | undefined {
  const at = placeOf(text, path);
  return at === undefined ? undefined : readMembers(text, at);
}

/** Where the object at a path of keys begins; undefined when there is no object. */
export function placeOf(text: string, path: readonly string[]): number | undefined {
  let at = skip(blank, text, 0);
  for (const key of path) {
    const member = readMembers(text, at).find((candidate) => candidate.key === key);
    if (member === undefined) return undefined;
    at = member.value.start;
  }
  return text.charCodeAt(at) === OPEN_OBJECT ? at : undefined;
}

/** Edits that take members away together with the commas that set them apart. */
export function cutMembers(
  members: readonly Member[],
  isUnwanted: (key: string) => boolean,
): readonly Splice[] {
  let isFirst = true;
  return members.flatMap((member, index): readonly Splice[] => {
    if (!isUnwanted(member.key)) {
      isFirst = false;
      return [];
    }
    const before = members[index - 1];
    const after = members[index + 1];
    // What follows a kept member loses the comma before it, what leads the object the one after it.
    const start = isFirst ? member.span.start : (before?.span.end ?? member.span.start);
    const end = isFirst ? (after?.span.start ?? member.span.end) : member.span.end;
    return [{ span: { start, end }, text: '' }];
  });
}

/**
 * Edits that give an object members; a member that it has already gets the new value.
 *
 * @param at where the object begins
 * @param wanted keys with the JSON text of their values
 */
export function setMembers(
  members: readonly Member[],
  at: number,
  wanted: readonly (readonly [key: string, valueText: string])[],
): readonly Splice[] {
  const edits: Splice[] = [];
  const added: string[] = [];
  for (const [key, text] of wanted) {
    const known = members.find((member) => member.key === key);
    if (known === undefined) added.push(`${JSON.stringify(key)}:${text}`);
    else edits.push({ span: known.value, text });
  }
  if (added.length === 0) return edits;
  const text = added.join(',') + (members.length === 0 ? '' : ',');
  return [{ span: { start: at + 1, end: at + 1 }, text }, ...edits];
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  pattern.test(text);
  return pattern.lastIndex;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    at = skip(plainString, text, at);
    if (text.charCodeAt(at) !== BACKSLASH) return at + 1;
    at += 2;
  }
}

function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return endOfString(text, start);
  if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) return skip(scalar, text, start);
  let depth = 0;
  let at = start;
  do {
    bracketOrString.lastIndex = at;
    const [found = '}'] = bracketOrString.exec(text) ?? [];
    at = Math.max(bracketOrString.lastIndex, at + 1);
    if (found === '"') at = endOfString(text, at - 1);
    else depth += found === '{' || found === '[' ? 1 : -1;
  } while (depth > 0 && at < text.length);
  return at;
}
