/** Vectors 19–45: JWT structure, algorithms, keys. */
import { type CryptoKey, exportSPKI, SignJWT } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeProvider, type FakeProvider, JWKS, json } from '../support/fake-provider.ts';
import { signingKey, signParts, signRaw } from '../support/keys.ts';
import { outcome, validatorFor } from '../support/validator.ts';

let provider: FakeProvider;
beforeEach(async () => {
  provider = await createFakeProvider();
});

const judge = (token: string) => outcome(validatorFor(provider).validate(token));
const encode = (text: string) => Buffer.from(text).toString('base64url');
const header = (members: object = {}) => JSON.stringify({ alg: 'RS256', kid: 'k1', ...members });
const body = (extra?: Record<string, unknown>) => JSON.stringify(provider.claims(extra));

describe('the shape of a token', () => {
  it.each([
    ['19 no dots', () => 'abc'],
    ['20 two segments', () => 'abc.def'],
    ['21 four segments', () => 'a.b.c.d'],
    ['21b five segments (JWE)', () => 'a.b.c.d.e'],
    ['21c a good token and a fourth segment', async () => `${await provider.sign()}.c2ln`],
    ['21d a good token and an empty segment', async () => `${await provider.sign()}.`],
    ['22 header not base64url', async () => (await provider.sign()).replace(/^./, '+')],
    ['23 padded', async () => `${await provider.sign()}==`],
    ['24 header a JSON array', () => `${encode('["RS256"]')}.${encode(body())}.c2ln`],
    ['24b claims a JSON array', () => `${encode(header())}.${encode('[]')}.c2ln`],
    ['24c claims null', () => `${encode(header())}.${encode('null')}.c2ln`],
    ['24d a stray bit in the last character', () => `${encode(header())}.${encode(body())}.c2ln-x`],
  ])('vector %s is opaque, and refused without introspection', async (_, make) => {
    expect(await judge(await make())).toBe('ERR_OIDC_TOKEN_OPAQUE');
    expect(provider.asked).toEqual([]);
  });

  it('refuses a second spelling of a good token', async () => {
    const token = await provider.sign();
    const last = token.at(-1) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const other = token.slice(0, -1) + alphabet[alphabet.indexOf(last) ^ 1];
    expect(await judge(token)).toBe('accepted');
    expect(await judge(other)).toBe('ERR_OIDC_TOKEN_OPAQUE');
  });

  it.each([
    ['69 twice aud', '{"aud":"x","aud":"mcp"}'],
    ['69b twice, once escaped', '{"aud":"x","\\u0061ud":"mcp"}'],
    ['69c twice at depth', '{"a":[{"b":1,"b":2}]}'],
    ['a byte order mark', '\uFEFF{"sub":"x"}'],
    ['nested too deeply', `{"a":${'['.repeat(70)}${']'.repeat(70)}}`],
  ])('refuses claims that two parsers could read differently: %s', async (_, claims) => {
    const text = claims.replace('{', `{"iss":"https://idp.test",`);
    const token = await signParts(header(), text, await signingKey('k1'));
    expect(await judge(token)).toBe('ERR_OIDC_TOKEN_MALFORMED');
  });

  it('refuses duplicate keys in the header', async () => {
    const text = '{"alg":"none","alg":"RS256","kid":"k1"}';
    const token = await signParts(text, body(), await signingKey('k1'));
    expect(await judge(token)).toBe('ERR_OIDC_TOKEN_MALFORMED');
  });

  it('refuses ill-formed UTF-8 in claims', async () => {
    const bytes = Buffer.concat([Buffer.from('{"sub":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    const token = await signRaw(bytes, { kid: 'k1' }, await signingKey('k1'));
    expect(await judge(token)).toBe('ERR_OIDC_TOKEN_MALFORMED');
  });

  it('vector 70: refuses an enormous token before looking at it', async () => {
    const token = await provider.sign(provider.claims({ pad: 'x'.repeat(20_000) }));
    expect(await judge(token)).toBe('ERR_OIDC_TOKEN_TOO_LARGE');
  });
});

describe('algorithms', () => {
  it('25: alg missing', async () => {
    const token = await signParts('{"kid":"k1"}', body(), await signingKey('k1'));
    expect(await judge(token)).toBe('ERR_OIDC_ALGORITHM');
  });

  it.each(['none', 'None', 'NONE', 'nOnE', ''])(
    '26: alg "%s" with an empty signature',
    async (alg) => {
      const token = `${encode(JSON.stringify({ alg, kid: 'k1' }))}.${encode(body())}.`;
      expect(await judge(token)).toBe('ERR_OIDC_ALGORITHM');
    },
  );

  it('27: HS256 signed with the RSA public key', async () => {
    const { publicKey } = await crypto.subtle
      .importKey(
        'jwk',
        (await signingKey('k1')).publicJwk,
        { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
        true,
        ['verify'],
      )
      .then((key) => ({ publicKey: key as CryptoKey }));
    const secret = new TextEncoder().encode(await exportSPKI(publicKey));
    const token = await new SignJWT(provider.claims())
      .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
      .sign(secret);
    expect(await judge(token)).toBe('ERR_OIDC_ALGORITHM');
  });

  it.each([
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
    'EdDSA',
    'Ed25519',
  ])('28–30: %s is accepted', async (alg) => {
    const key = await signingKey(`key-${alg}`, alg);
    provider.keys = [key.publicJwk];
    expect(await judge(await provider.sign(undefined, {}, key))).toBe('accepted');
  });

  it.each([
    ['EdDSA', 'Ed25519'],
    ['Ed25519', 'EdDSA'],
  ])('RFC 9864: a key with alg %s verifies a token with alg %s', async (keyAlg, alg) => {
    const key = await signingKey('ed', keyAlg);
    provider.keys = [key.publicJwk];
    expect(await judge(await provider.sign(undefined, { alg }, key))).toBe('accepted');
    const attacker = await signingKey('ed-attacker', keyAlg);
    const forged = await provider.sign(undefined, { alg, kid: 'ed' }, attacker);
    expect(await judge(forged)).toBe('ERR_OIDC_SIGNATURE');
  });

  it('refuses an algorithm that the operator has not listed', async () => {
    const validator = validatorFor(provider, { algorithms: ['ES256'] });
    expect(await outcome(validator.validate(await provider.sign()))).toBe('ERR_OIDC_ALGORITHM');
  });

  it('31: RS256 header, EC key under that kid', async () => {
    const ec = await signingKey('ec', 'ES256');
    provider.keys = [{ ...ec.publicJwk, kid: 'k1' }];
    expect(await judge(await provider.sign())).toBe('ERR_OIDC_KEY_UNFIT');
  });

  it('32: RS512 with a key for RS256', async () => {
    const key = await signingKey('rs512', 'RS512');
    provider.keys = [{ ...key.publicJwk, alg: 'RS256' }];
    expect(await judge(await provider.sign(undefined, {}, key))).toBe('ERR_OIDC_KEY_UNFIT');
  });

  it.each([
    ['33: use enc', { use: 'enc' }],
    ['33b: use unknown', { use: 'other' }],
    ['33c: key_ops without verify', { use: undefined, key_ops: ['encrypt'] }],
    ['33d: key_ops not a list', { use: undefined, key_ops: 'verify' }],
  ])('%s', async (_, members) => {
    const { publicJwk } = await signingKey('k1');
    provider.keys = [{ ...publicJwk, ...members } as typeof publicJwk];
    expect(await judge(await provider.sign())).toBe('ERR_OIDC_KEY_UNFIT');
  });

  it('accepts key_ops with verify', async () => {
    const { publicJwk } = await signingKey('k1');
    provider.keys = [{ ...publicJwk, key_ops: ['verify'] }];
    expect(await judge(await provider.sign())).toBe('accepted');
  });

  it('refuses an RSA key under 2048 bits', async () => {
    const { privateKey, publicKey } = await crypto.subtle.generateKey(
      {
        name: 'RSASSA-PKCS1-v1_5',
        modulusLength: 1024,
        publicExponent: new Uint8Array([1, 0, 1]),
        hash: 'SHA-256',
      },
      true,
      ['sign', 'verify'],
    );
    const publicJwk = { ...(await crypto.subtle.exportKey('jwk', publicKey)), kid: 'weak' };
    const key = { kid: 'weak', alg: 'RS256', privateKey, publicJwk: publicJwk as never };
    provider.keys = [key.publicJwk];
    expect(await judge(await signParts(header({ kid: 'weak' }), body(), key))).toBe(
      'ERR_OIDC_KEY_UNFIT',
    );
  });
});

describe('key choice', () => {
  it('34: no kid, one key', async () => {
    expect(await judge(await provider.sign(undefined, { kid: undefined }))).toBe('accepted');
  });

  it('34b: no kid, several keys but one that fits', async () => {
    const others = await Promise.all([signingKey('ec', 'ES256'), signingKey('ed', 'EdDSA')]);
    provider.keys = [...others.map((key) => key.publicJwk), ...provider.keys];
    expect(await judge(await provider.sign(undefined, { kid: undefined }))).toBe('accepted');
  });

  it('34c: no kid, several keys that fit', async () => {
    provider.keys = [...provider.keys, (await signingKey('k2')).publicJwk];
    expect(await judge(await provider.sign(undefined, { kid: undefined }))).toBe(
      'ERR_OIDC_KEY_UNFIT',
    );
  });

  it('refuses two different keys of one kid, and forgives one key listed twice', async () => {
    const token = await provider.sign();
    const [first] = provider.keys;
    provider.keys = [...provider.keys, { ...first! }];
    expect(await judge(token)).toBe('accepted');
    provider.keys = [first!, { ...(await signingKey('k2')).publicJwk, kid: 'k1' }];
    expect(await judge(token)).toBe('ERR_OIDC_KEY_UNFIT');
  });

  it.each([1, null, ['k1'], {}, true])('35: kid %j', async (kid) => {
    const token = await signParts(header({ kid }), body(), await signingKey('k1'));
    expect(await judge(token)).toBe('ERR_OIDC_TOKEN_MALFORMED');
  });

  it.each(['x', '', 'K1', 'k1 ', '__proto__', 'a"b\r\nc'])(
    '36, 38: unknown kid %j',
    async (kid) => {
      const token = await signParts(header({ kid }), body(), await signingKey('k1'));
      expect(await judge(token)).toBe('ERR_OIDC_KEY_UNKNOWN');
      expect(provider.count(JWKS)).toBe(2);
    },
  );

  it('39: keys in the token or behind its URLs are ignored', async () => {
    const attacker = await signingKey('attacker');
    const evil = {
      jwk: attacker.publicJwk,
      jku: 'https://evil.test/jwks',
      x5u: 'https://evil.test/x',
    };
    const token = await signRaw(body(), { ...evil, kid: 'k1' }, attacker);
    expect(await judge(token)).toBe('ERR_OIDC_SIGNATURE');
    expect(provider.asked.filter((url) => url.includes('evil'))).toEqual([]);
  });

  it.each([[['exp2']], [['b64']], [[]], ['x'], [null]])('40: crit %j', async (crit) => {
    const token = await signParts(header({ crit, b64: false }), body(), await signingKey('k1'));
    expect(await judge(token)).toBe('ERR_OIDC_CRITICAL_HEADER');
  });

  it('41: the signature or the claims were changed', async () => {
    const [head, claims, signature] = (await provider.sign()).split('.');
    const other = encode(body({ sub: 'mallory' }));
    expect(await judge(`${head}.${other}.${signature}`)).toBe('ERR_OIDC_SIGNATURE');
    expect(await judge(`${head}.${claims}.${'A'.repeat(342)}`)).toBe('ERR_OIDC_SIGNATURE');
    expect(await judge(`${head}.${claims}.`)).toBe('ERR_OIDC_SIGNATURE');
  });

  it.each(['at+jwt', 'AT+JWT', 'application/at+jwt', 'JWT', 'jwt'])('42: typ %s', async (typ) => {
    expect(await judge(await provider.sign(undefined, { typ }))).toBe('accepted');
  });

  it.each(['logout+jwt', 'dpop+jwt', 'oauth-id-jag+jwt', 'secevent+jwt', 5])(
    'refuses typ %j',
    async (typ) => {
      const token = await signParts(header({ typ }), body(), await signingKey('k1'));
      expect(await judge(token)).toBe('ERR_OIDC_TOKEN_TYPE');
    },
  );

  it('43: an ID token passes by default, and not when access tokens are asked for', async () => {
    const token = await provider.sign(provider.claims({ at_hash: 'x', nonce: 'y' }), {
      typ: 'JWT',
    });
    expect(await judge(token)).toBe('accepted');
    const strict = validatorFor(provider, { tokenTypes: ['at+jwt'] });
    expect(await outcome(strict.validate(token))).toBe('ERR_OIDC_TOKEN_TYPE');
    const wary = validatorFor(provider, { refuseIdTokens: true });
    expect(await outcome(wary.validate(token))).toBe('ERR_OIDC_TOKEN_TYPE');
  });

  it('44: symmetric keys of the set are not used', async () => {
    provider.routes.set(JWKS, () =>
      json({
        keys: [
          { kty: 'oct', k: 'c2VjcmV0', kid: 'k1' },
          ...provider.keys.map((key) => ({ ...key, kid: 'k2' })),
        ],
      }),
    );
    expect(await judge(await provider.sign())).toBe('ERR_OIDC_KEY_UNKNOWN');
  });
});
