/** A provider in memory: one RS256 key, and a validator that trusts it. */

import { createTokenValidator, type TokenValidator } from '@thv/oidc';
import { nativeSha256 } from '@thv/oidc/node';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export const issuer = 'https://idp.example';
export const audience = 'bench';

const pair = await generateKeyPair('RS256', { extractable: true });
const keys = {
  keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }],
};

export const publicKey: CryptoKey = pair.publicKey;

/** A token for `alice` with these claims, good for an hour. */
export function signToken(claims: Readonly<Record<string, unknown>>): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'k' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject('alice')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(pair.privateKey);
}

export function createBenchValidator(): TokenValidator {
  return createTokenValidator({
    issuer,
    jwksUrl: `${issuer}/jwks`,
    audiences: [audience],
    sha256: nativeSha256,
    fetch: async () => Response.json(keys),
  });
}
