/**
 * A run as data: what was typed, so that it can be typed again. Values that may be secrets are not
 * in it (D4): it names them, and whoever starts it gives them again.
 */
import { usageError } from '../cli-error.ts';
import { checkKeys, isText, isTextList, readRecord } from './strict-json.ts';

export interface SavedRun {
  readonly name: string;
  /** The SERVER argument. */
  readonly server?: string;
  /** What stood after `--`. */
  readonly args?: readonly string[];
  /** Where relative paths start; absolute. */
  readonly workingDirectory: string;
  /** Flags by their long names without dashes, with their values as they were typed. */
  readonly flags: Readonly<Record<string, FlagValue>>;
  /** Values that were given on the command line and are not here, such as `--env API_KEY`. */
  readonly givenByValue: readonly string[];
  /** Variables that no flag names and that it needs all the same: they hold its secrets. */
  readonly environment?: readonly string[];
  /** What the name of the server stood for: a catalogue of this entry alone. */
  readonly catalogue?: Readonly<Record<string, unknown>>;
}

export type FlagValue = true | string | readonly string[];

/** Flags and their values in the order in which they were typed; true for one without a value. */
export type TypedFlags = readonly (readonly [flag: string, value: string | true])[];

export interface SplitRun {
  readonly run: SavedRun;
  /** What the run needs besides. */
  readonly values: TypedFlags;
}

/** How a flag carries a secret: all of its value, or what follows the name in `NAME=VALUE`. */
const SECRET_FLAGS: ReadonlyMap<string, 'whole' | 'pair'> = new Map([
  ['env', 'pair'],
  ['oidc-client-secret', 'whole'],
  ['otel-headers', 'pair'],
  ['remote-forward-headers', 'pair'],
]);

/** Flags about this one command rather than about the server. */
const UNSAVED: ReadonlySet<string> = new Set([
  'foreground',
  'format',
  'from-config',
  'help',
  'name',
  'quiet',
  'ready-timeout',
]);

/** True for a flag whose value is never saved, so that it can be given again. */
export function isSecretFlag(flag: string): boolean {
  return SECRET_FLAGS.has(flag);
}

/** What is known of a run besides its flags. */
export type UntypedRun = Omit<SavedRun, 'flags' | 'givenByValue'>;

/** Separates what may be written down from what may not. */
export function splitRun(run: UntypedRun, typed: TypedFlags): SplitRun {
  const flags = new Map<string, FlagValue>();
  const givenByValue: string[] = [];
  const values: (readonly [string, string])[] = [];
  for (const [flag, value] of typed) {
    const secret = typeof value === 'string' ? secretIn(flag, value) : undefined;
    if (UNSAVED.has(flag)) {
      continue;
    }
    if (secret !== undefined && typeof value === 'string') {
      givenByValue.push(...secret);
      values.push([flag, value]);
    } else {
      flags.set(flag, add(flags.get(flag), value));
    }
  }
  return {
    run: { ...run, flags: Object.fromEntries(flags), givenByValue: [...new Set(givenByValue)] },
    values,
  };
}

/** What values are called when they must not be repeated: `--env API_KEY`; undefined for a reference. */
function secretIn(flag: string, value: string): readonly string[] | undefined {
  const how = SECRET_FLAGS.get(flag);
  const at = value.indexOf('=');
  if (how === undefined || (how === 'pair' && at < 0)) {
    return undefined;
  }
  if (flag === 'remote-forward-headers' && /^(?:file|env):/.test(value.slice(at + 1))) {
    return undefined;
  }
  return namesOf(flag, value);
}

function namesOf(flag: string, value: string): readonly string[] {
  if (SECRET_FLAGS.get(flag) !== 'pair') {
    return [`--${flag}`];
  }
  // The only one of them that is a list.
  const pairs = flag === 'otel-headers' ? value.split(',') : [value];
  return pairs.map((pair) => `--${flag} ${(pair.split('=', 1)[0] ?? '').trim()}`);
}

function add(before: FlagValue | undefined, value: string | true): FlagValue {
  if (before === undefined || value === true || before === true) {
    return value;
  }
  return typeof before === 'string' ? [before, value] : [...before, value];
}

/**
 * The values that were not saved, from those that are given now.
 *
 * @throws {CliError} with exit code 2 when one is missing, or is given although nothing asks for it.
 */
export function fillIn(run: SavedRun, given: TypedFlags, command: string): TypedFlags {
  // A reference, such as `--env KEY` for the variable of this shell, answers for KEY as well.
  const names = given.flatMap(([flag, value]) => namesOf(flag, value === true ? '' : value));
  const missing = run.givenByValue.find((name) => !names.includes(name));
  if (missing !== undefined) {
    const isPair = missing.includes(' ');
    throw usageError(
      missing,
      'was given by value, and values are not saved',
      `give it again: ${command} ${missing}${isPair ? '=…' : ' …'}`,
    );
  }
  const idle = names.find((name) => !run.givenByValue.includes(name));
  if (idle !== undefined) {
    throw usageError(idle, `means nothing to ${run.name}`, 'it is not among what was not saved');
  }
  return given;
}

