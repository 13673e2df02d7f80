/** Reading a secret when it is needed, so that rotated files and stores are seen. */
import { isOidcError, OidcError } from './errors.ts';
import type { SecretSource } from './options.ts';

/** @throws {OidcError} `ERR_OIDC_SECRET` when there is none; the reason stays with the source. */
export async function readSecret(source: SecretSource | undefined): Promise<string> {
  let value: unknown;
  try {
    value = typeof source === 'function' ? await source() : source;
  } catch (error) {
    if (isOidcError(error)) throw error;
    // The source's message could hold the secret or its path.
    throw new OidcError('ERR_OIDC_SECRET', 'A secret cannot be read', { reason: 'unreadable' });
  }
  if (typeof value === 'string' && value !== '') return value;
  throw new OidcError('ERR_OIDC_SECRET', 'A secret cannot be read', { reason: 'empty' });
}
