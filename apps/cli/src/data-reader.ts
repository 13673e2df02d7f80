/** Reads data from files member by member: wrong types are errors, and so is what nobody asked for (D1). */
import { usageError } from './cli-error.ts';
import { isRecord } from './services/json-value.ts';
import { didYouMean } from './suggest.ts';

/** One object of the data. Each reader counts its key as known. */
export interface DataReader {
  /** Where it stands, for messages. */
  readonly where: string;
  text(key: string): string | undefined;
  flag(key: string): boolean | undefined;
  integer(key: string, least: number, most: number): number | undefined;
  /** Empty when it is absent. */
  texts(key: string): readonly string[];
  object(key: string): DataReader | undefined;
  /** Empty when it is absent. */
  objects(key: string): readonly DataReader[];
  /** The members of a map, read by the caller; empty when it is absent. */
  members(key: string): ReadonlyMap<string, unknown>;
  /** Keys that may stand there and that nothing is done with. */
  ignore(keys: readonly string[]): void;
  /** @throws {CliError} with exit code 2, naming the first key that is not known. */
  end(): void;
}

/** @throws {CliError} with exit code 2, when it is not an object. */
export function readObject(value: unknown, where: string): DataReader {
  if (!isRecord(value)) {
    throw usageError(where, 'is not an object');
  }
  const known = new Set<string>();
  const get = (key: string): unknown => {
    known.add(key);
    // Some writers say null for what is not there.
    return Object.hasOwn(value, key) ? (value[key] ?? undefined) : undefined;
  };
  const fail = (key: string, why: string): never => {
    throw usageError(where, `${key} ${why}`);
  };
  const read = <T>(key: string, what: string, is: (found: unknown) => found is T) => {
    const found = get(key);
    return found === undefined || is(found) ? found : fail(key, `is not ${what}`);
  };
  return {
    where,
    text: (key) => read(key, 'a text', isText),
    flag: (key) => read(key, 'true or false', (found) => typeof found === 'boolean'),
    integer: (key, least, most) =>
      read(
        key,
        `a whole number from ${least} to ${most}`,
        (found): found is number =>
          typeof found === 'number' && Number.isInteger(found) && found >= least && found <= most,
      ),
    texts: (key) =>
      read(key, 'a list of texts', (found): found is string[] => isListOf(found, isText)) ?? [],
    object: (key) => {
      const found = get(key);
      return found === undefined ? undefined : readObject(found, `${where}: ${key}`);
    },
    objects: (key) =>
      (read(key, 'a list', Array.isArray) ?? []).map((item: unknown, index) =>
        readObject(item, `${where}: ${key}[${index}]`),
      ),
    members: (key) => new Map(Object.entries(read(key, 'a map', isRecord) ?? {})),
    ignore: (keys) => {
      for (const key of keys) {
        known.add(key);
      }
    },
    end: () => {
      const unknown = Object.keys(value).find((key) => !known.has(key));
      if (unknown !== undefined) {
        throw usageError(
          where,
          `unknown key ${JSON.stringify(unknown)}`,
          didYouMean(unknown, [...known]) ?? `known are ${[...known].join(', ')}`,
        );
      }
    },
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isListOf<T>(value: unknown, is: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(is);
}
