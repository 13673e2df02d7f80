/** D17: remembering verified tokens, and forgetting them. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createExpiringCache } from '../src/expiring-cache.ts';
import { createFakeProvider, type FakeProvider, JWKS, json } from './support/fake-provider.ts';
import { signingKey } from './support/keys.ts';
import { outcome, validatorFor } from './support/validator.ts';

let provider: FakeProvider;
beforeEach(async () => {
  provider = await createFakeProvider();
});

describe('verified tokens', () => {
  it('are remembered: the same identity comes back', async () => {
    const validator = validatorFor(provider);
    const token = await provider.sign();
    expect(await validator.validate(token)).toBe(await validator.validate(token));
    expect(validator.status().tokenCache).toEqual({ entries: 1, hits: 1, misses: 1 });
  });

  it('expire on time although they are remembered', async () => {
    const validator = validatorFor(provider);
    const token = await provider.sign(provider.claims({ exp: provider.clock.seconds + 10 }));
    expect(await outcome(validator.validate(token))).toBe('accepted');
    provider.clock.seconds += 39;
    expect(await outcome(validator.validate(token))).toBe('accepted');
    provider.clock.seconds += 1;
    expect(await outcome(validator.validate(token))).toBe('ERR_OIDC_TOKEN_EXPIRED');
  });

  it('are verified again after five minutes', async () => {
    const validator = validatorFor(provider);
    const token = await provider.sign(provider.claims({ exp: provider.clock.seconds + 7200 }));
    const first = await validator.validate(token);
    provider.clock.seconds += 299;
    expect(await validator.validate(token)).toBe(first);
    provider.clock.seconds += 1;
    expect(await validator.validate(token)).not.toBe(first);
  });

  it('are forgotten when their key is removed', async () => {
    provider.routes.set(JWKS, () =>
      json({ keys: provider.keys }, { headers: { 'cache-control': 'max-age=60' } }),
    );
    const validator = validatorFor(provider);
    const token = await provider.sign();
    expect(await outcome(validator.validate(token))).toBe('accepted');
    provider.keys = [(await signingKey('k2')).publicJwk];
    provider.clock.seconds += 60;
    expect(await outcome(validator.validate(token))).toBe('ERR_OIDC_KEY_UNKNOWN');
    expect(validator.status().tokenCache.entries).toBe(0);
  });

  it('stay when a key is only added', async () => {
    const validator = validatorFor(provider);
    const first = await validator.validate(await provider.sign());
    const k2 = await signingKey('k2');
    provider.keys = [...provider.keys, k2.publicJwk];
    await validator.validate(await provider.sign(undefined, {}, k2));
    expect(await validator.validate(first.token)).toBe(first);
  });

  it('are not remembered when their key was removed while they were verified', async () => {
    const validator = validatorFor(provider);
    const token = await provider.sign();
    await validator.ready();
    const k2 = await signingKey('k2');
    provider.keys = [k2.publicJwk];
    const rotating = validator.validate(await provider.sign(undefined, {}, k2));
    await Promise.all([outcome(validator.validate(token)), rotating]);
    expect(await outcome(validator.validate(token))).toBe('ERR_OIDC_KEY_UNKNOWN');
  });

  it('are bounded in number', async () => {
    const validator = validatorFor(provider, { tokenCacheSize: 3 });
    for (let index = 0; index < 10; index++) {
      await validator.validate(await provider.sign(provider.claims({ jti: String(index) })));
    }
    expect(validator.status().tokenCache.entries).toBe(3);
  });

  it('of another issuer are not mixed up', async () => {
    const other = await createFakeProvider('https://other.test');
    const k2 = await signingKey('k2');
    other.keys = [k2.publicJwk];
    const validator = validatorFor(provider, {
      issuer: undefined as never,
      issuers: [
        { issuer: 'https://idp.test', audiences: ['mcp'], fetch: provider.fetch },
        { issuer: 'https://other.test', audiences: ['mcp'], fetch: other.fetch },
      ],
    });
    const mine = await validator.validate(await provider.sign());
    const theirs = await validator.validate(await other.sign(undefined, {}, k2));
    expect([mine.issuer, theirs.issuer]).toEqual(['https://idp.test', 'https://other.test']);
    // The key of one issuer does not sign for the other.
    const forged = await provider.sign(provider.claims({ iss: 'https://other.test' }));
    expect(await outcome(validator.validate(forged))).toBe('ERR_OIDC_KEY_UNKNOWN');
    const renamed = await provider.sign(provider.claims({ iss: 'https://other.test' }), {
      kid: 'k2',
    });
    expect(await outcome(validator.validate(renamed))).toBe('ERR_OIDC_SIGNATURE');
    const stranger = await provider.sign(provider.claims({ iss: 'https://third.test' }));
    expect(await outcome(validator.validate(stranger))).toBe('ERR_OIDC_ISSUER');
  });
});

describe('createExpiringCache', () => {
  it('drops what was used longest ago', () => {
    const cache = createExpiringCache<number>({ maxEntries: 2, now: () => 0 });
    cache.set('a', 1, 10);
    cache.set('b', 2, 10);
    cache.get('a');
    cache.set('c', 3, 10);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  });

  it('remembers nothing with size 0 or a time that has passed', () => {
    const none = createExpiringCache<number>({ maxEntries: 0, now: () => 0 });
    none.set('a', 1, 10);
    const late = createExpiringCache<number>({ maxEntries: 2, now: () => 10 });
    late.set('a', 1, 10);
    expect([none.size, late.size]).toEqual([0, 0]);
  });
});
