/** The file that holds all secrets: AES-256-GCM, a new nonce with each write, its head bound to it. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { CliError, usageError } from '../cli-error.ts';
import { type DataReader, readObject } from '../data-reader.ts';
import { EXIT } from '../exit-codes.ts';
import { checkCost, type KeyHeader, type KeyKind } from './secret-key.ts';
import { entryName } from './stored-key.ts';

/** A file that has been read and not opened. */
export interface Sealed {
  readonly header: KeyHeader;
  readonly nonce: Buffer;
  /** The ciphertext and its tag. */
  readonly data: Buffer;
}

export type Secrets = ReadonlyMap<string, string>;

const VERSION = 1;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;

export function seal(secrets: Secrets, secret: Buffer, header: KeyHeader): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(headBytes(header));
  const text = JSON.stringify([...secrets]);
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  const file = { ...head(header), nonce: encode(nonce), data: encode(data) };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** @throws {CliError} with exit code 1 when it was changed by somebody without the key */
export function unseal({ header, nonce, data }: Sealed, secret: Buffer, path: string): Secrets {
  try {
    const tag = data.subarray(data.length - TAG_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', secret, nonce, { authTagLength: TAG_BYTES })
      .setAAD(headBytes(header))
      .setAuthTag(tag);
    const text = Buffer.concat([
      decipher.update(data.subarray(0, data.length - TAG_BYTES)),
      decipher.final(),
    ]).toString('utf8');
    // Safe: only who has the key can have written it, and that is `seal`.
    return new Map(JSON.parse(text) as [string, string][]);
  } catch {
    throw new CliError({
      exitCode: EXIT.failed,
      what: 'secrets',
      why: `${path} has been damaged or tampered with`,
      wayOut: 'restore it from a backup, or remove it and set the secrets again',
    });
  }
}

/** @throws {CliError} with exit code 2 when it is no such file */
export function parseSealed(text: string, path: string): Sealed {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw usageError(path, 'is not JSON', 'it may have been damaged; restore it from a backup');
  }
  const file = readObject(json, path);
  if (file.integer('version', 1, 1000) !== VERSION) {
    throw usageError(path, 'is of another version', 'use the thv that wrote it');
  }
  const key = file.object('key');
  const sealed: Sealed = {
    header: {
      key: readKind(key, path),
      salt: decode(file, 'salt', 32),
      check: decode(file, 'check', 16),
    },
    nonce: decode(file, 'nonce', NONCE_BYTES),
    data: decode(file, 'data', undefined),
  };
  key?.end();
  file.end();
  return sealed;
}

function readKind(key: DataReader | undefined, where: string): KeyKind {
  const kind = key?.text('kind');
  const entry = entryName(key?.text('entry'));
  const path = key?.text('path');
  const cost = key?.integer('cost', 1, Number.MAX_SAFE_INTEGER);
  if (kind === 'key-store' && entry !== undefined) {
    return { kind, entry };
  }
  if (kind === 'key-file' && path !== undefined) {
    return { kind, path };
  }
  if (kind === 'passphrase' && cost !== undefined) {
    return { kind, cost: checkCost(cost, where) };
  }
  throw usageError(where, 'does not say what it is locked with', 'it may have been changed');
}

function head({ key, salt, check }: KeyHeader) {
  return { version: VERSION, key, salt: encode(salt), check: encode(check) };
}

/** What is readable is authenticated all the same. */
function headBytes(header: KeyHeader): Buffer {
  return Buffer.from(JSON.stringify(head(header)), 'utf8');
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64');
}

function decode(file: DataReader, key: string, length: number | undefined): Buffer {
  const text = file.text(key) ?? '';
  const bytes = Buffer.from(text, 'base64');
  const isWrong = length === undefined ? bytes.length < TAG_BYTES : bytes.length !== length;
  if (isWrong || bytes.toString('base64') !== text) {
    throw usageError(file.where, `${key} is not what thv writes`, 'it may have been changed');
  }
  return bytes;
}
