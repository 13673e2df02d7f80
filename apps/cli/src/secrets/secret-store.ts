/** The encrypted store of this user: `$XDG_CONFIG_HOME/thv/secrets.json`. */
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
}

const FILE = 'secrets.json';
/** Somebody may be typing a passphrase. Milliseconds. */
const LOCK_PATIENCE = 60_000;

export function createSecretStore(env: Io['env'], givers: KeyGivers): SecretStore {
  return {
    peek: async () => parseFile(await findConfigFile(env, FILE)),
    async readAll() {
      const file = await findConfigFile(env, FILE);
      const sealed = parseFile(file);
      return file === undefined || sealed === undefined
        ? new Map()
        : unseal(sealed, await recallKey(sealed.header, givers, file.path), file.path);
    },
    async change(change) {
      const how = { name: FILE, lock: 'secrets', patience: LOCK_PATIENCE };
      let created: KeyKind | undefined;
      await changeConfigFile(env, how, async (file) => {
        const sealed = parseFile(file);
        const { secret, header } =
          sealed === undefined
            ? await createKey(givers)
            : { secret: await recallKey(sealed.header, givers, file.path), header: sealed.header };
        created = sealed === undefined ? header.key : undefined;
        const secrets = new Map(sealed === undefined ? [] : unseal(sealed, secret, file.path));
        change(secrets);
        return seal(secrets, secret, header);
      });
      return created;
    },
  };
}

function parseFile(file: ConfigFile | undefined): Sealed | undefined {
  return file?.bytes === undefined
    ? undefined
    : parseSealed(file.bytes.toString('utf8'), file.path);
}
