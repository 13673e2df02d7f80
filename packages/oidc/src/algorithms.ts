/** The signature algorithms that are accepted (D10) and the keys that fit them (RFC 7518 §3.1). */
import { decodeBase64Url } from './base64url.ts';

interface AlgorithmFacts {
  readonly kty: 'RSA' | 'EC' | 'OKP';
  readonly crv?: string;
  /** Another value of a JWK's `alg` that means the same for a key of this curve. */
  readonly alias?: SignatureAlgorithm;
}

/**
 * A signature algorithm that can be accepted. Never `none`, never HMAC. `Ed25519` is the name of
 * RFC 9864 for what `EdDSA` is with that curve, the only one accepted under either name.
 */
export type SignatureAlgorithm =
  | `${'RS' | 'PS' | 'ES'}${'256' | '384' | '512'}`
  | 'EdDSA'
  | 'Ed25519';

const FACTS: Readonly<Record<SignatureAlgorithm, AlgorithmFacts>> = {
  RS256: { kty: 'RSA' },
  RS384: { kty: 'RSA' },
  RS512: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  PS384: { kty: 'RSA' },
  PS512: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519', alias: 'Ed25519' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519', alias: 'EdDSA' },
};

/** All acceptable algorithms: RS, PS and ES with SHA-2, and Ed25519 under its two names. */
export const SIGNATURE_ALGORITHMS: readonly SignatureAlgorithm[] = Object.freeze(
  // Object.keys loses the literal type that the table above has.
  Object.keys(FACTS) as SignatureAlgorithm[],
);

/** A public key of a key set (RFC 7517), reduced to the members that matter here. */
export interface PublicJwk {
  readonly kty: string;
  readonly kid?: unknown;
  readonly use?: unknown;
  readonly key_ops?: unknown;
  readonly alg?: unknown;
  readonly crv?: unknown;
  readonly n?: unknown;
  readonly e?: unknown;
  readonly x?: unknown;
  readonly y?: unknown;
}

/** Why a key may not verify a signature of an algorithm. */
export type KeyMisfit = 'kty' | 'crv' | 'use' | 'key_ops' | 'alg' | 'size';

/** True for an algorithm name of {@link SIGNATURE_ALGORITHMS}. */
export function isSignatureAlgorithm(value: unknown): value is SignatureAlgorithm {
  return typeof value === 'string' && Object.hasOwn(FACTS, value);
}

/** Says why `jwk` does not fit `alg`, or `undefined` when it fits. */
export function checkKeyFits(jwk: PublicJwk, alg: SignatureAlgorithm): KeyMisfit | undefined {
  const facts = FACTS[alg];
  if (jwk.kty !== facts.kty) return 'kty';
  if (facts.crv !== undefined && jwk.crv !== facts.crv) return 'crv';
  if (jwk.use !== undefined && jwk.use !== 'sig') return 'use';
  if (jwk.key_ops !== undefined) {
    if (!Array.isArray(jwk.key_ops) || !jwk.key_ops.includes('verify')) return 'key_ops';
  }
  if (jwk.alg !== undefined && jwk.alg !== alg && jwk.alg !== facts.alias) return 'alg';
  if (facts.kty === 'RSA' && modulusBits(jwk.n) < 2048) return 'size';
  return undefined;
}

/** Bits of an RSA modulus; RFC 7518 §3.3 asks for at least 2048. */
function modulusBits(n: unknown): number {
  const bytes = typeof n === 'string' ? decodeBase64Url(n) : undefined;
  if (bytes === undefined) return 0;
  const first = bytes.findIndex((byte) => byte !== 0);
  if (first < 0) return 0;
  return (bytes.length - first) * 8 - Math.clz32(bytes[first] ?? 0) + 24;
}
