/** The log that people read: one line per event on stderr, without control characters or secrets. */

import type { LogEvent } from '@thv/compose';
import type { Io } from './io.ts';
import { type Meaning, paint } from './output/paint.ts';

export interface LogOptions {
  /** Everything. */
  readonly debug?: boolean | undefined;
  /** Warnings and errors only. */
  readonly quiet?: boolean | undefined;
}

export type Log = (event: LogEvent) => void;

const RANK = { debug: 0, info: 1, warn: 2, error: 3 } as const;
const LABEL = { debug: 'debug: ', info: '', warn: 'warning: ', error: 'error: ' } as const;
const MEANING: Readonly<Record<LogEvent['level'], Meaning | undefined>> = {
  debug: 'aside',
  info: undefined,
  warn: 'warning',
  error: 'bad',
};

/** Names under which a value is never shown, whoever logged it. */
const SECRET_NAME = /authorization|cookie|credential|passw|secret|token$/i;
/**
 * Also inside of JSON text, where it may follow an escape. What begins like a JWT is taken whole, the
 * rest of one or not: otherwise every `eyJ` in a long word would be a search to its end.
 */
const TOKEN_SHAPE = /(?:(?<!\w)|(?<=\\(?:[bfnrt]|u[\da-f]{4})))eyJ[\w-]+(\.[\w-]+(?:\.[\w-]*)*)?/g;
// What a terminal would act on: control characters, line ends, and marks that turn the direction.
const CONTROL = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/** Creates the log of one command. */
export function createLog(io: Pick<Io, 'err' | 'stderr'>, options: LogOptions): Log {
  const least = options.debug ? RANK.debug : options.quiet ? RANK.warn : RANK.info;
  return (event) => {
    if (RANK[event.level] < least) {
      return;
    }
    const line = `thv: ${LABEL[event.level]}${clean(event.message)}${renderDetail(event.detail)}`;
    io.err(`${paint(line, MEANING[event.level], io.stderr)}\n`);
  };
}

/** Text from anywhere as part of one line, with anything that looks like a JWT taken out. */
export function clean(text: string): string {
  return text
    .replace(CONTROL, ' ')
    .replace(TOKEN_SHAPE, (found, rest: string | undefined) =>
      rest === undefined ? found : '[redacted]',
    );
}

function renderDetail(detail: LogEvent['detail']): string {
  return Object.entries(detail ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${clean(name)}=${renderValue(name, value)}`)
    .join('');
}

function renderValue(name: string, value: unknown): string {
  if (SECRET_NAME.test(name)) {
    return '[redacted]';
  }
  if (value instanceof Error) {
    return JSON.stringify(clean(value.message));
  }
  return typeof value === 'string' && /^[\w.:/@-]+$/.test(value)
    ? clean(value)
    : clean(JSON.stringify(value) ?? String(value));
}
