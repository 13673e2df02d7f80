/** The encrypted store of this user: `$XDG_CONFIG_HOME/thv/secrets.json`. */
import { rm, stat } from 'node:fs/promises';
import { CliError, usageError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { type ConfigFile, changeConfigFile, findConfigFile } from '../settings/config-file.ts';
import { parseSealed, type Sealed, type Secrets, seal, unseal } from './sealed-file.ts';
import { createKey, type KeyGivers, type KeyKind, recallKey } from './secret-key.ts';

export interface SecretStore {
  /** Undefined when there is no store. No key is needed. */
  peek(): Promise<Sealed | undefined>;
  /** Empty when there is no store. */
  readAll(): Promise<Secrets>;
  /**
   * Changes it as a whole, one command at a time; the first change creates it.
   *
   * @returns what locks it, when it was created
   */
  change(change: (secrets: Map<string, string>) => void): Promise<KeyKind | undefined>;
  /**
   * Locks the same secrets with a new key.
   *
   * @returns what locks them now
   * @throws {CliError} with exit code 1 when there is no store
   */
  rekey(next: KeyGivers): Promise<KeyKind>;
}

const FILE = 'secrets.json';
/** Somebody may be typing a passphrase. Milliseconds. */
const LOCK_PATIENCE = 60_000;
const CHANGE = { name: FILE, lock: 'secrets', patience: LOCK_PATIENCE };

/** @param onWait called once when another command has to be waited for */
export function createSecretStore(
  env: Io['env'],
  givers: KeyGivers,
  onWait?: () => void,
): SecretStore {
  const how = { ...CHANGE, ...(onWait !== undefined && { onWait }) };
  const unlock = async (sealed: Sealed, path: string): Promise<Secrets> =>
    unseal(sealed, await recallKey(sealed.header, givers, path), path);
  return {
    peek: async () => parseFile(await findConfigFile(env, FILE)),
    async readAll() {
      const file = await findConfigFile(env, FILE);
      const sealed = parseFile(file);
      return file === undefined || sealed === undefined ? new Map() : unlock(sealed, file.path);
    },
    async change(change) {
      let created: KeyKind | undefined;
      await changeConfigFile(env, how, async (file) => {
        const sealed = parseFile(file);
        const { secret, header } =
          sealed === undefined
            ? await createFirstKey(givers, file.path)
            : { secret: await recallKey(sealed.header, givers, file.path), header: sealed.header };
        created = sealed === undefined ? header.key : undefined;
        const secrets = new Map(sealed === undefined ? [] : unseal(sealed, secret, file.path));
        change(secrets);
        return seal(secrets, secret, header);
      });
      return created;
    },
    async rekey(next) {
      let made: KeyKind | undefined;
      await changeConfigFile(env, how, async (file) => {
        const sealed = parseFile(file);
        if (sealed === undefined) {
          throw noSecrets();
        }
        const secrets = await unlock(sealed, file.path);
        const { secret, header } = await createKey(next, sealed.header);
        made = header.key;
        return seal(secrets, secret, header);
      });
      return made ?? Promise.reject(noSecrets());
    },
  };
}

/** A key that was made where the store belongs would be written over. */
async function createFirstKey(givers: KeyGivers, path: string): ReturnType<typeof createKey> {
  const made = await createKey(givers);
  const { key } = made.header;
  if (key.kind === 'key-file' && (await isSameFile(key.path, path))) {
    await rm(path);
    throw usageError(
      givers.keyFileBy,
      `${path} is where the secrets are kept`,
      'name another file for their key',
    );
  }
  return made;
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => stat(path).catch(() => undefined)));
  return a !== undefined && a.ino === b?.ino && a.dev === b.dev;
}

/** Nothing that could be locked anew. */
export function noSecrets(): CliError {
  return new CliError({
    exitCode: EXIT.failed,
    what: 'secrets',
    why: 'there are none',
    wayOut: 'keep one with: thv secret set NAME',
  });
}

function parseFile(file: ConfigFile | undefined): Sealed | undefined {
  return file?.bytes === undefined
    ? undefined
    : parseSealed(file.bytes.toString('utf8'), file.path);
}
