/** Vectors 46–70: claims. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createTokenValidator, type TokenValidatorOptions } from '../../src/index.ts';
import { createFakeProvider, type FakeProvider, START } from '../support/fake-provider.ts';
import { outcome, validatorFor } from '../support/validator.ts';

let provider: FakeProvider;
beforeEach(async () => {
  provider = await createFakeProvider();
});

const judge = async (
  extra: Record<string, unknown>,
  options: Partial<TokenValidatorOptions> = {},
) => outcome(validatorFor(provider, options).validate(await provider.sign(provider.claims(extra))));

const CLAIM = 'ERR_OIDC_CLAIM';
const ISS = 'ERR_OIDC_ISSUER';
const AUD = 'ERR_OIDC_AUDIENCE';
const EXPIRED = 'ERR_OIDC_TOKEN_EXPIRED';
const EARLY = 'ERR_OIDC_TOKEN_NOT_YET_VALID';

const vectors: readonly (readonly [string, Record<string, unknown>, string])[] = [
  ['46 iss with slash', { iss: 'https://idp.test/' }, ISS],
  ['47 iss with spaces', { iss: ' https://idp.test ' }, ISS],
  ['47b iss in capitals', { iss: 'https://IDP.test' }, ISS],
  ['48 iss missing', { iss: undefined }, CLAIM],
  ['49 iss a number', { iss: 5 }, CLAIM],
  ['49b iss a list', { iss: ['https://idp.test'] }, CLAIM],
  ['50 aud text', { aud: 'mcp' }, 'accepted'],
  ['51 aud list', { aud: ['x', 'mcp'] }, 'accepted'],
  ['52 aud empty list', { aud: [] }, AUD],
  ['52b aud missing', { aud: undefined }, AUD],
  ['52c aud empty text', { aud: '' }, AUD],
  ['53 aud in capitals', { aud: ['MCP'] }, AUD],
  ['53b aud with space', { aud: 'mcp ' }, AUD],
  ['54 aud with a number', { aud: [1, 'mcp'] }, AUD],
  ['54b aud an object', { aud: { mcp: true } }, AUD],
  ['56 exp a second ago', { exp: START - 1 }, 'accepted'],
  ['56b exp at the end of the leeway', { exp: START - 30 }, EXPIRED],
  ['56c exp within the leeway', { exp: START - 29 }, 'accepted'],
  ['57 exp missing', { exp: undefined }, CLAIM],
  ['58 exp a text', { exp: '1999999999' }, CLAIM],
  ['58b exp null', { exp: null }, CLAIM],
  ['59 exp 0', { exp: 0 }, EXPIRED],
  ['59b exp negative', { exp: -1 }, EXPIRED],
  ['60 exp in milliseconds', { exp: 1e12 }, 'ERR_OIDC_TOKEN_LIFETIME'],
  ['61 nbf in five seconds', { nbf: START + 5 }, 'accepted'],
  ['61b nbf beyond the leeway', { nbf: START + 31 }, EARLY],
  ['62 nbf a text', { nbf: '0' }, CLAIM],
  ['62b nbf null', { nbf: null }, CLAIM],
  ['63 iat in an hour', { iat: START + 3600 }, EARLY],
  ['63b iat within the leeway', { iat: START + 30 }, 'accepted'],
  ['63c iat missing', { iat: undefined }, 'accepted'],
  ['63d iat a text', { iat: 'now' }, CLAIM],
  ['64 sub missing', { sub: undefined }, CLAIM],
  ['64b sub empty', { sub: '' }, CLAIM],
  ['64c sub a number', { sub: 5 }, CLAIM],
  ['64d sub with half a character', { sub: 'a\ud800' }, CLAIM],
  ['65 azp of another client', { azp: 'other' }, 'accepted'],
  ['67 act malformed', { act: 'x' }, 'accepted'],
  ['a claim that is called like a method', { constructor: 'x', toString: 'y' }, 'accepted'],
  ['a token bound to a key', { cnf: { jkt: 'x' } }, 'ERR_OIDC_TOKEN_BOUND'],
];

describe('claims', () => {
  it.each(vectors)('vector %s', async (_, extra, expected) => {
    expect(await judge(extra)).toBe(expected);
  });

  it.each([
    ['64 sub missing', { sub: undefined }, 'missing'],
    ['64b sub empty', { sub: '' }, 'not a usable identifier'],
    ['48 iss missing', { iss: undefined }, 'missing'],
    ['57 exp missing', { exp: undefined }, 'missing'],
    ['58 exp a text', { exp: '1' }, 'wrong type'],
  ])('tells the operator why: %s', async (_, extra, reason) => {
    const token = await provider.sign(provider.claims(extra));
    const [claim] = Object.keys(extra);
    await expect(validatorFor(provider).validate(token)).rejects.toMatchObject({
      detail: { claim, reason },
    });
  });

  it.each([
    ['as required', { token_use: 'access' }, 'accepted'],
    ['missing', {}, CLAIM],
    ['another', { token_use: 'id' }, CLAIM],
    ['in capitals', { token_use: 'ACCESS' }, CLAIM],
    ['a list', { token_use: ['access'] }, CLAIM],
    ['null', { token_use: null }, CLAIM],
  ])('a claim that the operator requires: %s', async (_, extra, expected) => {
    expect(await judge(extra, { requiredClaims: { token_use: 'access' } })).toBe(expected);
  });

  it.each([
    ['at_hash', { at_hash: 'x' }],
    ['c_hash', { c_hash: 'x' }],
    ['s_hash', { s_hash: 'x' }],
    ['nonce', { nonce: 'x' }],
    ['token_use', { token_use: 'id' }],
    ['typ', { typ: 'ID' }],
  ])('43: %s alone shows an ID token', async (_, extra) => {
    expect(await judge(extra, { refuseIdTokens: true })).toBe('ERR_OIDC_TOKEN_TYPE');
    expect(await judge(extra)).toBe('accepted');
  });

  it('43: but a nonce in an access token of Keycloak does not', async () => {
    const extra = { typ: 'Bearer', nonce: 'x' };
    expect(await judge(extra, { refuseIdTokens: true })).toBe('accepted');
    expect(await judge({ ...extra, at_hash: 'x' }, { refuseIdTokens: true })).toBe(
      'ERR_OIDC_TOKEN_TYPE',
    );
  });

  it('55: an audience, or an explicit opt-out, is required', async () => {
    const options = { issuer: 'https://idp.test', fetch: provider.fetch, now: provider.now };
    expect(() => createTokenValidator(options)).toThrow(/"audiences" is required/);
    expect(() => createTokenValidator({ ...options, audiences: [] })).toThrow(/"audiences"/);
    const open = createTokenValidator({ ...options, allowInsecureAnyAudience: true });
    const token = await provider.sign(provider.claims({ aud: undefined }));
    expect(await outcome(open.validate(token))).toBe('accepted');
  });

  it('still compares audiences that are given together with the opt-out', async () => {
    expect(await judge({ aud: 'other' }, { allowInsecureAnyAudience: true })).toBe(AUD);
  });

  it('60b: a lifetime can be limited', async () => {
    expect(await judge({ exp: START + 601 }, { maxLifetime: 600 })).toBe('ERR_OIDC_TOKEN_LIFETIME');
    expect(await judge({ exp: START + 600 }, { maxLifetime: 600 })).toBe('accepted');
  });

  it('61c: the leeway is an option', async () => {
    expect(await judge({ nbf: START + 1 }, { leeway: 0 })).toBe(EARLY);
    expect(await judge({ exp: START - 59 }, { leeway: 60 })).toBe('accepted');
    expect(await judge({ exp: START }, { leeway: 0 })).toBe(EXPIRED);
  });

  it('64e: another claim can name the principal', async () => {
    const token = await provider.sign(provider.claims({ sub: undefined, client_id: 'robot' }));
    const validator = validatorFor(provider, { principalClaim: 'client_id' });
    expect(await validator.validate(token)).toMatchObject({ subject: 'robot' });
  });

  it('65b: clients can be limited, and every name of the client counts', async () => {
    const options = { allowedClients: ['good'] };
    expect(await judge({ azp: 'good' }, options)).toBe('accepted');
    expect(await judge({ client_id: 'bad' }, options)).toBe('ERR_OIDC_CLIENT');
    expect(await judge({ client_id: 'good', azp: 'bad' }, options)).toBe('ERR_OIDC_CLIENT');
    expect(await judge({}, options)).toBe('ERR_OIDC_CLIENT');
  });

  it('accepts a bound token only when told to', async () => {
    const options = { allowInsecureUnprovenBinding: true };
    expect(await judge({ cnf: { jkt: 'x' } }, options)).toBe('accepted');
  });

  it('does not read claims from a prototype', async () => {
    const token = await provider.sign({
      __proto__: { sub: 'x' },
      ...provider.claims({ sub: undefined }),
    });
    expect(await outcome(validatorFor(provider).validate(token))).toBe(CLAIM);
  });

  it('67: keeps the readable part of a delegation chain', async () => {
    const act = { sub: 'a', iss: 'https://x', act: { sub: 'b', act: { nothing: true } } };
    const token = await provider.sign(provider.claims({ act }));
    const identity = await validatorFor(provider).validate(token);
    expect(identity.actors).toEqual([{ subject: 'a', issuer: 'https://x' }, { subject: 'b' }]);
    expect(identity.delegation).toBe('malformed');
  });

  it('68: drops a session handle', async () => {
    const token = await provider.sign(provider.claims({ tsid: 'handle' }));
    const identity = await validatorFor(provider).validate(token);
    expect(identity.claims).not.toHaveProperty('tsid');
  });

  it('67b: stops after ten actors', async () => {
    let act: object = { sub: 'a0' };
    for (let depth = 1; depth < 12; depth++) act = { sub: `a${depth}`, act };
    const token = await provider.sign(provider.claims({ act }));
    const identity = await validatorFor(provider).validate(token);
    expect(identity.actors).toHaveLength(10);
    expect(identity.delegation).toBe('truncated');
  });
});
