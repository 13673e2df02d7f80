/** The encrypted store of this user: `$XDG_CONFIG_HOME/thv/secrets.json`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Io } from '../io.ts';
import { createConfigFolder, findConfigFolder, toConfigError } from '../settings/config-folder.ts';
import { writeFileAtomically } from '../workloads/atomic-file.ts';
import { findStateFolders } from '../workloads/state-folders.ts';
import { withLock } from '../workloads/workload-lock.ts';
import { parseSealed, type Sealed, type Secrets, seal, unseal } from './sealed-file.ts';
import { createKey, type KeyGivers, recallKey } from './secret-key.ts';

export interface SecretStore {
  /** For messages. */
  readonly path: string | undefined;
  /** Undefined when there is no store. No key is needed. */
  peek(): Promise<Sealed | undefined>;
  /** Empty when there is no store. */
  readAll(): Promise<Secrets>;
  /** Changes it as a whole, one command at a time; the first change creates it. */
  change(change: (secrets: Map<string, string>) => void): Promise<void>;
}

const FILE = 'secrets.json';
/** Somebody may be typing a passphrase. Milliseconds. */
const LOCK_PATIENCE = 60_000;

export function createSecretStore(env: Io['env'], givers: KeyGivers): SecretStore {
  const found = findConfigFolder(env);
  const path = found === undefined ? undefined : join(found, FILE);

  const read = async (): Promise<Sealed | undefined> => {
    const text = path === undefined ? undefined : await readText(path);
    return path === undefined || text === undefined ? undefined : parseSealed(text, path);
  };

  return {
    path,
    peek: read,
    async readAll() {
      const sealed = await read();
      return sealed === undefined
        ? new Map()
        : unseal(sealed, await recallKey(sealed.header, givers), path ?? FILE);
    },
    async change(change) {
      const folder = await createConfigFolder(env);
      const file = join(folder, FILE);
      const locks = { ...findStateFolders(env), locks: folder };
      await withLock(
        locks,
        'secrets',
        async () => {
          const sealed = await read();
          const { secret, header } =
            sealed === undefined
              ? await createKey(givers)
              : { secret: await recallKey(sealed.header, givers), header: sealed.header };
          const secrets = new Map(sealed === undefined ? [] : unseal(sealed, secret, file));
          change(secrets);
          await writeFileAtomically(file, seal(secrets, secret, header)).catch((error) => {
            throw toConfigError(error, file);
          });
        },
        { patience: LOCK_PATIENCE },
      );
    },
  };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return undefined;
    }
    throw toConfigError(error, path);
  }
}
