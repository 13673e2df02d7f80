/** Readers of flag values. Each is given the flag's name, so that its message can say it. */
import { usageError } from './cli-error.ts';
import { didYouMean } from './suggest.ts';

/** A value that may be given once. One that is missing is an unset variable in a script, never a wish. */
export function once(flag: string): (value: string, previous: string | undefined) => string {
  return (value, previous) => {
    assertFirst(flag, previous);
    return nonEmpty(flag, value);
  };
}

/** Values of a flag that may be repeated; each may be a comma-separated list. */
export function list(
  flag: string,
): (value: string, previous: readonly string[] | undefined) => readonly string[] {
  return (value, previous = []) => [
    ...previous,
    ...value.split(',').map((item) => nonEmpty(flag, item.trim())),
  ];
}

/** Values of a flag that may be repeated, commas and all. */
export function repeated(
  flag: string,
): (value: string, previous: readonly string[] | undefined) => readonly string[] {
  return (value, previous = []) => [...previous, nonEmpty(flag, value)];
}

const LABEL =
  /^([a-z0-9A-Z](?:[\w./-]{0,61}[a-z0-9A-Z])?)=([a-z0-9A-Z](?:[\w.-]{0,61}[a-z0-9A-Z])?)?$/;

/** Labels as `NAME=VALUE`, of a flag that may be repeated; each may be a comma-separated list. */
export function labels(
  flag: string,
): (value: string, previous: readonly string[] | undefined) => readonly string[] {
  const read = list(flag);
  return (value, previous) => {
    const all = read(value, previous);
    const wrong = all.find((label) => !LABEL.test(label));
    if (wrong !== undefined) {
      throw usageError(
        flag,
        `${JSON.stringify(wrong)} is not NAME=VALUE`,
        'letters, digits and . _ - (and / in NAME), at most 63 of each',
      );
    }
    return all;
  };
}

type NumberParser = (value: string, previous?: number) => number;

const SECONDS_OF = { s: 1, m: 60, h: 3600 } as const;

/** `30s`, `5m`, `2h`, or whole seconds; as seconds, at most `max`. */
export function duration(flag: string, max: number): NumberParser {
  return (value, previous) => {
    assertFirst(flag, previous);
    const [, digits, unit = 's'] = /^(\d{1,9})([smh])?$/.exec(value) ?? [];
    if (digits === undefined) {
      throw usageError(flag, `${JSON.stringify(value)} is not a duration`, 'write 30s, 5m or 2h');
    }
    // Safe: the pattern admits no other unit.
    const seconds = Number(digits) * SECONDS_OF[unit as keyof typeof SECONDS_OF];
    if (seconds > max) {
      throw usageError(flag, `${value} is too long`, `at most ${max}s`);
    }
    return seconds;
  };
}

/** A number from 0 to 1. */
export function fraction(flag: string): NumberParser {
  return (value, previous) => {
    assertFirst(flag, previous);
    const number = Number(value);
    if (!/^\d*\.?\d+$/.test(value) || number > 1) {
      throw usageError(
        flag,
        `${JSON.stringify(value)} is not from 0 to 1`,
        'write 0.1 for a tenth',
      );
    }
    return number;
  };
}

export function port(flag: string): NumberParser {
  return (value, previous) => {
    assertFirst(flag, previous);
    const number = Number(value);
    if (!/^\d{1,5}$/.test(value) || number > 65_535) {
      throw usageError(flag, `${JSON.stringify(value)} is not a port`, 'give 0 to 65535');
    }
    return number;
  };
}

/** A reader that knows all values that it takes, for help and shell completion. */
export type ChoiceParser<T extends string> = ((value: string, previous?: T) => T) & {
  readonly choices: readonly T[];
};

export function oneOf<const T extends string>(flag: string, known: readonly T[]): ChoiceParser<T> {
  const parse = (value: string, previous?: T): T => {
    assertFirst(flag, previous);
    const found = known.find((item) => item === value);
    if (found === undefined) {
      throw usageError(
        flag,
        `${JSON.stringify(value)} is none of ${known.join(', ')}`,
        didYouMean(value, known),
      );
    }
    return found;
  };
  return Object.assign(parse, { choices: known });
}

/** The last one would win, and the other be lost without a word (D1). */
function assertFirst(flag: string, previous: unknown): void {
  if (previous !== undefined) {
    throw usageError(flag, 'given twice', 'give it once');
  }
}

/** What looks like a flag is the next one, which would be lost without a word (D1). */
const NEXT_FLAG = /^(?:--(?:[a-z]|$)|-[a-z]$)/i;

/** The value is not repeated: it may be a secret. */
function nonEmpty(flag: string, value: string): string {
  if (value.trim() === '') {
    throw usageError(flag, 'has an empty value', 'give it one, or leave the flag out');
  }
  if (NEXT_FLAG.test(value)) {
    throw usageError(flag, 'has no value: a flag follows it', 'give it one, or leave it out');
  }
  return value;
}
