/** Secrets that configurations name and never hold (D4). */

import { isOidcError } from '@thv/oidc';
import { createSecretFile } from '@thv/oidc/node';

/**
 * Where a secret is: a file, which is read again when it changes, a variable of this process, or a
 * function, which nothing that saves or prints a configuration can see into.
 */
export type SecretReference =
  | { readonly file: string }
  | { readonly env: string }
  | { readonly read: () => string | Promise<string> };

/** Reads a secret whenever it is needed. */
export type SecretReader = () => Promise<string>;

/**
 * Opens a reference and reads it once, so that a missing secret stops the start (D1).
 *
 * @param option what the secret is for, for the message
 * @throws {TypeError} naming the option, never the secret
 */
export async function openSecret(
  option: string,
  reference: SecretReference,
): Promise<SecretReader> {
  const read = createReader(option, reference);
  try {
    await read();
  } catch (error) {
    if (!isOidcError(error)) throw error;
    throw new TypeError(`"${option}": ${error.message.toLowerCase()}`, { cause: error });
  }
  return read;
}

function createReader(option: string, reference: SecretReference): SecretReader {
  if ('file' in reference) return createSecretFile(reference.file);
  if ('read' in reference) return async () => reference.read();
  const { env } = reference;
  return async () => {
    const value = process.env[env];
    if (value === undefined || value === '') throw new TypeError(`"${option}": ${env} is not set`);
    return value;
  };
}