/**
 * Without its secret a server would start all the same, and refuse callers for no reason that they see.
 *
 * @throws {CliError} with exit code 2 for a variable that is not set.
 */
export function assertEnvironment(
  { name, environment = [] }: SavedRun,
  env: Readonly<Record<string, string | undefined>>,
): void {
  const missing = environment.find((variable) => (env[variable] ?? '') === '');
  if (missing !== undefined) {
    throw usageError(missing, `is not set here, and ${name} needs it`, 'set it, and try again');
  }
}

/** The command line without `thv run`, as it would be typed. */
export function toArguments(run: SavedRun, values: TypedFlags): readonly string[] {
  const saved = Object.entries(run.flags).flatMap(([flag, value]) =>
    (typeof value === 'object' ? value : [value]).map((one) => [flag, one] as const),
  );
  return [
    `--name=${run.name}`,
    ...[...saved, ...values].map(([flag, value]) =>
      value === true ? `--${flag}` : `--${flag}=${value}`,
    ),
    ...(run.server === undefined ? [] : [run.server]),
    ...(run.args === undefined ? [] : ['--', ...run.args]),
  ];
}

/** The keys of a run as JSON. */
export const RUN_KEYS: readonly string[] = [
  'name',
  'server',
  'args',
  'working_directory',
  'flags',
  'given_by_value',
  'environment',
  'catalogue',
];

export function runToJson(run: SavedRun) {
  return {
    name: run.name,
    ...(run.server !== undefined && { server: run.server }),
    ...(run.args !== undefined && { args: run.args }),
    working_directory: run.workingDirectory,
    flags: run.flags,
    ...(run.givenByValue.length > 0 && { given_by_value: run.givenByValue }),
    ...(run.environment !== undefined && { environment: run.environment }),
    ...(run.catalogue !== undefined && { catalogue: run.catalogue }),
  };
}

/**
 * Reads a run that somebody may have written by hand. Whether flags exist and their values are
 * right is found out when they are parsed like a command line.
 *
 * @throws {CliError} with exit code 2, naming what is wrong in `where`.
 */
export function runFromJson(
  json: Readonly<Record<string, unknown>>,
  { where, cwd }: { readonly where: string; readonly cwd: string },
): SavedRun {
  checkKeys(json, RUN_KEYS, where);
  const { name, server, args, working_directory: workingDirectory = cwd, flags = {} } = json;
  const { given_by_value: givenByValue = [], environment, catalogue } = json;
  const wrong = (key: string, what: string) => usageError(where, `"${key}" must be ${what}`);
  if (!isText(name)) {
    throw wrong('name', 'a text');
  }
  // What begins with a dash would be read as a flag.
  if (server !== undefined && (!isText(server) || server.startsWith('-'))) {
    throw wrong('server', 'a URL or a package');
  }
  if (args !== undefined && !isTextList(args)) {
    throw wrong('args', 'a list of texts');
  }
  if (!isText(workingDirectory) || !workingDirectory.startsWith('/')) {
    throw wrong('working_directory', 'an absolute path');
  }
  if (!isTextList(givenByValue)) {
    throw wrong('given_by_value', 'a list of texts');
  }
  if (environment !== undefined && !isTextList(environment)) {
    throw wrong('environment', 'a list of names');
  }
  if (catalogue !== undefined && (server === undefined || server.includes('://'))) {
    throw usageError(where, '"catalogue" is for a server that is a name', 'leave it out');
  }
  return {
    name,
    ...(server !== undefined && { server }),
    ...(args !== undefined && { args }),
    workingDirectory,
    flags: readFlags(readRecord(flags, `"flags" in ${where}`), where),
    givenByValue,
    ...(environment !== undefined && { environment }),
    ...(catalogue !== undefined && {
      catalogue: readRecord(catalogue, `"catalogue" in ${where}`),
    }),
  };
}

function readFlags(
  flags: Readonly<Record<string, unknown>>,
  where: string,
): Readonly<Record<string, FlagValue>> {
  return Object.fromEntries(
    Object.entries(flags)
      .filter(([, value]) => value !== false)
      .map(([flag, value]): [string, FlagValue] => {
        if (UNSAVED.has(flag) || !/^[a-z][a-z0-9-]*$/.test(flag)) {
          throw usageError(
            where,
            `${JSON.stringify(flag)} cannot stand under "flags"`,
            'write the long names of flags of thv run, without dashes',
          );
        }
        if (value === true || isText(value)) {
          return [flag, value];
        }
        if (typeof value === 'number') {
          return [flag, String(value)];
        }
        if (isTextList(value) && value.length > 0) {
          return [flag, value];
        }
        throw usageError(where, `flag "${flag}" must be a text, a list of texts, or true`);
      }),
  );
}
