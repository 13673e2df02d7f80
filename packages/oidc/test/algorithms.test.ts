import { describe, expect, it } from 'vitest';
import {
  checkKeyFits,
  isSignatureAlgorithm,
  type PublicJwk,
  SIGNATURE_ALGORITHMS,
} from '../src/algorithms.ts';

const n = (bits: number) => Buffer.alloc(bits / 8, 0xff).toString('base64url');
const rsa: PublicJwk = { kty: 'RSA', n: n(2048), e: 'AQAB' };
const ec: PublicJwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };
const ed: PublicJwk = { kty: 'OKP', crv: 'Ed25519', x: 'x' };

describe('checkKeyFits', () => {
  it.each([
    ['a good RSA key', rsa, 'RS256', undefined],
    ['the same for PSS', rsa, 'PS512', undefined],
    ['a good EC key', ec, 'ES256', undefined],
    ['an EC key for RSA', ec, 'RS256', 'kty'],
    ['an RSA key for EC', rsa, 'ES256', 'kty'],
    ['an EC key for EdDSA', ec, 'EdDSA', 'kty'],
    ['another curve', { ...ec, crv: 'P-384' }, 'ES256', 'crv'],
    ['Ed448', { kty: 'OKP', crv: 'Ed448' }, 'EdDSA', 'crv'],
    ['X25519', { kty: 'OKP', crv: 'X25519' }, 'EdDSA', 'crv'],
    ['a good Ed25519 key', ed, 'EdDSA', undefined],
    ['the same by its newer name', ed, 'Ed25519', undefined],
    ['alg EdDSA for Ed25519', { ...ed, alg: 'EdDSA' }, 'Ed25519', undefined],
    ['alg Ed25519 for EdDSA', { ...ed, alg: 'Ed25519' }, 'EdDSA', undefined],
    ['alg Ed448 for EdDSA', { ...ed, alg: 'Ed448' }, 'EdDSA', 'alg'],
    ['Ed448 for Ed25519', { ...ed, crv: 'Ed448' }, 'Ed25519', 'crv'],
    ['an RSA key with alg EdDSA for RSA', { ...rsa, alg: 'EdDSA' }, 'RS256', 'alg'],
    ['use enc', { ...rsa, use: 'enc' }, 'RS256', 'use'],
    ['key_ops sign', { ...rsa, key_ops: ['sign'] }, 'RS256', 'key_ops'],
    ['alg RS512', { ...rsa, alg: 'RS512' }, 'RS256', 'alg'],
    ['1024 bits', { ...rsa, n: n(1024) }, 'RS256', 'size'],
    ['2040 bits', { ...rsa, n: n(2040) }, 'RS256', 'size'],
    [
      '2047 bits',
      { ...rsa, n: Buffer.from([0x7f, ...Buffer.alloc(255, 0xff)]).toString('base64url') },
      'RS256',
      'size',
    ],
    [
      'padding zeros that hide 1024 bits',
      {
        ...rsa,
        n: Buffer.concat([Buffer.alloc(128), Buffer.alloc(128, 0xff)]).toString('base64url'),
      },
      'RS256',
      'size',
    ],
    ['no modulus', { kty: 'RSA' }, 'RS256', 'size'],
    ['a modulus of zeros', { ...rsa, n: Buffer.alloc(256).toString('base64url') }, 'RS256', 'size'],
  ] as const)('%s', (_, jwk, alg, expected) => {
    expect(checkKeyFits(jwk, alg)).toBe(expected);
  });
});

describe('isSignatureAlgorithm', () => {
  it('knows eleven, and nothing symmetric or inherited', () => {
    expect(SIGNATURE_ALGORITHMS).toHaveLength(11);
    for (const name of [
      'none',
      'HS256',
      'rs256',
      'toString',
      '__proto__',
      'ES256K',
      'Ed448',
      'ed25519',
      5,
      null,
      undefined,
    ]) {
      expect(isSignatureAlgorithm(name)).toBe(false);
    }
  });
});
