/**
 * JSON with exactly one reading (D5).
 *
 * `JSON.parse` decides what is JSON; `json-walk.ts` then refuses what two parsers could read
 * differently: duplicate keys, unpaired surrogates, nesting that some parsers give up on. Keys with
 * escapes are read by `json-build.ts`, because not every `JSON.parse` reads them rightly.
 */

import { buildJson } from './json-build.ts';
import { hasMoreParts, MAX_ANSWER_PARTS } from './json-parts.ts';
import { countMembers, JsonWalk, type Span, type WalkProblem } from './json-walk.ts';

export type { Span } from './json-walk.ts';

/** A value with the places of the members that the proxy may have to rewrite. */
export interface StrictJson {
  readonly text: string;
  readonly value: unknown;
  /** Spans of member values by path, for the paths asked for. */
  readonly spans: ReadonlyMap<string, Span>;
  /** Spans of array items, for the paths asked for with a trailing `[]`. */
  readonly items: ReadonlyMap<string, readonly Span[]>;
}

/**
 * Why a text was refused. `syntax`: not JSON. `parts`: too many things in it. The others: JSON, but
 * with more than one reading.
 */
export type StrictJsonProblem = 'syntax' | 'parts' | WalkProblem;

export type StrictJsonResult =
  | { readonly ok: true; readonly json: StrictJson }
  | { readonly ok: false; readonly problem: StrictJsonProblem };

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Decodes bytes that must be well-formed UTF-8 without a byte order mark. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(bytes);
    return text.charCodeAt(0) === 0xfeff ? undefined : text;
  } catch {
    // Ill-formed UTF-8 is the one thing a fatal decoder throws for.
    return undefined;
  }
}

/**
 * Reads a text strictly.
 *
 * @param wanted paths whose spans are needed: `id`, `params._meta.progressToken`, `result.tools[]`
 * @param maxParts most strings, objects and arrays; by default what a server's answer may have
 * @param bytes the text in UTF-8, where it is at hand
 */
export function readStrictJson(
  text: string,
  wanted: ReadonlySet<string> = NONE,
  maxParts: number = MAX_ANSWER_PARTS,
  bytes?: Uint8Array,
): StrictJsonResult {
  if (hasMoreParts(text, maxParts)) return { ok: false, problem: 'parts' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // A SyntaxError names a position, which callers are not told.
    return { ok: false, problem: 'syntax' };
  }
  // UTF-8 cannot express half of a pair.
  if (bytes === undefined && !text.isWellFormed()) return { ok: false, problem: 'surrogate' };
  const walk = new JsonWalk(text, bytes ?? encoder.encode(text), wanted);
  const problem = walk.run();
  if (problem !== undefined) return { ok: false, problem };
  if (walk.hasEscapedKey) value = buildJson(text);
  if (countMembers(value) !== walk.memberCount) return { ok: false, problem: 'duplicate-key' };
  return { ok: true, json: { text, value, spans: walk.spans, items: walk.items } };
}

const NONE: ReadonlySet<string> = new Set();
