/**
 * The key of the secret store: from a key file, or from a passphrase by scrypt (RFC 7914). Which of
 * them, and the public parts, stand in the store itself.
 */
import { createHash, hkdfSync, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CliError, usageError } from '../cli-error.ts';
import { codeOf } from '../error-code.ts';
import { EXIT } from '../exit-codes.ts';

/** What everybody may know. */
export type KeyKind =
  | { readonly kind: 'key-file'; readonly path: string }
  | { readonly kind: 'passphrase'; readonly cost: number };

export interface KeyHeader {
  readonly key: KeyKind;
  /** Random, and new for each store. */
  readonly salt: Buffer;
  /** Tells a wrong key from a damaged store. */
  readonly check: Buffer;
}

/** How a user gives a key. */
export interface KeyGivers {
  /** `--key-file`, or the variable of that name; wins over the path in the store. */
  readonly keyFile: string | undefined;
  /** From the environment. */
  readonly passphrase: string | undefined;
  /** Asks for it where nobody sees what is typed; absent without a terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  readonly cwd: string;
}

/** 128 MiB and about half a second: what OWASP asks of scrypt. */
const COST = 2 ** 17;
/** More would be somebody else's idea. */
const MAX_COST = 2 ** 20;
const BLOCK_SIZE = 8;
const SHORTEST_PASSPHRASE = 8;

/**
 * Makes the key of a new store.
 *
 * @throws {CliError} with exit code 2 when nobody gives one
 */
export async function createKey(
  givers: KeyGivers,
): Promise<{ readonly secret: Buffer; readonly header: KeyHeader }> {
  const salt = randomBytes(32);
  const key = await chooseKind(givers);
  const secret =
    key.kind === 'key-file'
      ? expand(await createOrReadKeyFile(key.path), salt)
      : await stretch(await newPassphrase(givers), salt, key.cost);
  return { secret, header: { key, salt, check: checkValue(secret) } };
}

/**
 * The key of a store that is there.
 *
 * @throws {CliError} with exit code 1 when it is the wrong one, 2 when nobody gives one
 */
export async function recallKey(header: KeyHeader, givers: KeyGivers): Promise<Buffer> {
  const { key, salt, check } = header;
  if (key.kind === 'passphrase' && givers.keyFile !== undefined) {
    throw usageError('--key-file', 'means nothing: a passphrase locks the secrets', 'drop it');
  }
  const secret =
    key.kind === 'key-file'
      ? expand(await readKeyFile(keyFileOf(givers) ?? key.path), salt)
      : await stretch(await givenPassphrase(givers), salt, key.cost);
  if (!timingSafeEqual(checkValue(secret), check)) {
    throw new CliError({
      exitCode: EXIT.failed,
      what: 'secrets',
      why: key.kind === 'key-file' ? 'the key file is another one' : 'the passphrase is wrong',
      wayOut: key.kind === 'key-file' ? 'name the right one with --key-file' : 'try again',
    });
  }
  return secret;
}

/** What a store may say about its key. @throws {CliError} naming `where` */
export function checkCost(cost: number, where: string): number {
  const isPower = Number.isInteger(Math.log2(cost));
  if (!isPower || cost < 2 ** 14 || cost > MAX_COST) {
    throw usageError(where, 'its cost is not one that thv uses', 'it may have been changed');
  }
  return cost;
}

async function chooseKind(givers: KeyGivers): Promise<KeyKind> {
  const path = keyFileOf(givers);
  if (path !== undefined) {
    return { kind: 'key-file', path };
  }
  if (givers.passphrase === undefined && givers.ask === undefined) {
    throw usageError('secrets', 'nothing to lock them with', WAYS);
  }
  return { kind: 'passphrase', cost: COST };
}

const WAYS = 'give --key-file FILE, or set THV_SECRETS_PASSPHRASE, or use a terminal';

function keyFileOf({ keyFile, cwd }: KeyGivers): string | undefined {
  return keyFile === undefined ? undefined : resolve(cwd, keyFile);
}

async function newPassphrase({ passphrase, ask }: KeyGivers): Promise<string> {
  const chosen = passphrase ?? (await ask?.('New passphrase for the secrets:')) ?? '';
  if (chosen.length < SHORTEST_PASSPHRASE) {
    throw usageError('passphrase', `is shorter than ${SHORTEST_PASSPHRASE} characters`);
  }
  if (passphrase === undefined && (await ask?.('The same again:')) !== chosen) {
    throw usageError('passphrase', 'was not the same twice', 'try again');
  }
  return chosen;
}

async function givenPassphrase({ passphrase, ask }: KeyGivers): Promise<string> {
  const given = passphrase ?? (await ask?.('Passphrase for the secrets:'));
  if (given === undefined) {
    throw usageError(
      'secrets',
      'are locked with a passphrase, and there is no terminal to ask for it',
      'set THV_SECRETS_PASSPHRASE',
    );
  }
  return given;
}

/** RFC 5869: the same file locks several stores with different keys. */
function expand(material: Buffer, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', material, salt, 'thv secrets', 32));
}

function stretch(passphrase: string, salt: Buffer, cost: number): Promise<Buffer> {
  const options = { N: cost, r: BLOCK_SIZE, p: 1, maxmem: 256 * cost * BLOCK_SIZE };
  return new Promise((done, fail) => {
    scrypt(passphrase.normalize('NFC'), salt, 32, options, (error, key) =>
      error === null ? done(key) : fail(error),
    );
  });
}

function checkValue(secret: Buffer): Buffer {
  return createHash('sha256').update('thv secrets check').update(secret).digest().subarray(0, 16);
}

async function createOrReadKeyFile(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'wx', 0o600);
    const material = randomBytes(32);
    try {
      await file.writeFile(`${material.toString('base64')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    return material;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      return readKeyFile(path);
    }
    throw usageError('--key-file', `${path} cannot be written`, 'check the path');
  }
}

async function readKeyFile(path: string): Promise<Buffer> {
  const [text, found] = await Promise.all([readFile(path, 'utf8'), stat(path)]).catch(() => {
    throw usageError('key file', `${path} cannot be read`, 'name it with --key-file');
  });
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    throw usageError('key file', `${path} can be read by others`, `chmod 600 ${path}`);
  }
  const material = Buffer.from(text.trim(), 'base64');
  if (material.length !== 32 || material.toString('base64') !== text.trim()) {
    throw usageError('key file', `${path} holds no key of thv`, 'it is 32 bytes in base64');
  }
  return material;
}
