/** A provider without a network: keys, a discovery document, and tokens signed with them. */
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export const ISSUER = 'https://id.example';

export interface Keys {
  /** Answers what a validator asks the provider. */
  readonly fetch: (url: string) => Promise<Response>;
  readonly sign: (claims: JWTPayload) => Promise<string>;
}

export async function createKeys(): Promise<Keys> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', use: 'sig', alg: 'ES256' };
  return {
    fetch: async (url) => {
      switch (new URL(url).pathname) {
        case '/.well-known/openid-configuration':
          return Response.json({ issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` });
        case '/jwks':
          return Response.json({ keys: [jwk] });
        default:
          return new Response(null, { status: 404 });
      }
    },
    sign: (claims) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer(ISSUER)
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey),
  };
}
