/** Readers of flag values. Each is given the flag's name, so that its message can say it. */
import { usageError } from './cli-error.ts';
import { didYouMean } from './suggest.ts';

/** A value that may be given once. An empty one is an unset variable in a script, never a wish. */
export function once(flag: string): (value: string, previous: string | undefined) => string {
  return (value, previous) => {
    if (previous !== undefined) {
      throw usageError(flag, 'given twice', 'give it once');
    }
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

export function port(flag: string): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d{1,5}$/.test(value) || number > 65_535) {
      throw usageError(flag, `${JSON.stringify(value)} is not a port`, 'give 0 to 65535');
    }
    return number;
  };
}

export function oneOf<const T extends string>(
  flag: string,
  known: readonly T[],
): (value: string) => T {
  return (value) => {
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
}

function nonEmpty(flag: string, value: string): string {
  if (value.trim() === '') {
    throw usageError(flag, 'has an empty value', 'give it one, or leave the flag out');
  }
  return value;
}
