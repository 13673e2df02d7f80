/** The `store` of the configuration: where replicas keep what they share. */

import type { SecretReference } from '@thv/compose';
import { configError } from './config-error.ts';
import { join, readChoice, readFile, readObject, readText } from './config-reader.ts';

/** Nothing is shared, or everything that can be. */
export type StoreConfig =
  | { readonly kind: 'memory' }
  | {
      readonly kind: 'redis';
      /** Its URL holds a password, so it is never in the file. */
      readonly url: SecretReference;
      /** Begins every key. */
      readonly keyPrefix: string;
    };

/** @throws GatewayConfigError naming the place and the way out */
export function readStore(value: unknown, path: string, folder: string): StoreConfig {
  const fields = readObject(value, path, ['type', 'url_env', 'url_file', 'key_prefix']);
  const kind = readChoice(fields.get('type'), join(path, 'type'), ['memory', 'redis']);
  if (kind === 'memory') {
    const idle = [...fields.keys()].find((key) => key !== 'type');
    if (idle !== undefined) throw configError(join(path, idle), 'means nothing with type: memory');
    return { kind };
  }
  const [env, file, prefix] = ['url_env', 'url_file', 'key_prefix'].map((key) => fields.get(key));
  if ((env === undefined) === (file === undefined)) {
    throw configError(
      path,
      'needs url_env or url_file: the variable or file with the URL of Redis',
    );
  }
  const keyPrefix = prefix === undefined ? 'thv:' : readText(prefix, join(path, 'key_prefix'));
  if (!/^[\w.:-]{1,64}$/.test(keyPrefix)) {
    throw configError(join(path, 'key_prefix'), 'has letters, digits, and . _ - :, at most 64');
  }
  const url =
    env === undefined
      ? { file: readFile(file, join(path, 'url_file'), folder) }
      : { env: readText(env, join(path, 'url_env')) };
  return { kind, url, keyPrefix };
}
