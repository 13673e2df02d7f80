/** Strict reading of configuration objects: known keys only, every problem with its place (D1). */
import { AuthzError, type AuthzErrorCode } from './errors.ts';
import { formatSuggestion } from './suggest.ts';
import type { SourcePosition } from './text-position.ts';

/** Keys and indices from the top of the file to a value. */
export type ConfigPath = readonly (string | number)[];

/** Where a configuration came from, so that problems can be shown in the file. */
export interface ConfigSource {
  readonly file?: string | undefined;
  /** The position of the value at `path`, or of the character `offset` inside a text value. */
  readonly locate?: ((path: ConfigPath, offset?: number) => SourcePosition | undefined) | undefined;
  /** The position of the last key of the path. Default: that of its value. */
  readonly locateKey?: ((path: ConfigPath) => SourcePosition | undefined) | undefined;
}

/** A JSON object of untrusted shape. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Reads one object of a configuration file. */
export interface ConfigReader {
  readonly path: ConfigPath;
  /** The text at `key`; absent and empty text are `undefined`. */
  text(key: string): string | undefined;
  requiredText(key: string): string;
  texts(key: string): readonly string[];
  flag(key: string): boolean;
  integer(key: string): number | undefined;
  choice<T extends string>(key: string, choices: readonly T[]): T | undefined;
  object(key: string, keys: readonly string[]): ConfigReader | undefined;
  value(key: string): unknown;
  fail(key: string | undefined, problem: string): never;
}

/** True for a plain JSON object: not null, not an array. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface ReaderOptions {
  readonly keys: readonly string[];
  readonly path: ConfigPath;
  readonly source: ConfigSource;
  readonly code?: AuthzErrorCode;
}

/**
 * Reads `value`, which must be an object that has no key outside `options.keys`.
 *
 * @throws {AuthzError} `ERR_AUTHZ_CONFIG`, or the code given in the options.
 */
export function createConfigReader(value: unknown, options: ReaderOptions): ConfigReader {
  const { keys, path, source, code = 'ERR_AUTHZ_CONFIG' } = options;
  const failAt = (at: ConfigPath, problem: string): never => {
    throw new AuthzError(code, problem, {
      location: { file: source.file, ...source.locate?.(at) },
    });
  };
  const name = path.length === 0 ? 'the configuration' : quotePath(path);
  if (!isRecord(value)) {
    return failAt(path, `${name} must be an object, not ${describeType(value)}`);
  }
  for (const key of Object.keys(value)) {
    if (!keys.includes(key)) {
      const where = path.length === 0 ? '' : ` in ${name}`;
      const at = [...path, key];
      const place = source.locateKey?.(at) ?? source.locate?.(at);
      throw new AuthzError(code, `unknown key "${key}"${where}${formatSuggestion(key, keys)}`, {
        location: { file: source.file, ...place },
      });
    }
  }

  const get = (key: string): unknown => (Object.hasOwn(value, key) ? value[key] : undefined);
  const fail = (key: string | undefined, problem: string): never =>
    failAt(key === undefined ? path : [...path, key], problem);
  const wrongType = (key: string, wanted: string): never =>
    fail(key, `${quotePath([...path, key])} must be ${wanted}, not ${describeType(get(key))}`);

  const text = (key: string): string | undefined => {
    const found = get(key);
    if (found === undefined || found === '') {
      return undefined;
    }
    return typeof found === 'string' ? found : wrongType(key, 'a string');
  };
  return {
    path,
    text,
    fail,
    value: get,
    requiredText: (key) => text(key) ?? fail(key, `${quotePath([...path, key])} is required`),
    texts: (key) => {
      const found = get(key);
      if (found === undefined) {
        return [];
      }
      if (!Array.isArray(found)) {
        return wrongType(key, 'a list of strings');
      }
      return found.map((item: unknown, index) =>
        typeof item === 'string'
          ? item
          : failAt(
              [...path, key, index],
              `${quotePath([...path, key, index])} must be a string, not ${describeType(item)}`,
            ),
      );
    },
    flag: (key) => {
      const found = get(key) ?? false;
      return typeof found === 'boolean' ? found : wrongType(key, 'true or false');
    },
    integer: (key) => {
      const found = get(key);
      if (found === undefined) {
        return undefined;
      }
      return Number.isSafeInteger(found) ? Number(found) : wrongType(key, 'a whole number');
    },
    choice: (key, choices) => {
      const found = text(key);
      const chosen = choices.find((choice) => choice === found);
      if (found !== undefined && chosen === undefined) {
        const list = choices.map((choice) => `"${choice}"`).join(' or ');
        fail(
          key,
          `${quotePath([...path, key])} must be ${list}${formatSuggestion(found, choices)}`,
        );
      }
      return chosen;
    },
    object: (key, objectKeys) => {
      const found = get(key);
      return found === undefined
        ? undefined
        : createConfigReader(found, { keys: objectKeys, path: [...path, key], source, code });
    },
  };
}

/** `"cedar.policies[2]"`. */
export function quotePath(path: ConfigPath): string {
  let text = '';
  for (const part of path) {
    text += typeof part === 'number' ? `[${part}]` : text === '' ? part : `.${part}`;
  }
  return `"${text}"`;
}

/** The JSON type of a value with its article. */
export function describeType(value: unknown): string {
  if (value === null || value === undefined) {
    return 'null';
  }
  if (Array.isArray(value)) {
    return 'a list';
  }
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
