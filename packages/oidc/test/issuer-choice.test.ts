/** Whose token it is decides who may see it: nobody else is asked. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  createTokenValidator,
  type IntrospectionCache,
  type IntrospectionRecord,
  type IssuerOptions,
} from '../src/index.ts';
import { createFakeProvider, type FakeProvider, json } from './support/fake-provider.ts';
import { outcome } from './support/validator.ts';

let provider: FakeProvider;
beforeEach(async () => {
  provider = await createFakeProvider();
  provider.routes.set('/a', () => json({ active: true, sub: 'u', aud: 'mcp' }));
  provider.routes.set('/b', () => json({ active: true, sub: 'u', aud: 'mcp' }));
});

/** An issuer whose endpoint is asked about its JWTs, and about opaque tokens with its prefix. */
function issuerOf(name: 'a' | 'b'): IssuerOptions {
  return {
    issuer: `https://${name}.test`,
    audiences: ['mcp'],
    introspection: {
      url: `https://idp.test/${name}`,
      introspectJwts: true,
      tokenPrefixes: [`${name}_`],
    },
  };
}

function judge(token: string) {
  const issuers = [issuerOf('a'), issuerOf('b')];
  const { fetch, now } = provider;
  return outcome(createTokenValidator({ issuers, fetch, now }).validate(token));
}

describe('with several issuers', () => {
  it('each is asked about its own tokens', async () => {
    expect(await judge(await provider.sign(provider.claims({ iss: 'https://b.test' })))).toBe(
      'accepted',
    );
    expect(await judge('a_opaque')).toBe('accepted');
    expect(provider.asked).toEqual(['https://idp.test/b', 'https://idp.test/a']);
  });

  it.each([
    ['an issuer that is not configured', { iss: 'https://c.test' }, 'ERR_OIDC_ISSUER'],
    ['an issuer with a slash more', { iss: 'https://a.test/' }, 'ERR_OIDC_ISSUER'],
    ['no issuer', { iss: undefined }, 'ERR_OIDC_CLAIM'],
    ['a list of issuers', { iss: ['https://a.test'] }, 'ERR_OIDC_CLAIM'],
  ])('a JWT of %s is shown to nobody', async (_, extra, code) => {
    expect(await judge(await provider.sign(provider.claims(extra)))).toBe(code);
    expect(provider.asked).toEqual([]);
  });

  it.each(['opaque', 'c_opaque', 'A_opaque', 'xa_opaque'])(
    'the opaque token %s is shown to nobody',
    async (token) => {
      expect(await judge(token)).toBe('ERR_OIDC_TOKEN_OPAQUE');
      expect(provider.asked).toEqual([]);
    },
  );
});

describe('validators that share one memory of answers', () => {
  it('do not take the answer of another endpoint, or of another client of the same', async () => {
    const records = new Map<string, IntrospectionRecord>();
    const cache: IntrospectionCache = {
      get: async (key) => records.get(key),
      set: async (key, record) => void records.set(key, record),
    };
    provider.routes.set('/b', () => json({ active: false }));
    const judgeAt = (path: string, clientId: string) => {
      const { fetch, now } = provider;
      const introspection = { url: `https://idp.test/${path}`, clientId, cache };
      return outcome(
        createTokenValidator({ audiences: ['mcp'], introspection, fetch, now }).validate('opaque'),
      );
    };
    expect(await judgeAt('a', 'one')).toBe('accepted');
    expect(await judgeAt('a', 'one')).toBe('accepted');
    expect(provider.count('/a')).toBe(1);
    expect(await judgeAt('b', 'one')).toBe('ERR_OIDC_TOKEN_INACTIVE');
    expect(await judgeAt('a', 'two')).toBe('accepted');
    expect(provider.count('/a')).toBe(2);
  });
});
