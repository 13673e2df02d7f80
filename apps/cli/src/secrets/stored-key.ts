/**
 * A key in the key store of the operating system: 32 random bytes, under a random name that stands in
 * our file. So two stores never share an entry, and none is ever replaced or removed.
 */
import { randomBytes } from 'node:crypto';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import {
  type KeyStore,
  type KeyStoreAnswer,
  type KeyStoreRequest,
  type KeyStoreTrouble,
  SERVICE,
} from './key-store.ts';

export const KEY_BYTES = 32;

const ENTRY = /^[0-9a-f]{32}$/;

/** Undefined when it is no name that we give. */
export function entryName(text: string | undefined): string | undefined {
  return text !== undefined && ENTRY.test(text) ? text : undefined;
}

/** 32 bytes in base64; undefined for anything else. */
export function keyFromText(text: string): Buffer | undefined {
  const material = Buffer.from(text, 'base64');
  return material.length === KEY_BYTES && material.toString('base64') === text
    ? material
    : undefined;
}

/**
 * Makes a key and keeps it there.
 *
 * @param otherwise flags for who wants another key
 * @returns undefined when there is no key store and `isOptional`
 * @throws {CliError} with exit code 1 when it is not kept
 */
export async function createStoredKey(
  keyStore: KeyStore | undefined,
  { isOptional, otherwise }: { readonly isOptional: boolean; readonly otherwise: string },
): Promise<{ readonly entry: string; readonly material: Buffer } | undefined> {
  const material = randomBytes(KEY_BYTES);
  const [entry, text] = [randomBytes(16).toString('hex'), material.toString('base64')];
  const answer = await ask(keyStore, { do: 'create', entry, text });
  if (answer.status === 'absent' && isOptional) {
    return undefined;
  }
  if (answer.status === 'found' && answer.text === text) {
    return { entry, material };
  }
  // Some say that they keep it, and do not.
  const [status, why] =
    answer.status === 'found' || answer.status === 'missing'
      ? (['failed', 'it did not keep what it was given'] as const)
      : [answer.status, answer.why];
  throw trouble(why, `${WAYS_OUT[status]}, or lock them with ${otherwise}`);
}

/**
 * The key of a store that is there; it is never made anew.
 *
 * @param path of the store, for messages
 * @throws {CliError} with exit code 1
 */
export async function readStoredKey(
  keyStore: KeyStore | undefined,
  entry: string,
  path: string,
): Promise<Buffer> {
  const answer = await ask(keyStore, { do: 'read', entry });
  const start = `remove ${path} and set the secrets again`;
  if (answer.status === 'missing') {
    throw trouble(
      `it has no entry ${entry} of ${SERVICE}`,
      `unlock it, or use the account that made them; when the key is lost, ${start}`,
    );
  }
  if (answer.status !== 'found') {
    throw trouble(answer.why, WAYS_OUT[answer.status]);
  }
  const material = keyFromText(answer.text);
  if (material === undefined) {
    throw trouble(
      `its entry ${entry} of ${SERVICE} holds no key of thv`,
      `restore it from a backup; when the key is lost, ${start}`,
    );
  }
  return material;
}

async function ask(
  keyStore: KeyStore | undefined,
  request: KeyStoreRequest,
): Promise<KeyStoreAnswer> {
  return keyStore?.(request) ?? { status: 'absent', why: 'nobody may ask it here' };
}

function trouble(why: string, wayOut: string): CliError {
  return new CliError({
    exitCode: EXIT.failed,
    what: 'secrets: key store of this system',
    why,
    wayOut,
  });
}

const WAYS_OUT: Readonly<Record<KeyStoreTrouble, string>> = {
  absent: 'use a session in which it runs, such as a desktop',
  locked: 'unlock it and try again',
  silent: 'answer what it asks in time, or start it again',
  failed: 'look at it with its own program',
};
