/** Signing keys for tests, made once per process: RSA generation is slow. */
import { CompactSign, exportJWK, generateKeyPair, type JWK } from 'jose';

export interface SigningKey {
  readonly kid: string | undefined;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

const made = new Map<string, Promise<SigningKey>>();

/** A key pair by name; the same name gives the same key. */
export function signingKey(name: string, alg: string = 'RS256'): Promise<SigningKey> {
  const known = made.get(`${name}/${alg}`);
  if (known !== undefined) return known;
  const work = (async () => {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(publicKey);
    const publicJwk = { ...jwk, kid: name, alg, use: 'sig' };
    return { kid: name, alg, privateKey, publicJwk };
  })();
  made.set(`${name}/${alg}`, work);
  return work;
}

/** Signs any payload text under any header; nothing is filled in. */
export function signRaw(
  payload: string | Uint8Array,
  header: Record<string, unknown>,
  key: SigningKey,
): Promise<string> {
  const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
  return new CompactSign(bytes)
    .setProtectedHeader({ alg: key.alg, ...header } as { alg: string })
    .sign(key.privateKey);
}

/** Signs text parts as they are, so that headers no library would write can be tested. */
export async function signParts(
  headerText: string,
  payloadText: string,
  key: SigningKey,
): Promise<string> {
  const encode = (text: string) => Buffer.from(text).toString('base64url');
  const input = `${encode(headerText)}.${encode(payloadText)}`;
  const bits = Number(key.alg.slice(2));
  const { name } = key.privateKey.algorithm;
  const signature = await crypto.subtle.sign(
    // Each algorithm takes the members that it knows.
    { name, hash: `SHA-${bits}`, saltLength: bits / 8 },
    key.privateKey,
    new TextEncoder().encode(input),
  );
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}
