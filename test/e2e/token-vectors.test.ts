/** How tokens are read and judged, over raw sockets: header, structure, algorithm, claims. */
import { exportSPKI, importJWK, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { type SigningKey, signingKey } from '../../packages/oidc/test/support/keys.ts';
import { expectRefusal, type Protected, REFUSALS, startProtected } from './support/protected.ts';
import {
  AUDIENCE,
  type ScriptedProvider,
  startScriptedProvider,
} from './support/scripted-provider.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();
let idp: ScriptedProvider;
let server: Protected;
let keys: Record<'ps' | 'ed' | 'ec' | 'rs512' | 'enc', SigningKey>;

beforeAll(async () => {
  idp = await startScriptedProvider(stage);
  const [ps, ed, ec, rs512, enc] = await Promise.all([
    signingKey('ps', 'PS256'),
    signingKey('ed', 'EdDSA'),
    signingKey('ec', 'ES256'),
    signingKey('rs512', 'RS512'),
    signingKey('enc', 'RS256'),
  ]);
  keys = { ps, ed, ec, rs512, enc };
  idp.keys = [
    ...idp.keys,
    ps.publicJwk,
    ed.publicJwk,
    ec.publicJwk,
    { ...rs512.publicJwk, alg: 'RS256' },
    { ...enc.publicJwk, use: 'enc' },
    { kty: 'oct', kid: 'oct', k: 'c2VjcmV0', alg: 'HS256' },
  ];
  server = await startProtected(stage, {
    issuers: [{ issuer: idp.issuer, audiences: [AUDIENCE] }],
  });
  await server.ready;
});

type Outcome = keyof typeof REFUSALS | 'accepted';

/** Sends header lines; also checks that the upstream sees accepted requests only. */
async function expectOutcome(on: Protected, lines: readonly string[], outcome: Outcome) {
  const before = on.forwarded().length;
  const answer = await on.ping(lines);
  if (outcome === 'accepted') {
    expect(answer.status, answer.body).toBe(200);
    expect(on.forwarded().at(-1)?.header('authorization')).toEqual([]);
  } else expectRefusal(on, answer, REFUSALS[outcome]);
  expect(on.forwarded().length - before).toBe(outcome === 'accepted' ? 1 : 0);
  return answer;
}

const expectToken = (token: string, outcome: Outcome) =>
  expectOutcome(server, [`Authorization: Bearer ${token}`], outcome);

describe('19.1 header extraction', () => {
  const vectors: readonly (readonly [string, (token: string) => string[], Outcome])[] = [
    ['1 no Authorization', () => [], 'missing'],
    ['2 empty Authorization', () => ['Authorization:'], 'missing'],
    ['3 Bearer', (token) => [`Authorization: Bearer ${token}`], 'accepted'],
    ['3b the name in capitals', (token) => [`AUTHORIZATION: Bearer ${token}`], 'accepted'],
    ['3c space around the value', (token) => [`Authorization: \t Bearer ${token} \t`], 'accepted'],
    ['4 bearer', (token) => [`Authorization: bearer ${token}`], 'accepted'],
    ['5 BEARER', (token) => [`Authorization: BEARER ${token}`], 'accepted'],
    ['6 scheme alone', () => ['Authorization: Bearer'], 'missing'],
    ['7 scheme and a space', () => ['Authorization: Bearer '], 'missing'],
    ['8 scheme and spaces', () => ['Authorization: Bearer    '], 'missing'],
    ['9 two spaces', (token) => [`Authorization: Bearer  ${token}`], 'accepted'],
    ['10 a tab', (token) => [`Authorization: Bearer\t${token}`], 'missing'],
    ['10b space and tab', (token) => [`Authorization: Bearer \t${token}`], 'malformed'],
    ['11 Basic', () => ['Authorization: Basic dXNlcjpw'], 'missing'],
    ['12 Token', (token) => [`Authorization: Token ${token}`], 'missing'],
    ['14 cookie', (token) => [`Cookie: access_token=${token}; token=${token}`], 'missing'],
    [
      '15 two headers, both good',
      (token) => [`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`],
      'malformed',
    ],
    [
      '15b two headers in two spellings',
      (token) => [`Authorization: Bearer ${token}`, `authorization: Bearer ${token}`],
      'malformed',
    ],
    [
      '15c a good one and an empty one',
      (token) => [`Authorization: Bearer ${token}`, 'Authorization:'],
      'malformed',
    ],
    [
      '15d an empty one and a good one',
      (token) => ['Authorization:', `Authorization: Bearer ${token}`],
      'malformed',
    ],
    [
      '15e Basic and a good one',
      (token) => ['Authorization: Basic dXNlcjpw', `Authorization: Bearer ${token}`],
      'malformed',
    ],
    [
      '16 two headers, the first bad',
      (token) => ['Authorization: Bearer bad', `Authorization: Bearer ${token}`],
      'malformed',
    ],
    ['17 two tokens', () => ['Authorization: Bearer a b'], 'malformed'],
    ['17b a letter outside ASCII', () => ['Authorization: Bearer caf\xe9'], 'malformed'],
    ['17c a comma', (token) => [`Authorization: Bearer ${token},x`], 'malformed'],
    ['Proxy-Authorization', (token) => [`Proxy-Authorization: Bearer ${token}`], 'missing'],
  ];

  it.each(vectors)('%s', async (_, lines, outcome) => {
    await expectOutcome(server, lines(await idp.sign()), outcome);
  });

  it('13 a token in the query', async () => {
    const answer = await server.ping([], `/mcp?access_token=${await idp.sign()}`);
    expectRefusal(server, answer, REFUSALS.missing);
  });

  it('18 a header of 100 KB never gets beyond the HTTP server', async () => {
    const { status, body } = await server.ping([`Authorization: Bearer ${'a'.repeat(100_000)}`]);
    expect(status).toBe(431);
    expect(body).not.toContain('aaa');
  });

  it('18b a token as long as the HTTP server lets through', async () => {
    const token = await idp.sign(idp.claims({ filler: 'x'.repeat(11_000) }));
    expect(token.length).toBeGreaterThan(15_000);
    await expectToken(token, 'accepted');
  });

  it('a header folded over two lines is not read as one', async () => {
    const { status } = await server.ping(['Authorization: Bearer', ` ${await idp.sign()}`]);
    expect(status).toBe(400);
  });
});

describe('19.2 structure and algorithm', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64url');
  const parts = async () => (await idp.sign()).split('.') as [string, string, string];

  const vectors: readonly (readonly [string, () => string | Promise<string>, Outcome])[] = [
    ['19 no dots', () => 'abc', 'invalid'],
    ['20 two segments', async () => (await parts()).slice(0, 2).join('.'), 'invalid'],
    ['21 four segments', async () => `${await idp.sign()}.x`, 'invalid'],
    ['21b five segments', async () => `${await idp.sign()}.x.y`, 'invalid'],
    ['22 a header that is no base64url', async () => `+${await idp.sign()}`, 'invalid'],
    ['23 padding', async () => `${await idp.sign()}==`, 'invalid'],
    ['24 a header that is an array', () => idp.sign(undefined, '["RS256"]'), 'invalid'],
    ['25 no alg', () => idp.sign(undefined, '{"kid":"k1"}'), 'invalid'],
    [
      '26 alg none, no signature',
      async () => `${base64('{"alg":"none"}')}.${(await parts())[1]}.`,
      'invalid',
    ],
    ['26b alg None', () => idp.sign(undefined, { alg: 'None' }), 'invalid'],
    ['27 HS256 signed with the public key', hs256WithPublicKey, 'invalid'],
    ['28 PS256', () => idp.sign(undefined, {}, keys.ps), 'accepted'],
    ['29 EdDSA', () => idp.sign(undefined, {}, keys.ed), 'accepted'],
    ['29b Ed25519', () => idp.sign(undefined, { alg: 'Ed25519' }, keys.ed), 'accepted'],
    ['30 ES256', () => idp.sign(undefined, {}, keys.ec), 'accepted'],
    ['31 RS256, an EC key under kid', () => idp.sign(undefined, { kid: 'ec' }), 'invalid'],
    ['32 RS512, a key for RS256', () => idp.sign(undefined, {}, keys.rs512), 'invalid'],
    ['33 a key for encryption', () => idp.sign(undefined, {}, keys.enc), 'invalid'],
    ['35 kid is a number', () => idp.sign(undefined, { kid: 1 }), 'invalid'],
    ['39 jku', () => idp.sign(undefined, { kid: 'x', jku: 'https://evil.test/jwks' }), 'invalid'],
    ['39b x5u', () => idp.sign(undefined, { kid: 'x', x5u: 'https://evil.test/c' }), 'invalid'],
    ['39c jwk of an attacker', withOwnKey, 'invalid'],
    ['40 crit', () => idp.sign(undefined, { crit: ['exp2'], exp2: 1 }), 'invalid'],
    ['40b an empty crit', () => idp.sign(undefined, { crit: [] }), 'invalid'],
    ['41 another signature', tampered, 'invalid'],
    ['42 at+jwt', () => idp.sign(undefined, { typ: 'at+jwt' }), 'accepted'],
    ['42b AT+JWT', () => idp.sign(undefined, { typ: 'application/AT+JWT' }), 'accepted'],
    ['43 a logout token', () => idp.sign(undefined, { typ: 'logout+jwt' }), 'invalid'],
    ['44 a symmetric key', () => idp.sign(undefined, { kid: 'oct' }), 'invalid'],
    [
      'a header with two algs',
      () => idp.sign(undefined, '{"alg":"none","alg":"RS256","kid":"k1"}'),
      'invalid',
    ],
  ];

  async function hs256WithPublicKey(): Promise<string> {
    const key = await importJWK((await signingKey('k1')).publicJwk, 'RS256');
    const secret = new TextEncoder().encode(await exportSPKI(key as CryptoKey));
    return new SignJWT(idp.claims()).setProtectedHeader({ alg: 'HS256', kid: 'k1' }).sign(secret);
  }

  async function withOwnKey(): Promise<string> {
    const attacker = await signingKey('attacker');
    return idp.sign(undefined, { kid: 'k1', jwk: attacker.publicJwk }, attacker);
  }

  async function tampered(): Promise<string> {
    const [header, payload, signature] = await parts();
    const other = signature.startsWith('A') ? 'B' : 'A';
    return `${header}.${payload}.${other}${signature.slice(1)}`;
  }

  it.each(vectors)('%s', async (_, make, outcome) => {
    await expectToken(await make(), outcome);
  });

  it('38 nothing of a hostile kid comes back', async () => {
    const kid = 'echo"\r\nSet-Cookie: echo=1\r\n\r\n<echo>';
    const answer = await expectToken(await idp.sign(undefined, { kid }), 'invalid');
    expect(answer.all).not.toMatch(/echo|set-cookie/i);
  });

  it('34, 36, 37: no kid and one key; an unknown kid; a rotated key', async () => {
    const own = await startScriptedProvider(stage);
    const small = await startProtected(stage, {
      issuers: [{ issuer: own.issuer, audiences: [AUDIENCE] }],
    });
    const bearer = (token: string) => [`Authorization: Bearer ${token}`];
    const noKid = await own.sign(undefined, { kid: undefined });
    await expectOutcome(small, bearer(noKid), 'accepted');
    const next = await signingKey('k2');
    own.keys = [next.publicJwk];
    await expectOutcome(small, bearer(await own.sign(undefined, {}, next)), 'accepted');
    await expectOutcome(small, bearer(await own.sign()), 'invalid');
    for (const kid of ['x1', 'x2', 'x3']) {
      await expectOutcome(small, bearer(await own.sign(undefined, { kid })), 'invalid');
    }
    // The first keys, the rotation, and none for the flood of unknown names.
    expect(own.asked.filter((path) => path === '/jwks')).toHaveLength(2);
  });
});

