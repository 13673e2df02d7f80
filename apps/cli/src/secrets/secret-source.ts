/** Where secrets come from: variables of thv's own environment first, then the store. */
import { resolve } from 'node:path';
import { CliError, usageError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { oneOf } from '../flag-parsers.ts';
import type { Io } from '../io.ts';
import { KEY_SOURCES, type KeySource } from './key-store.ts';
import type { KeyGivers, KeyKind } from './secret-key.ts';
import { type SecretBinding, secretVariable } from './secret-name.ts';
import { createSecretStore } from './secret-store.ts';

const PASSPHRASE_VARIABLE = 'THV_SECRETS_PASSPHRASE';
const KEY_FILE_VARIABLE = 'THV_SECRETS_KEY_FILE';
const KEY_FROM_VARIABLE = 'THV_SECRETS_KEY_FROM';
const NEW_PASSPHRASE_VARIABLE = 'THV_SECRETS_NEW_PASSPHRASE';

/** What a command of secrets needs of the outside. */
export type SecretIo = Pick<Io, 'env' | 'cwd' | 'askHidden' | 'keyStore'>;

/** What flags say about the key; each wins over the variables. */
export interface KeyFlags {
  readonly keyFile?: string;
  readonly keyFrom?: KeySource;
}

/** What flags say about the key that replaces another. */
export interface NewKeyFlags {
  readonly newKeyFile?: string;
  readonly newKeyFrom?: KeySource;
}

/**
 * The values of secrets by their names, all or none. The store is opened only when it is needed, so
 * that a machine with variables needs neither store nor key.
 *
 * @throws {CliError} with exit code 1, naming the first that is nowhere
 */
export async function resolveSecrets(
  names: readonly string[],
  io: SecretIo,
  flags: KeyFlags = {},
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const name of names) {
    const value = givenSecret(name, io.env);
    if (value !== undefined) {
      found.set(name, value);
    }
  }
  const sought = names.filter((name) => !found.has(name));
  if (sought.length === 0) {
    return found;
  }
  const stored = await createSecretStore(io.env, keyGivers(io, flags)).readAll();
  for (const name of sought) {
    const value = stored.get(name);
    if (value === undefined) {
      throw noSuchSecret(name);
    }
    found.set(name, value);
  }
  return found;
}

/**
 * Asks for the passphrase before a start in the background, while there is somebody to ask. Values are
 * read by the process there.
 *
 * @param bindings what is going to be read
 * @param whenMissing `fail` says now which secret is nowhere; `later` leaves that to the process
 * @returns what the process in the background is to be started with
 */
export async function unlockSecrets(
  bindings: readonly SecretBinding[],
  io: Io,
  whenMissing: 'fail' | 'later',
): Promise<Io> {
  const sought = bindings
    .map(({ secret }) => secret)
    .filter((name) => givenSecret(name, io.env) === undefined);
  if (sought.length === 0) {
    return io;
  }
  const { env, cwd, keyStore, askHidden } = io;
  let answer: string | undefined;
  const remember = async (question: string): Promise<string> => {
    answer = (await askHidden?.(question)) ?? '';
    return answer;
  };
  const givers = keyGivers({
    ...{ env, cwd },
    ...(keyStore !== undefined && { keyStore }),
    ...(askHidden !== undefined && { askHidden: remember }),
  });
  const stored = await createSecretStore(env, givers).readAll();
  const missing = sought.find((name) => !stored.has(name));
  if (missing !== undefined && whenMissing === 'fail') {
    throw noSuchSecret(missing);
  }
  const { keyFile } = givers;
  return {
    ...io,
    env: {
      ...env,
      // It works in another folder.
      ...(keyFile !== undefined && { [KEY_FILE_VARIABLE]: resolve(cwd, keyFile) }),
      ...(answer !== undefined && { [PASSPHRASE_VARIABLE]: answer }),
    },
  };
}

/** The value of its variable, which wins over the store. An empty one counts as none. */
export function givenSecret(name: string, env: Io['env']): string | undefined {
  return nonEmpty(env[secretVariable(name)]);
}

