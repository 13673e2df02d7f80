/** Reads untrusted values strictly: unknown keys are errors that name the nearest valid one (D1). */

import { isIP } from 'node:net';
import { isAbsolute, resolve } from 'node:path';
import { configError } from './config-error.ts';

export type Fields = ReadonlyMap<string, unknown>;

/** What the file does not say itself. */
export interface Surroundings {
  /** Where relative paths start: the folder of the file. */
  readonly folder: string;
  /** The environment of this process, of which servers get only what any program needs. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The members of an object that may hold only `keys`. */
export function readObject(value: unknown, path: string, keys: readonly string[]): Fields {
  const fields = readMap(value, path);
  for (const [key, member] of fields) {
    if (keys.includes(key)) {
      // What a template left empty is not a wish for the default.
      if (member === null) throw configError(join(path, key), 'has no value; leave it out');
      continue;
    }
    const near = nearest(key, keys);
    const hint = near === undefined ? `known keys: ${keys.join(', ')}` : `did you mean "${near}"?`;
    throw configError(join(path, key), `unknown key; ${hint}`);
  }
  return fields;
}

/** The members of an object with keys of the user's choice. */
export function readMap(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw configError(path, 'must be a mapping');
  }
  return new Map(Object.entries(value));
}

export function readText(value: unknown, path: string): string {
  if (typeof value !== 'string' || value === '') throw configError(path, 'must be a text');
  return value;
}

export function readTexts(value: unknown, path: string): readonly string[] {
  if (!Array.isArray(value)) throw configError(path, 'must be a list of texts');
  return value.map((item: unknown, index) => readText(item, `${path}[${index}]`));
}

export function readUrl(value: unknown, path: string): string {
  const text = readText(value, path);
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw configError(path, 'must be an http(s) URL');
  if (url.username !== '' || url.password !== '')
    throw configError(path, 'must not hold credentials');
  return text;
}

/** Up to 253 characters in labels of at most 63; underscores are not in the standard and in many networks. */
const HOST_NAME =
  /^(?=.{1,253}\.?$)(?:[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?\.)*([a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?)\.?$/i;
/** What ends in a number is an address to some programs, and to others none. */
const NUMBER = /^(?:\d+|0x[\da-f]*)$/i;

/** An IP address, or a name, to listen on. */
export function readHost(value: unknown, path: string): string {
  const host = readText(value, path);
  const last = HOST_NAME.exec(host)?.[1];
  if (isIP(host) === 0 && (last === undefined || NUMBER.test(last))) {
    throw configError(
      path,
      'is no address or host name; write 0.0.0.0, :: or a name, without a scheme, brackets or port',
    );
  }
  return host;
}

export function readPort(value: unknown, path: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 65_535) {
    throw configError(path, 'must be a port from 0 to 65535');
  }
  return value;
}

export function readFlag(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw configError(path, 'must be true or false');
  return value;
}

export function readChoice<const T extends string>(
  value: unknown,
  path: string,
  choices: readonly T[],
): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw configError(path, `must be one of ${choices.join(', ')}`);
  return found;
}

const SECONDS_OF = { s: 1, m: 60, h: 3600 } as const;

/** `30s`, `5m`, `2h`, or whole seconds; as seconds. */
export function readDuration(value: unknown, path: string): number {
  const text = typeof value === 'number' ? String(value) : value;
  const [, digits, unit = 's'] =
    typeof text === 'string' ? (/^(\d{1,9})([smh])?$/.exec(text) ?? []) : [];
  if (digits === undefined) throw configError(path, 'must be a duration: 30s, 5m, 2h, or seconds');
  // Safe: the pattern admits no other unit.
  return Number(digits) * SECONDS_OF[unit as keyof typeof SECONDS_OF];
}

/** A path, relative to the folder of the configuration. */
export function readFile(value: unknown, path: string, folder: string): string {
  const file = readText(value, path);
  return isAbsolute(file) ? file : resolve(folder, file);
}

/** Reads members that may be absent. */
export function readOptional(
  fields: Fields,
  path: string,
): <T>(key: string, read: (value: unknown, path: string) => T) => T | undefined {
  return (key, read) => (fields.has(key) ? read(fields.get(key), join(path, key)) : undefined);
}

export function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** The candidate that differs in at most two letters, if there is one. */
function nearest(text: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: distance(text.toLowerCase(), candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, text.length / 3)
    ? best.candidate
    : undefined;
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const replaced = (row[j] ?? 0) + (letter === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
