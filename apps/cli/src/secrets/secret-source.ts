/** Where secrets come from: variables of thv's own environment first, then the store. */
import { resolve } from 'node:path';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { KeyGivers } from './secret-key.ts';
import { type SecretBinding, secretVariable } from './secret-name.ts';
import { createSecretStore } from './secret-store.ts';

const PASSPHRASE_VARIABLE = 'THV_SECRETS_PASSPHRASE';
const KEY_FILE_VARIABLE = 'THV_SECRETS_KEY_FILE';

type Surroundings = Pick<Io, 'env' | 'cwd' | 'askHidden'>;

/**
 * The values of secrets by their names, all or none. The store is opened only when it is needed, so
 * that a machine with variables needs neither store nor key.
 *
 * @throws {CliError} with exit code 1, naming the first that is nowhere
 */
export async function resolveSecrets(
  names: readonly string[],
  io: Surroundings,
  keyFile?: string,
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
  const stored = await createSecretStore(io.env, keyGivers(io, keyFile)).readAll();
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
  const { env, cwd, askHidden } = io;
  let answer: string | undefined;
  const remember = async (question: string): Promise<string> => {
    answer = (await askHidden?.(question)) ?? '';
    return answer;
  };
  const givers = keyGivers({ env, cwd, ...(askHidden !== undefined && { askHidden: remember }) });
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

/** How this user gives the key. @param keyFile of a flag */
export function keyGivers({ env, cwd, askHidden }: Surroundings, keyFile?: string): KeyGivers {
  return {
    keyFile: keyFile ?? nonEmpty(env[KEY_FILE_VARIABLE]),
    passphrase: nonEmpty(env[PASSPHRASE_VARIABLE]),
    ask: askHidden,
    cwd,
  };
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
