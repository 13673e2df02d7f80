/** A set of public keys and the choice of the one that verifies a token (RFC 7517 §5, D10). */
import { type CryptoKey, importJWK, type JWK } from 'jose';
import { checkKeyFits, type PublicJwk, type SignatureAlgorithm } from './algorithms.ts';
import { OidcError } from './errors.ts';
import { isJsonObject } from './strict-json.ts';

const MAX_KEYS = 200;

/** Keys as they were at one moment. */
export interface KeySet {
  readonly keys: readonly PublicJwk[];
}

/** The header members by which a key is chosen. */
export interface KeyQuery {
  readonly alg: SignatureAlgorithm;
  readonly kid: string | undefined;
}

/** The outcome of a choice: a key, a key that may not be used, or none of that name. */
export type KeyChoice =
  | { readonly kind: 'found'; readonly key: PublicJwk }
  | { readonly kind: 'unfit'; readonly reason: string }
  | { readonly kind: 'unknown' };

/**
 * Reads a JWK set; private members and symmetric keys are dropped.
 *
 * @throws {OidcError} `ERR_OIDC_JWKS`
 */
export function parseKeySet(document: unknown): KeySet {
  const list = isJsonObject(document) ? document['keys'] : undefined;
  if (!Array.isArray(list)) throw unusable('no "keys" array');
  if (list.length > MAX_KEYS) throw unusable('too many keys');
  const keys = list.flatMap((item) => {
    const key = isJsonObject(item) ? toPublicJwk(item) : undefined;
    return key === undefined ? [] : [key];
  });
  if (keys.length === 0) throw unusable('no public keys');
  return { keys: dropRepeated(keys) };
}

/** Chooses the key that a token names, or the only one that fits when it names none. */
export function chooseKey({ keys }: KeySet, { alg, kid }: KeyQuery): KeyChoice {
  const named = kid === undefined ? keys : keys.filter((key) => key.kid === kid);
  if (named.length === 0) return { kind: 'unknown' };
  const fitting = named.filter((key) => checkKeyFits(key, alg) === undefined);
  const [key] = fitting;
  if (fitting.length > 1) return { kind: 'unfit', reason: 'several keys fit' };
  if (key !== undefined) return { kind: 'found', key };
  if (kid === undefined) return { kind: 'unknown' };
  const misfit = named[0] === undefined ? undefined : checkKeyFits(named[0], alg);
  return { kind: 'unfit', reason: misfit ?? 'kty' };
}

/** True when every key of `before` is still in `after`, so nothing verified has to be forgotten. */
export function keepsAllKeys(before: KeySet, after: KeySet): boolean {
  const present = new Set(after.keys.map(identityOf));
  return before.keys.every((key) => present.has(identityOf(key)));
}

const imported = new WeakMap<PublicJwk, Map<SignatureAlgorithm, Promise<CryptoKey>>>();

/**
 * The key as Web Crypto wants it, imported once per key and algorithm.
 *
 * @throws {OidcError} `ERR_OIDC_KEY_UNFIT` when the key material is not valid
 */
export function importKey(key: PublicJwk, alg: SignatureAlgorithm): Promise<CryptoKey> {
  const perAlgorithm = imported.get(key) ?? new Map<SignatureAlgorithm, Promise<CryptoKey>>();
  imported.set(key, perAlgorithm);
  const existing = perAlgorithm.get(alg);
  if (existing !== undefined) return existing;
  const { kty, crv, n, e, x, y } = key;
  const material = Object.fromEntries(
    Object.entries({ kty, crv, n, e, x, y }).filter(([, value]) => value !== undefined),
  );
  // Only public members of an asymmetric key are passed, so the result is a CryptoKey.
  const work = (importJWK(material as unknown as JWK, alg) as Promise<CryptoKey>).catch(() => {
    throw new OidcError('ERR_OIDC_KEY_UNFIT', 'The key material is not valid', {
      reason: 'invalid key',
    });
  });
  perAlgorithm.set(alg, work);
  return work;
}

function toPublicJwk(item: Readonly<Record<string, unknown>>): PublicJwk | undefined {
  const { kty, kid, use, key_ops, alg, crv, n, e, x, y } = item;
  if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP') return undefined;
  return Object.freeze({ kty, kid, use, key_ops, alg, crv, n, e, x, y });
}

/** Some providers list a key twice; two *different* keys of one `kid` stay, and are ambiguous. */
function dropRepeated(keys: readonly PublicJwk[]): readonly PublicJwk[] {
  const seen = new Map(keys.map((key) => [identityOf(key), key]));
  return [...seen.values()];
}

function identityOf({ kty, kid, use, key_ops, alg, crv, n, e, x, y }: PublicJwk): string {
  return JSON.stringify([kty, kid, use, key_ops, alg, crv, n, e, x, y]);
}

function unusable(reason: string): OidcError {
  return new OidcError('ERR_OIDC_JWKS', `The key set is not usable: ${reason}`, { reason });
}
