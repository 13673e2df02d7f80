import { describe, expect, it } from 'vitest';
import { createJwksKeySource } from '../src/jwks-key-source.ts';
import { createFakeProvider } from './support/fake-provider.ts';

describe('createJwksKeySource', () => {
  it('gives newer keys to whoever looked at older ones, also during the cooldown', async () => {
    const provider = await createFakeProvider();
    const source = createJwksKeySource({
      fetch: provider.fetch,
      timeout: 1000,
      now: provider.now,
      locate: async () => new URL('https://idp.test/jwks'),
      policy: { allowInsecureHttp: false, allowPrivateAddresses: false, loopback: false },
      onKeysRemoved: () => undefined,
      onFailure: () => undefined,
    });
    expect(source.status()).toMatchObject({ keys: 0, age: undefined, stale: false });
    const first = await source.current();
    const second = await source.newerThan(first);
    expect(second).not.toBe(first);
    expect(await source.newerThan(first)).toBe(second);
    expect(second && (await source.newerThan(second))).toBeUndefined();
    provider.clock.seconds += 5;
    expect(source.status()).toEqual({
      keys: 1,
      age: 5,
      stale: false,
      lastError: undefined,
      fetched: 2,
      failed: 0,
    });
  });
});
