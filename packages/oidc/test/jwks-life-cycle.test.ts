/** D12: how long keys live, and when they are asked for again. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { TokenValidator } from '../src/index.ts';
import {
  createFakeProvider,
  DISCOVERY,
  type FakeProvider,
  JWKS,
  json,
} from './support/fake-provider.ts';
import { signingKey } from './support/keys.ts';
import { outcome, validatorFor } from './support/validator.ts';

let provider: FakeProvider;
let validator: TokenValidator;
beforeEach(async () => {
  provider = await createFakeProvider();
  validator = validatorFor(provider, { tokenCacheSize: 0 });
});

const judge = async (kid = 'k1') =>
  outcome(validator.validate(await provider.sign(undefined, {}, await signingKey(kid))));
const fetches = () => provider.count(JWKS);
const cacheFor = (value: string) =>
  provider.routes.set(JWKS, () =>
    json({ keys: provider.keys }, { headers: { 'cache-control': value } }),
  );

describe('the lifetime of keys', () => {
  it.each([
    ['max-age=300', 300],
    ['public, Max-Age="120", immutable', 120],
    ['max-age=5', 60],
    ['no-store', 60],
    ['max-age=864000', 3600],
    ['max-age=nonsense', 600],
    ['private', 600],
  ])('%s → %d s', async (value, seconds) => {
    cacheFor(value);
    await judge();
    provider.clock.seconds += seconds - 1;
    await judge();
    expect(fetches()).toBe(1);
    provider.clock.seconds += 1;
    await judge();
    expect(fetches()).toBe(2);
  });

  it('counts the age that a shared cache reports', async () => {
    provider.routes.set(JWKS, () =>
      json({ keys: provider.keys }, { headers: { 'cache-control': 'max-age=300', age: '200' } }),
    );
    await judge();
    provider.clock.seconds += 100;
    await judge();
    expect(fetches()).toBe(2);
  });

  it('forgets a removed key when the lifetime ends', async () => {
    cacheFor('max-age=60');
    expect(await judge()).toBe('accepted');
    provider.keys = [(await signingKey('k2')).publicJwk];
    provider.clock.seconds += 60;
    expect(await judge()).toBe('ERR_OIDC_KEY_UNKNOWN');
  });
});

describe('an unknown kid', () => {
  beforeEach(async () => {
    expect(await judge()).toBe('accepted');
    provider.keys = [...provider.keys, (await signingKey('k2')).publicJwk];
  });

  it('36, 37: causes one refetch, at once', async () => {
    provider.clock.seconds += 1;
    expect(await judge('k2')).toBe('accepted');
    expect(fetches()).toBe(2);
  });

  it('causes no second refetch within 30 s, and one afterwards', async () => {
    expect(await judge('k3')).toBe('ERR_OIDC_KEY_UNKNOWN');
    provider.clock.seconds += 29;
    expect(await judge('k3')).toBe('ERR_OIDC_KEY_UNKNOWN');
    expect(fetches()).toBe(2);
    provider.clock.seconds += 1;
    provider.keys = [...provider.keys, (await signingKey('k3')).publicJwk];
    expect(await judge('k3')).toBe('accepted');
    expect(fetches()).toBe(3);
  });

  it('refetches at once again after a regular fetch', async () => {
    cacheFor('max-age=60');
    expect(await judge('k3')).toBe('ERR_OIDC_KEY_UNKNOWN');
    provider.clock.seconds += 60;
    expect(await judge()).toBe('accepted');
    expect(await judge('k3')).toBe('ERR_OIDC_KEY_UNKNOWN');
    expect(await judge('k3')).toBe('ERR_OIDC_KEY_UNKNOWN');
    expect(fetches()).toBe(4);
  });

  it('is not held against 50 concurrent requests: one refetch serves all', async () => {
    const token = await provider.sign(undefined, {}, await signingKey('k2'));
    const codes = await Promise.all(
      Array.from({ length: 50 }, () => outcome(validator.validate(token))),
    );
    expect(new Set(codes)).toEqual(new Set(['accepted']));
    expect(fetches()).toBe(2);
  });

  it('is 503 while the provider cannot be asked, and recovers after five seconds', async () => {
    provider.down = true;
    expect(await judge('k2')).toBe('ERR_OIDC_JWKS');
    expect(await judge('k2')).toBe('ERR_OIDC_JWKS');
    expect(await judge()).toBe('accepted');
    expect(fetches()).toBe(2);
    provider.down = false;
    provider.clock.seconds += 5;
    expect(await judge('k2')).toBe('accepted');
  });

  it('a flood of them costs the provider one request per 30 s', async () => {
    const other = await signingKey('flood');
    for (let index = 0; index < 40; index++) {
      const token = await provider.sign(undefined, { kid: `flood${index}` }, other);
      expect(await outcome(validator.validate(token))).toBe('ERR_OIDC_KEY_UNKNOWN');
    }
    expect(fetches()).toBe(2);
  });
});

describe('keys without kid', () => {
  it('are refetched once when a signature does not fit, which is how rotation shows', async () => {
    const strip = async (name: string) => ({
      ...(await signingKey(name)).publicJwk,
      kid: undefined as never,
    });
    const sign = async (name: string) =>
      provider.sign(undefined, { kid: undefined }, await signingKey(name));
    provider.keys = [await strip('k1')];
    expect(await outcome(validator.validate(await sign('k1')))).toBe('accepted');
    provider.keys = [await strip('k2')];
    expect(await outcome(validator.validate(await sign('k2')))).toBe('accepted');
    expect(await outcome(validator.validate(await sign('k1')))).toBe('ERR_OIDC_SIGNATURE');
    expect(fetches()).toBe(2);
  });
});

describe('stale keys', () => {
  it('are not served because of a failure long ago: the first request after the lifetime waits', async () => {
    cacheFor('max-age=300');
    await judge();
    provider.down = true;
    expect(await judge('k2')).toBe('ERR_OIDC_JWKS');
    provider.down = false;
    provider.keys = [(await signingKey('k2')).publicJwk];
    provider.clock.seconds += 300;
    expect(await judge()).toBe('ERR_OIDC_KEY_UNKNOWN');
  });

  it('are served at once while the provider is known to be in trouble', async () => {
    cacheFor('max-age=60');
    await judge();
    provider.clock.seconds += 60;
    provider.down = true;
    await judge();
    provider.down = false;
    provider.routes.set(JWKS, () => new Promise<Response>(() => undefined));
    provider.clock.seconds += 5;
    expect(await judge()).toBe('accepted');
    validator.close();
  });
});

describe('discovery', () => {
  it('is made once, and again after an hour or a failure', async () => {
    cacheFor('max-age=3600');
    await judge();
    provider.clock.seconds += 1800;
    await judge('k3');
    expect(provider.count(DISCOVERY)).toBe(1);
    provider.clock.seconds += 3600;
    await judge();
    expect(provider.count(DISCOVERY)).toBe(2);
    provider.routes.set(JWKS, () => new Response('', { status: 404 }));
    provider.routes.set(DISCOVERY, () =>
      json({ issuer: 'https://idp.test', jwks_uri: 'https://idp.test/new' }),
    );
    provider.routes.set('/new', () => json({ keys: provider.keys }));
    provider.clock.seconds += 3599;
    await judge('k3');
    provider.clock.seconds += 5;
    expect(await judge()).toBe('accepted');
    expect(provider.count('/new')).toBe(1);
    expect(validator.status().issuers[0]?.jwksUrl).toBe('https://idp.test/new');
  });
});

describe('the token for the key set host', () => {
  it('goes to discovery and key set, and nowhere else', async () => {
    provider.routes.set('/introspect', () => json({ active: true, sub: 'u', aud: 'mcp' }));
    let calls = 0;
    const guarded = validatorFor(provider, {
      jwksAuthToken: async () => `secret${++calls}`,
      introspection: { url: 'https://idp.test/introspect' },
    });
    await guarded.validate(await provider.sign());
    await guarded.validate('opaque');
    const sent = provider.inits.map((init) => new Headers(init.headers).get('authorization'));
    expect(sent).toEqual(['Bearer secret1', 'Bearer secret2', null]);
  });

  it('that cannot be had is the operator’s fault', async () => {
    const guarded = validatorFor(provider, { jwksAuthToken: () => '' });
    expect(await outcome(guarded.validate(await provider.sign()))).toBe('ERR_OIDC_SECRET');
  });
});
