/**
 * The key of the secret store: from the key store of the operating system, from a key file, or from a
 * passphrase by scrypt (RFC 7914). Which of them, and the public parts, stand in the store itself.
 */
import { createHash, hkdfSync, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { resolve } from 'node:path';
import { CliError, usageError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { createOrReadKeyFile, readKeyFile } from './key-file.ts';
import type { KeySource, KeyStore } from './key-store.ts';
import { createStoredKey, readStoredKey } from './stored-key.ts';

/** What everybody may know. */
export type KeyKind =
  | { readonly kind: 'key-store'; readonly entry: string }
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
  /** What the user has chosen, and how; a key file is chosen by naming it. */
  readonly keyFrom: { readonly source: KeySource; readonly givenBy: string } | undefined;
  /** `--key-file`, or the variable of that name; wins over the path in the store. */
  readonly keyFile: string | undefined;
  /** What names it. */
  readonly keyFileBy: string;
  /** From the environment. */
  readonly passphrase: string | undefined;
  /** Asks for it where nobody sees what is typed; absent without a terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** Of the operating system; absent where nobody may ask it. */
  readonly keyStore: KeyStore | undefined;
  readonly cwd: string;
  /** Flags for another key than one of the key store. */
  readonly otherwise: string;
}

/** 128 MiB and about half a second: what OWASP asks of scrypt. */
const COST = 2 ** 17;
/** More would be somebody else's idea. */
const MAX_COST = 2 ** 20;
const BLOCK_SIZE = 8;
const SHORTEST_PASSPHRASE = 8;

/**
 * Makes the key of a new store, or of one that had another.
 *
 * @param former what locks it until then
 * @throws {CliError} with exit code 2 when nobody gives one, or it is the former, 1 when the key store
 * does not keep it
 */
export async function createKey(
  givers: KeyGivers,
  former?: KeyHeader,
): Promise<{ readonly secret: Buffer; readonly header: KeyHeader }> {
  const salt = randomBytes(32);
  const { key, derive } = await makeKey(givers);
  if (former !== undefined && key.kind === former.key.kind) {
    const cost = former.key.kind === 'passphrase' ? former.key.cost : COST;
    if (timingSafeEqual(checkValue(await derive(former.salt, cost)), former.check)) {
      throw sameKey(key);
    }
  }
  const secret = await derive(salt, COST);
  return { secret, header: { key, salt, check: checkValue(secret) } };
}

/**
 * The key of a store that is there.
 *
 * @param path of the store, for messages
 * @throws {CliError} with exit code 1 when it is the wrong one, 2 when nobody gives one
 */
export async function recallKey(
  { key, salt, check }: KeyHeader,
  givers: KeyGivers,
  path: string,
): Promise<Buffer> {
  assertMeant(key, givers, path);
  const secret = await findKey(key, { salt, path }, givers);
  if (!timingSafeEqual(checkValue(secret), check)) {
    throw wrongKey(key, givers);
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

function sameKey(key: KeyKind): CliError {
  return key.kind === 'key-file'
    ? usageError(
        'new key file',
        `the key in ${key.path} locks them already`,
        'name a file for a new key',
      )
    : usageError('new passphrase', 'it locks them already', 'choose another');
}

interface MadeKey {
  readonly key: KeyKind;
  /** The secret for a salt; only a passphrase has a cost. */
  readonly derive: (salt: Buffer, cost: number) => Buffer | Promise<Buffer>;
}

/** The first that there is: what the user names, the key store, a passphrase. */
async function makeKey(givers: KeyGivers): Promise<MadeKey> {
  const path = keyFileOf(givers);
  if (path !== undefined) {
    const material = await createOrReadKeyFile(path, givers.keyFileBy);
    return { key: { kind: 'key-file', path }, derive: (salt) => expand(material, salt) };
  }
  const { keyFrom, passphrase, ask } = givers;
  const wanted = keyFrom?.source ?? (passphrase === undefined ? 'any' : 'passphrase');
  if (wanted !== 'passphrase') {
    const stored = await createStoredKey(givers.keyStore, {
      isOptional: wanted === 'any',
      otherwise: givers.otherwise,
    });
    if (stored !== undefined) {
      const { entry, material } = stored;
      return { key: { kind: 'key-store', entry }, derive: (salt) => expand(material, salt) };
    }
  }
  if (passphrase === undefined && ask === undefined) {
    const why = wanted === 'any' ? ', and no key store answers here' : '';
    throw usageError('secrets', `nothing to lock them with${why}`, WAYS);
  }
  const chosen = await newPassphrase(givers);
  return {
    key: { kind: 'passphrase', cost: COST },
    derive: (salt, cost) => stretch(chosen, salt, cost),
  };
}

async function findKey(
  key: KeyKind,
  { salt, path }: { readonly salt: Buffer; readonly path: string },
  givers: KeyGivers,
): Promise<Buffer> {
  switch (key.kind) {
    case 'key-store':
      return expand(await readStoredKey(givers.keyStore, key.entry, path), salt);
    case 'key-file': {
      const named = keyFileOf(givers);
      return expand(await readKeyFile(named ?? key.path, { isNamed: named !== undefined }), salt);
    }
    case 'passphrase':
      return stretch(await givenPassphrase(givers), salt, key.cost);
  }
}

/**
 * What is chosen once is not chosen again: a flag that says otherwise would do nothing. It is also how
 * somebody notices that another file was put there.
 */
function assertMeant({ kind }: KeyKind, givers: KeyGivers, path: string): void {
  const { keyFile, keyFileBy, keyFrom } = givers;
  const wayOut = `drop it; if they were locked in another way, somebody has changed ${path}`;
  if (kind !== 'key-file' && keyFile !== undefined) {
    throw usageError(keyFileBy, `means nothing: ${LOCKED_WITH[kind]}`, wayOut);
  }
  if (keyFrom !== undefined && keyFrom.source !== kind) {
    throw usageError(keyFrom.givenBy, `means nothing: ${LOCKED_WITH[kind]}`, wayOut);
  }
}

/** What is said of each kind. */
export const LOCKED_WITH = {
  'key-store': 'a key in the key store of this system locks the secrets',
  'key-file': 'a key file locks the secrets',
  passphrase: 'a passphrase locks the secrets',
} as const;

function wrongKey(key: KeyKind, givers: KeyGivers): CliError {
  const path = keyFileOf(givers);
  const named = path === undefined ? '' : `: ${path} of ${givers.keyFileBy}`;
  const said = {
    'key-store': {
      why: 'the key store of this system holds another key than theirs',
      wayOut: 'restore the one or the other from a backup',
    },
    'key-file': {
      why: `the key file is another one${named}`,
      wayOut: 'name the right one with --key-file',
    },
    passphrase: { why: 'the passphrase is wrong', wayOut: 'try again' },
  };
  return new CliError({ exitCode: EXIT.failed, what: 'secrets', ...said[key.kind] });
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
