/** Where a secret is, as the keys `NAME_file` and `NAME_env` say it. */

import type { SecretReference } from '@thv/compose';
import { configError } from './config-error.ts';
import { type Fields, readFile, readText } from './config-reader.ts';

/** A secret stands in a file or a variable, never in the configuration itself (D4). */
export function readSecret(
  fields: Fields,
  path: string,
  folder: string,
): SecretReference | undefined {
  const key = path.slice(path.lastIndexOf('.') + 1);
  const file = fields.get(`${key}_file`);
  const env = fields.get(`${key}_env`);
  if (file !== undefined && env !== undefined) {
    throw configError(path, `give ${key}_file or ${key}_env, not both`);
  }
  if (file !== undefined) return { file: readFile(file, `${path}_file`, folder) };
  return env === undefined ? undefined : { env: readText(env, `${path}_env`) };
}
