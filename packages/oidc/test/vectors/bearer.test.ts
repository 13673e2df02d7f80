/** Vectors 1–18: where a token is read from. */
import { describe, expect, it } from 'vitest';
import { createResourceServer, describeErrorCode, parseBearer } from '../../src/index.ts';
import { MAX_TOKEN_LENGTH } from '../../src/token-shape.ts';
import { createFakeProvider } from '../support/fake-provider.ts';
import { outcome, validatorFor } from '../support/validator.ts';

const JWT = 'abc.def.ghi';
const MISSING = 'ERR_OIDC_CREDENTIALS_MISSING';
const MALFORMED = 'ERR_OIDC_CREDENTIALS_MALFORMED';

const vectors: readonly (readonly [string, string | null, string])[] = [
  ['1 no Authorization', null, MISSING],
  ['2 empty Authorization', '', MISSING],
  ['3 Bearer', `Bearer ${JWT}`, 'accepted'],
  ['4 bearer', `bearer ${JWT}`, 'accepted'],
  ['5 BEARER', `BEARER ${JWT}`, 'accepted'],
  ['6 scheme alone', 'Bearer', MISSING],
  ['7 scheme and a space', 'Bearer ', MISSING],
  ['8 scheme and spaces', 'Bearer    ', MISSING],
  ['9 two spaces', `Bearer  ${JWT}`, 'accepted'],
  ['10 tab instead of space', `Bearer\t${JWT}`, MISSING],
  ['11 Basic', 'Basic dXNlcjpw', MISSING],
  ['12 Token', `Token ${JWT}`, MISSING],
  ['15 two headers, both bearer', `Bearer ${JWT}, Bearer other`, MALFORMED],
  ['15b two headers, second bearer', `Basic dXNlcjpw, Bearer ${JWT}`, MALFORMED],
  ['15c two headers, joined without space', `Bearer ${JWT},Bearer ${JWT}`, MALFORMED],
  ['15d an empty header first', `, Bearer ${JWT}`, MALFORMED],
  ['16 two headers, first invalid', `Bearer x, Bearer ${JWT}`, MALFORMED],
  ['16b second header of another scheme', `Bearer ${JWT}, Basic dXNlcjpw`, MALFORMED],
  ['17 two tokens', 'Bearer a b', MALFORMED],
  ['17b a control character', 'Bearer a\u0001b', MALFORMED],
  ['17c a non-ASCII letter', 'Bearer ä', MALFORMED],
  ['17d padding in the middle', 'Bearer a=b', MALFORMED],
  ['17e tab after the token space', `Bearer \t${JWT}`, MALFORMED],
  ['18 100 KB', `Bearer ${'a'.repeat(100_000)}`, 'ERR_OIDC_TOKEN_TOO_LARGE'],
  ['18b one over', `Bearer ${'a'.repeat(MAX_TOKEN_LENGTH + 1)}`, 'ERR_OIDC_TOKEN_TOO_LARGE'],
  ['18c the longest', `Bearer ${'a'.repeat(MAX_TOKEN_LENGTH)}`, 'accepted'],
  // A minute of work and more where each blank is looked from to the end of all of them.
  ['18d blanks without end', `Basic a${' '.repeat(100_000)}a`, MISSING],
  ['18e tabs without end', `a${'\t'.repeat(100_000)}a`, MISSING],
  ['18f blanks in a token', `Bearer a${' '.repeat(100_000)}a`, 'ERR_OIDC_TOKEN_TOO_LARGE'],
];

describe('parseBearer', () => {
  it.each(vectors)('vector %s', async (_, header, expected) => {
    expect(await outcome((async () => parseBearer(header))())).toBe(expected);
  });

  it('maps to 401 for missing and oversize, 400 for malformed credentials', () => {
    expect(describeErrorCode(MISSING)).toMatchObject({ status: 401, error: 'invalid_token' });
    expect(describeErrorCode(MALFORMED)).toMatchObject({ status: 400, error: 'invalid_request' });
    expect(describeErrorCode('ERR_OIDC_TOKEN_TOO_LARGE')).toMatchObject({ status: 401 });
  });
});

describe('verify', () => {
  it.each([
    [
      '13 a token in the query',
      (token: string) => new Request(`https://mcp.test/mcp?access_token=${token}`),
    ],
    [
      '14 a token in a cookie',
      (token: string) =>
        new Request('https://mcp.test/mcp', { headers: { cookie: `token=${token}` } }),
    ],
    [
      '14b a token in a form',
      (token: string) =>
        new Request('https://mcp.test/mcp', { method: 'POST', body: `access_token=${token}` }),
    ],
  ])('vector %s is not read', async (_, make) => {
    const provider = await createFakeProvider();
    const validator = validatorFor(provider);
    const server = createResourceServer({ validator, authorizationServers: [] });
    expect(await outcome(server.verify(make(await provider.sign())))).toBe(MISSING);
  });

  it('vector 15 through real Headers, which join what is repeated', async () => {
    const provider = await createFakeProvider();
    const server = createResourceServer({
      validator: validatorFor(provider),
      authorizationServers: [],
    });
    const headers = new Headers();
    headers.append('authorization', `Bearer ${await provider.sign()}`);
    headers.append('authorization', `Bearer ${await provider.sign()}`);
    const answer = await server.require(new Request('https://mcp.test/mcp', { headers }));
    expect(answer).toMatchObject({ status: 400 });
    expect((answer as Response).headers.get('www-authenticate')).toContain(
      'error="invalid_request"',
    );
  });
});
