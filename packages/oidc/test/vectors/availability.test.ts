/** Vectors 88–98: providers that are down, slow, moved or talking nonsense. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createTokenValidator } from '../../src/index.ts';
import {
  createFakeProvider,
  DISCOVERY,
  type FakeProvider,
  JWKS,
  json,
} from '../support/fake-provider.ts';
import { outcome, validatorFor } from '../support/validator.ts';

const OAUTH = '/.well-known/oauth-authorization-server';
let provider: FakeProvider;
beforeEach(async () => {
  provider = await createFakeProvider();
});
const judge = async () => outcome(validatorFor(provider).validate(await provider.sign()));

describe('a provider in trouble', () => {
  it('88: down at start is 503, remembered for five seconds, then recovers by itself', async () => {
    provider.down = true;
    const validator = validatorFor(provider);
    const token = await provider.sign();
    expect(await outcome(validator.ready())).toBe('ERR_OIDC_DISCOVERY');
    expect(await outcome(validator.validate(token))).toBe('ERR_OIDC_DISCOVERY');
    expect(provider.asked).toHaveLength(1);
    expect(validator.status().ready).toBe(false);
    provider.down = false;
    provider.clock.seconds += 4;
    expect(await outcome(validator.validate(token))).toBe('ERR_OIDC_DISCOVERY');
    provider.clock.seconds += 1;
    expect(await outcome(validator.validate(token))).toBe('accepted');
    expect(validator.status().ready).toBe(true);
  });

  it('89: down after the keys were read goes on for an hour beyond their lifetime', async () => {
    provider.routes.set(JWKS, () =>
      json({ keys: provider.keys }, { headers: { 'cache-control': 'max-age=60' } }),
    );
    const validator = validatorFor(provider, { tokenCacheSize: 0 });
    const fresh = async () => outcome(validator.validate(await provider.sign()));
    expect(await fresh()).toBe('accepted');
    provider.down = true;
    provider.clock.seconds += 60;
    expect(await fresh()).toBe('accepted');
    expect(validator.status().issuers[0]?.keys).toMatchObject({ stale: true, keys: 1 });
    provider.clock.seconds += 3599;
    expect(await fresh()).toBe('accepted');
    provider.clock.seconds += 6;
    expect(await fresh()).toBe('ERR_OIDC_DISCOVERY');
    expect(validator.status().ready).toBe(false);
  });

  it.each([
    ['90 OIDC path 404, RFC 8414 path good', 404],
    ['90b OIDC path 400, RFC 8414 path good', 400],
  ])('%s', async (_, status) => {
    const good = provider.routes.get(DISCOVERY)!;
    provider.routes.set(OAUTH, good);
    provider.routes.set(DISCOVERY, () => new Response('no', { status }));
    expect(await judge()).toBe('accepted');
    expect(provider.asked[1]).toBe(`https://idp.test${OAUTH}`);
  });

  it('90c: both 404', async () => {
    provider.routes.delete(DISCOVERY);
    expect(await judge()).toBe('ERR_OIDC_DISCOVERY');
  });

  it('tries all forms for an issuer with a path', async () => {
    const issuer = 'https://idp.test/tenant/';
    const last = '/.well-known/openid-configuration/tenant';
    provider.routes.set(last, () => json({ issuer, jwks_uri: 'https://idp.test/jwks' }));
    const validator = validatorFor(provider, { issuer });
    await validator.ready();
    expect(provider.asked.slice(0, 3).map((url) => new URL(url).pathname)).toEqual([
      '/tenant/.well-known/openid-configuration',
      '/.well-known/oauth-authorization-server/tenant',
      last,
    ]);
  });

  const nonsense: readonly (readonly [string, () => Response])[] = [
    [
      '91 another issuer',
      () => json({ issuer: 'https://evil.test', jwks_uri: 'https://idp.test/jwks' }),
    ],
    [
      '91b the issuer with a slash',
      () => json({ issuer: 'https://idp.test/', jwks_uri: 'https://idp.test/jwks' }),
    ],
    ['92 jwks_uri missing', () => json({ issuer: 'https://idp.test' })],
    ['92b jwks_uri no URL', () => json({ issuer: 'https://idp.test', jwks_uri: 'jwks' })],
    ['98 HTML with 200', () => new Response('<html>Sign in</html>')],
    ['98b an empty body', () => new Response('')],
    ['98c too large', () => new Response(`"${'x'.repeat(600_000)}"`)],
    [
      '98d a redirect to another host',
      () => new Response(null, { status: 302, headers: { location: 'https://evil.test/' } }),
    ],
    ['500', () => new Response('', { status: 500 })],
  ];
  it.each(nonsense)('%s', async (_, answer) => {
    provider.routes.set(DISCOVERY, answer);
    expect(await judge()).toBe('ERR_OIDC_DISCOVERY');
    expect(provider.asked.filter((url) => url.includes('evil'))).toEqual([]);
  });

  it.each([
    ['404', () => new Response('', { status: 404 })],
    ['no keys', () => json({ keys: [] })],
    ['keys no list', () => json({ keys: {} })],
    ['a list', () => json([])],
    ['HTML', () => new Response('<html>')],
    ['too many keys', () => json({ keys: Array.from({ length: 201 }, () => provider.keys[0]) })],
  ])('key set: %s is 503', async (_, answer) => {
    provider.routes.set(JWKS, answer);
    expect(await judge()).toBe('ERR_OIDC_JWKS');
  });

  it('93: a loopback issuer may use http, with a warning', async () => {
    const local = await createFakeProvider('http://localhost:8080');
    local.routes.set(DISCOVERY, () =>
      json({ issuer: 'http://localhost:8080', jwks_uri: 'http://localhost:8080/jwks' }),
    );
    const warnings: string[] = [];
    const validator = validatorFor(local, {
      issuer: 'http://localhost:8080',
      warn: (text) => warnings.push(text),
    });
    expect(await outcome(validator.validate(await local.sign()))).toBe('accepted');
    expect(warnings).toEqual([expect.stringContaining('loopback')]);
  });

  it.each(['http://127.0.0.1:1/', 'http://[::1]:1', 'http://LOCALHOST'])(
    '93b: %s is loopback',
    (issuer) => {
      expect(() => validatorFor(provider, { issuer })).not.toThrow();
    },
  );

  it.each([
    ['http://idp.test', 'plain http'],
    ['http://localhost.:1', 'plain http'],
    ['http://x.localhost', 'plain http'],
    ['https://10.0.0.5', 'private address'],
    ['https://169.254.169.254', 'private address'],
    ['https://[fd00::1]', 'private address'],
    ['https://[::ffff:10.0.0.1]', 'private address'],
    ['https://0x7f.1.2.3.4.5', 'http or https URL'],
    ['https://167772165', 'private address'],
    ['https://user:pw@idp.test', 'credentials'],
    ['ftp://idp.test', 'http or https URL'],
  ])('refuses the issuer %s at once', (issuer, reason) => {
    expect(() => validatorFor(provider, { issuer })).toThrow(reason);
  });

  it('94: honours the flags for http and private addresses', async () => {
    const issuer = 'http://10.0.0.5';
    const inside = await createFakeProvider(issuer);
    const flags = { allowInsecureHttp: true, allowPrivateAddresses: true };
    const validator = validatorFor(inside, { issuer, ...flags });
    expect(await outcome(validator.validate(await inside.sign()))).toBe('accepted');
  });

  it.each([
    'http://idp.test/jwks',
    'https://169.254.169.254/jwks',
    'https://localhost/jwks',
    'http://localhost/jwks',
    'https://[64:ff9b::a9fe:a9fe]/jwks',
    'file:///etc/passwd',
  ])('95: the metadata of a public issuer cannot send us to %s', async (jwks_uri) => {
    provider.routes.set(DISCOVERY, () => json({ issuer: 'https://idp.test', jwks_uri }));
    expect(await judge()).toBe('ERR_OIDC_ADDRESS');
    expect(provider.asked).toHaveLength(1);
  });

  it('96: a redirect of the key set to another host is not followed', async () => {
    provider.routes.set(
      JWKS,
      () => new Response(null, { status: 302, headers: { location: 'https://169.254.169.254/' } }),
    );
    expect(await judge()).toBe('ERR_OIDC_JWKS');
    expect(provider.asked).toHaveLength(2);
  });

  it('96b: a redirect within the origin is followed, three times at most', async () => {
    provider.routes.set('/moved', () => json({ keys: provider.keys }));
    provider.routes.set(
      JWKS,
      () => new Response(null, { status: 301, headers: { location: '/moved' } }),
    );
    expect(await judge()).toBe('accepted');
    provider.routes.set(
      '/moved',
      () => new Response(null, { status: 301, headers: { location: '/moved' } }),
    );
    const before = provider.asked.length;
    expect(await judge()).toBe('ERR_OIDC_JWKS');
    expect(provider.asked.length - before).toBe(5);
  });

  it('96c: a redirect that adds a password is of the same origin, and refused', async () => {
    const location = 'https://user:password@idp.test/moved';
    provider.routes.set('/moved', () => json({ keys: provider.keys }));
    provider.routes.set(JWKS, () => new Response(null, { status: 302, headers: { location } }));
    expect(await judge()).toBe('ERR_OIDC_ADDRESS');
    expect(provider.count('/moved')).toBe(0);
  });

  it('96d: fetch is told not to follow by itself', async () => {
    expect(await judge()).toBe('accepted');
    expect(provider.inits.map(({ redirect }) => redirect)).toEqual(['manual', 'manual']);
  });

  it.each([
    ['has followed by itself', { redirected: true }],
    ['hides where it leads, as in a browser', { type: 'opaqueredirect', status: 0 }],
  ])('96e: the answer of a fetch that %s is not used', async (_, members) => {
    provider.routes.set(JWKS, () => {
      const answer = json({ keys: provider.keys });
      for (const [name, value] of Object.entries(members)) {
        Object.defineProperty(answer, name, { value });
      }
      return answer;
    });
    expect(await judge()).toBe('ERR_OIDC_JWKS');
  });

  it('97: 50 concurrent first requests cause one discovery and one key fetch', async () => {
    const validator = validatorFor(provider);
    const token = await provider.sign();
    await Promise.all(Array.from({ length: 50 }, () => validator.validate(token)));
    expect(provider.asked).toHaveLength(2);
  });

  it('one caller who gives up does not spoil it for the others', async () => {
    let release: (answer: Response) => void = () => undefined;
    provider.routes.set(
      JWKS,
      () =>
        new Promise((resolve) => {
          release = resolve;
        }),
    );
    const validator = validatorFor(provider);
    const token = await provider.sign();
    const controller = new AbortController();
    const first = outcome(validator.validate(token, { signal: controller.signal }));
    const second = outcome(validator.validate(token));
    controller.abort();
    expect(await first).toBe('ERR_OIDC_ABORTED');
    while (provider.count(JWKS) === 0) await new Promise((resolve) => setImmediate(resolve));
    release(json({ keys: provider.keys }));
    expect(await second).toBe('accepted');
  });

  it('a caller who has given up before is told so, and a failure behind it ends nothing', async () => {
    provider.down = true;
    const validator = validatorFor(provider);
    const signal = AbortSignal.abort();
    expect(await outcome(validator.validate(await provider.sign(), { signal }))).toBe(
      'ERR_OIDC_ABORTED',
    );
    expect(await outcome(validator.ready({ signal }))).toBe('ERR_OIDC_ABORTED');
    // An unhandled rejection would fail this test run.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('closing while a fetch runs ends it quietly', async () => {
    provider.routes.set(DISCOVERY, () => new Promise<Response>(() => undefined));
    const warnings: string[] = [];
    const validator = validatorFor(provider, { warn: (text) => warnings.push(text) });
    const waiting = outcome(validator.ready());
    validator.close();
    expect(await waiting).toBe('ERR_OIDC_DISCOVERY');
    expect(warnings).toEqual([]);
  });

  it('works with a key set alone: any issuer, but always one', async () => {
    const validator = createTokenValidator({
      jwksUrl: 'https://idp.test/jwks',
      audiences: ['mcp'],
      fetch: provider.fetch,
      now: provider.now,
    });
    const other = await provider.sign(provider.claims({ iss: 'https://any.test' }));
    expect(await validator.validate(other)).toMatchObject({ issuer: 'https://any.test' });
    for (const iss of [undefined, '', 5]) {
      const token = await provider.sign(provider.claims({ iss }));
      expect(await outcome(validator.validate(token))).toBe('ERR_OIDC_CLAIM');
    }
    expect(provider.count(DISCOVERY)).toBe(0);
  });

  it('is closed for good', async () => {
    const validator = validatorFor(provider);
    validator.close();
    expect(await outcome(validator.validate(await provider.sign()))).toBe('ERR_OIDC_CLOSED');
    expect(await outcome(validator.ready())).toBe('ERR_OIDC_CLOSED');
  });
});