export function noSuchSecret(name: string): CliError {
  return new CliError({
    exitCode: EXIT.failed,
    what: `secret ${name}`,
    why: 'is not there',
    wayOut: `keep it with: thv secret set ${name}, or set ${secretVariable(name)}`,
  });
}

/** How this user gives the key. @throws {CliError} with exit code 2 when it is said in two ways */
export function keyGivers(io: SecretIo, flags: KeyFlags = {}): KeyGivers {
  const { env, cwd, askHidden, keyStore } = io;
  const isFlagged = flags.keyFile !== undefined || flags.keyFrom !== undefined;
  const keyFile = isFlagged ? flags.keyFile : nonEmpty(env[KEY_FILE_VARIABLE]);
  const keyFrom = isFlagged ? flags.keyFrom : nonEmpty(env[KEY_FROM_VARIABLE]);
  const givenBy = isFlagged ? '--key-from' : KEY_FROM_VARIABLE;
  if (keyFile !== undefined && keyFrom !== undefined) {
    const other = isFlagged ? '--key-file' : KEY_FILE_VARIABLE;
    throw usageError(givenBy, `says another thing than ${other}`, 'drop one of them');
  }
  return {
    ...{ keyFile, keyStore, cwd },
    keyFileBy: isFlagged ? '--key-file' : KEY_FILE_VARIABLE,
    keyFrom:
      keyFrom === undefined ? undefined : { source: oneOf(givenBy, KEY_SOURCES)(keyFrom), givenBy },
    passphrase: nonEmpty(env[PASSPHRASE_VARIABLE]),
    ask: askHidden,
    otherwise: '--key-from passphrase or --key-file',
  };
}

/**
 * How this user gives the key that replaces another: by default one of the same kind.
 *
 * @param present what locks the secrets until then
 * @throws {CliError} with exit code 2 when nobody gives one
 */
export function newKeyGivers(
  present: KeyKind,
  { env, cwd, askHidden, keyStore }: SecretIo,
  { newKeyFile, newKeyFrom }: NewKeyFlags,
): KeyGivers {
  if (newKeyFile !== undefined && newKeyFrom !== undefined) {
    throw usageError(
      '--new-key-from',
      'says another thing than --new-key-file',
      'drop one of them',
    );
  }
  const needsFile = present.kind === 'key-file' && newKeyFrom === undefined;
  if (needsFile && newKeyFile === undefined) {
    throw usageError(
      '--new-key-file',
      'is missing: a key file locks the secrets',
      'name a file for the new key, or give --new-key-from',
    );
  }
  const kind = newKeyFile === undefined ? (newKeyFrom ?? present.kind) : 'key-file';
  const passphrase = nonEmpty(env[NEW_PASSPHRASE_VARIABLE]);
  if (kind === 'passphrase' && passphrase === undefined && askHidden === undefined) {
    throw usageError(
      'new passphrase',
      'is asked for, and there is no terminal',
      `set ${NEW_PASSPHRASE_VARIABLE}`,
    );
  }
  return {
    keyFrom: kind === 'key-file' ? undefined : { source: kind, givenBy: '--new-key-from' },
    ...{ keyFile: newKeyFile, keyFileBy: '--new-key-file' },
    ...{ passphrase, ask: askHidden, keyStore, cwd },
    otherwise: '--new-key-from passphrase or --new-key-file',
  };
}

/** The variables that name another key than the one that locks the secrets now. */
export function outdatedVariables({ env, cwd }: SecretIo, key: KeyKind): readonly string[] {
  const keyFile = nonEmpty(env[KEY_FILE_VARIABLE]);
  const keyFrom = nonEmpty(env[KEY_FROM_VARIABLE]);
  const isTheirs = key.kind === 'key-file' && resolve(cwd, keyFile ?? key.path) === key.path;
  return [
    ...(keyFile === undefined || isTheirs ? [] : [KEY_FILE_VARIABLE]),
    ...(keyFrom === undefined || keyFrom === key.kind ? [] : [KEY_FROM_VARIABLE]),
  ];
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
