/** The signing keys of the development provider; they exist in memory only. */
import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  SignJWT,
} from 'jose';
import type { SigningAlgorithm } from './types.ts';

export interface SigningKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly privateJwk: JWK;
}

/** One key per algorithm. */
export type SigningKeys = Readonly<Record<SigningAlgorithm, SigningKey>>;

/** Generates a fresh key for every algorithm. */
export async function createSigningKeys(): Promise<SigningKeys> {
  const [RS256, ES256] = await Promise.all([createSigningKey('RS256'), createSigningKey('ES256')]);
  return { RS256, ES256 };
}

/** Signs claims as an RFC 9068 access token, exactly as they are given. */
export function signAccessToken(key: SigningKey, claims: JWTPayload): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt' })
    .sign(key.privateKey);
}

async function createSigningKey(alg: SigningAlgorithm): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { kid, alg, privateKey, publicKey, privateJwk: { ...jwk, kid, alg, use: 'sig' } };
}