describe('19.3 claims', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const vectors: readonly (readonly [string, () => Record<string, unknown>, Outcome])[] = [
    ['46 iss with a slash', () => ({ iss: `${idp.issuer}/` }), 'invalid'],
    ['47 iss with spaces', () => ({ iss: ` ${idp.issuer} ` }), 'invalid'],
    ['48 no iss', () => ({ iss: undefined }), 'invalid'],
    ['49 iss is a number', () => ({ iss: 5 }), 'invalid'],
    ['50 aud is a string', () => ({ aud: AUDIENCE }), 'accepted'],
    ['51 aud is a list', () => ({ aud: ['x', AUDIENCE] }), 'accepted'],
    ['52 aud is empty', () => ({ aud: [] }), 'invalid'],
    ['52b no aud', () => ({ aud: undefined }), 'invalid'],
    ['53 aud in capitals', () => ({ aud: ['MCP'] }), 'invalid'],
    ['54 aud of mixed types', () => ({ aud: [1, AUDIENCE] }), 'invalid'],
    ['56 exp a second ago', () => ({ exp: now() - 1 }), 'accepted'],
    ['56b exp a minute ago', () => ({ exp: now() - 60 }), 'expired'],
    ['57 no exp', () => ({ exp: undefined }), 'invalid'],
    ['58 exp is a string', () => ({ exp: '1999999999' }), 'invalid'],
    ['59 exp is 0', () => ({ exp: 0 }), 'expired'],
    ['60 exp in milliseconds', () => ({ exp: 1e12 }), 'invalid'],
    ['61 nbf in 5 s', () => ({ nbf: now() + 5 }), 'accepted'],
    ['61b nbf in 5 min', () => ({ nbf: now() + 300 }), 'invalid'],
    ['62 nbf is a string', () => ({ nbf: '5' }), 'invalid'],
    ['63 iat in an hour', () => ({ iat: now() + 3600 }), 'invalid'],
    ['64 no sub', () => ({ sub: undefined }), 'invalid'],
    ['64b sub is empty', () => ({ sub: '' }), 'invalid'],
    ['64c sub is a number', () => ({ sub: 5 }), 'invalid'],
    ['65 another client, no list', () => ({ azp: 'somebody' }), 'accepted'],
    ['67 act is malformed', () => ({ act: 'x' }), 'accepted'],
    ['68 tsid', () => ({ tsid: 'handle' }), 'accepted'],
    ['70 a key-bound token', () => ({ cnf: { jkt: 'x' } }), 'invalid'],
  ];

  it.each(vectors)('%s', async (_, extra, outcome) => {
    await expectToken(await idp.sign(idp.claims(extra())), outcome);
  });

  it('55 no audience and no opt-out stops the start', async () => {
    const issuers = [{ issuer: idp.issuer, audiences: [] }];
    await expect(startProtected(stage, { issuers })).rejects.toThrow('audiences');
  });

  it('65b, 66 clients and scopes', async () => {
    const narrow = await startProtected(stage, {
      issuers: [
        {
          issuer: idp.issuer,
          audiences: [AUDIENCE],
          allowedClients: ['good'],
          requiredScopes: ['mcp:use'],
        },
      ],
    });
    const ask = async (extra: object) => {
      const token = await idp.sign(idp.claims({ ...extra }));
      return narrow.ping([`Authorization: Bearer ${token}`]);
    };
    expect((await ask({ client_id: 'good', scope: 'mcp:use' })).status).toBe(200);
    const scope = 'mcp:use';
    expectRefusal(narrow, await ask({ client_id: 'evil', scope }), { ...REFUSALS.invalid, scope });
    expectRefusal(narrow, await ask({ client_id: 'good' }), {
      status: 403,
      error: 'insufficient_scope',
      description: 'The access token lacks a required scope',
      scope,
    });
  });

  it('69 duplicate keys', async () => {
    const text = JSON.stringify(idp.claims());
    await expectToken(await idp.sign(text.replace('{', '{"aud":"other",')), 'invalid');
    await expectToken(await idp.sign(text.replace(/\}$/, ',"sub":"root"}')), 'invalid');
  });
});
