/** The stores that replicas share, against a real Redis. */
import { createHash } from 'node:crypto';
import type { LogEvent } from '@thv/compose';
import { createTokenValidator } from '@thv/oidc';
import { isProxyError } from '@thv/proxy';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
// By path: the suites that every store must pass stand beside the interfaces.
import { describeRateLimitStore } from '../../../../packages/proxy/test/support/rate-limit-store-contract.ts';
import { describeSessionStore } from '../../../../packages/proxy/test/support/session-store-contract.ts';
import { createRedisConnection, type RedisConnection } from '../../src/stores/redis-connection.ts';
import { createRedisRateLimitStore } from '../../src/stores/redis-rate-limit-store.ts';
import { createRedisSessionStore } from '../../src/stores/redis-session-store.ts';
import { createRedisStores } from '../../src/stores/redis-stores.ts';
import { createSealedIntrospectionCache } from '../../src/stores/sealed-introspection-cache.ts';
import { NEEDS_REDIS, type RedisServer, startRedis } from '../support/redis-server.ts';

describe.skipIf(NEEDS_REDIS !== '')(`stores in Redis${NEEDS_REDIS}`, () => {
  let server: RedisServer;
  let redis: RedisConnection;
  const events: LogEvent[] = [];
  let prefixes = 0;
  const freshPrefix = (): string => {
    prefixes += 1;
    return `test:${prefixes}:`;
  };

  beforeAll(async () => {
    server = await startRedis();
    redis = createRedisConnection({ url: server.url, log: (event) => events.push(event) });
    redis.connect();
    await vi.waitFor(() => expect(redis.isReady).toBe(true), { timeout: 10_000 });
  });

  afterAll(async () => {
    redis.close();
    await server.kill();
  });

  /** Makes every key older, so that nobody has to wait. */
  const age = async (prefix: string, milliseconds: number): Promise<void> => {
    // Safe: what Redis answers to these.
    for (const key of (await redis.send(['KEYS', `${prefix}*`])) as string[]) {
      const left = ((await redis.send(['PTTL', key])) as number) - milliseconds;
      const command = left > 0 ? ['PEXPIRE', key, String(left)] : ['DEL', key];
      await redis.send(command);
    }
  };

  const TTL = 60_000;
  describeSessionStore('createRedisSessionStore', TTL, async () => {
    const prefix = freshPrefix();
    return {
      store: createRedisSessionStore({ redis, prefix, ttl: TTL }),
      elapse: (milliseconds) => age(prefix, milliseconds),
    };
  });

  describeRateLimitStore('createRedisRateLimitStore', async () => {
    const prefix = freshPrefix();
    return {
      store: createRedisRateLimitStore({ redis, prefix }),
      async elapse(milliseconds) {
        // The times in it move the other way.
        for (const key of (await redis.send(['KEYS', `${prefix}*`])) as string[]) {
          const full = Number(await redis.send(['GET', key])) - milliseconds * 1000;
          await redis.send(['SET', key, full.toFixed(0), 'KEEPTTL']);
        }
        await age(prefix, milliseconds);
      },
    };
  });

  it('keep what each server and each gateway has apart', async () => {
    const log = (): void => undefined;
    const stores = ['a:', 'b:'].map((keyPrefix) =>
      createRedisStores({ url: server.url, keyPrefix, log }),
    );
    await Promise.all(stores.map((store) => store.connect(AbortSignal.timeout(10_000))));
    const owner = { issuer: 'i', subject: 'ann' };
    await stores[0]!.sessionsOf('one').remember('s', owner);
    expect(await stores[0]!.sessionsOf('one').ownerOf('s')).toEqual(owner);
    expect(await stores[0]!.sessionsOf('two').ownerOf('s')).toBeUndefined();
    expect(await stores[1]!.sessionsOf('one').ownerOf('s')).toBeUndefined();
    for (const store of stores) store.close();
  });

  it('hold no session id, and give nothing to whoever writes nonsense', async () => {
    const prefix = freshPrefix();
    const store = createRedisSessionStore({ redis, prefix, ttl: TTL });
    await store.remember('secret-session-id', { issuer: 'i', subject: 'ann' });
    const [key = ''] = (await redis.send(['KEYS', `${prefix}*`])) as string[];
    expect(key).not.toContain('secret-session-id');
    for (const value of ['', 'null', '["i"]', '["i",1]', '{"issuer":"i","subject":"ann"}', '[']) {
      await redis.send(['SET', key, value]);
      expect(await store.ownerOf('secret-session-id')).toBeUndefined();
    }
  });

  it('leave no key behind for ever', async () => {
    for (const key of (await redis.send(['KEYS', 'test:*'])) as string[]) {
      // Those that the test before wrote itself have none.
      if (((await redis.send(['STRLEN', key])) as number) < 2) continue;
      expect(await redis.send(['PTTL', key])).toBeGreaterThan(0);
    }
  });

  describe('introspection results', () => {
    const claims = { active: true, sub: 'ann-the-subject', exp: 9e9 };
    const keyOf = (token: string): string =>
      `https://idp.test/introspect#gw#${createHash('sha256').update(token).digest('hex')}`;
    let time = 1_000_000;
    const cacheOf = (prefix: string, secret = 'the client secret') =>
      createSealedIntrospectionCache({
        redis,
        prefix,
        secret: async () => secret,
        now: () => time,
      });

    it('are shared by those who have the secret, and no others', async () => {
      const prefix = freshPrefix();
      await cacheOf(prefix).set(keyOf('t'), { claims }, 60);
      await cacheOf(prefix).set(keyOf('dead'), { claims: null }, 10);
      expect(await cacheOf(prefix).get(keyOf('t'))).toMatchObject({ claims });
      expect(await cacheOf(prefix).get(keyOf('dead'))).toMatchObject({ claims: null });
      expect(await cacheOf(prefix).get(keyOf('other'))).toBeUndefined();
      expect(await cacheOf(prefix, 'another secret').get(keyOf('t'))).toBeUndefined();
    });

    it('are asked for by one replica and used by all', async () => {
      const prefix = freshPrefix();
      let asked = 0;
      const replica = () =>
        createTokenValidator({
          audiences: ['mcp'],
          introspection: {
            url: 'https://idp.test/introspect',
            clientId: 'gw',
            clientSecret: 's',
            cache: createSealedIntrospectionCache({ redis, prefix, secret: async () => 's' }),
          },
          fetch: async (_url, init) => {
            asked += 1;
            const active = String(init?.body).includes('good');
            return Response.json({ active, sub: 'ann', aud: 'mcp', iss: 'https://idp.test' });
          },
        });
      for (const validator of [replica(), replica(), replica()]) {
        expect((await validator.validate('good')).subject).toBe('ann');
        await expect(validator.validate('bad')).rejects.toThrow('not active');
      }
      expect(asked).toBe(2);
    });

    it('say nothing to whoever reads Redis', async () => {
      const prefix = freshPrefix();
      await cacheOf(prefix).set(keyOf('the-token'), { claims }, 60);
      const [key = ''] = (await redis.send(['KEYS', `${prefix}*`])) as string[];
      const value = String(await redis.send(['GET', key]));
      const all = key + value + Buffer.from(value, 'base64').toString('latin1');
      for (const word of ['the-token', 'ann-the-subject', 'idp.test', 'the client secret']) {
        expect(all).not.toContain(word);
      }
      expect(all).not.toContain(createHash('sha256').update('the-token').digest('hex'));
    });

    it('cannot be forged, moved to another token or kept beyond their time', async () => {
      const prefix = freshPrefix();
      await cacheOf(prefix).set(keyOf('admin'), { claims }, 60);
      const [admin = ''] = (await redis.send(['KEYS', `${prefix}*`])) as string[];
      const sealed = String(await redis.send(['GET', admin]));
      const mine = prefix + createHash('sha256').update(keyOf('mine')).digest('base64url');
      const flipped = Buffer.from(sealed, 'base64');
      flipped[flipped.length - 1]! ^= 1;
      const plain = JSON.stringify({ claims, until: 9e15 });
      for (const forged of [
        ...[sealed, plain, Buffer.from(plain).toString('base64'), '', 'AAAA'],
        Buffer.alloc(64).toString('base64'),
      ]) {
        await redis.send(['SET', mine, forged]);
        expect(await cacheOf(prefix).get(keyOf('mine'))).toBeUndefined();
      }
      await redis.send(['SET', admin, flipped.toString('base64')]);
      expect(await cacheOf(prefix).get(keyOf('admin'))).toBeUndefined();
      await redis.send(['SET', admin, sealed]);
      expect(await cacheOf(prefix).get(keyOf('admin'))).toBeDefined();
      time += 60_000;
      expect(await cacheOf(prefix).get(keyOf('admin'))).toBeUndefined();
      await redis.send(['DEL', admin, mine]);
    });

    it('are not remembered longer by a replica that got them from Redis', async () => {
      const prefix = freshPrefix();
      await cacheOf(prefix).set(keyOf('t'), { claims }, 60);
      const other = cacheOf(prefix);
      time += 59_000;
      expect(await other.get(keyOf('t'))).toBeDefined();
      time += 1000;
      expect(await other.get(keyOf('t'))).toBeUndefined();
    });
  });

  describe('when Redis is away', () => {
    const outcome = (work: Promise<unknown>): Promise<string> =>
      work.then(
        () => 'answered',
        (error: unknown) => (isProxyError(error) ? error.code : 'other'),
      );

    it('fail at once, and come back by themselves', async () => {
      const sessions = createRedisSessionStore({ redis, prefix: freshPrefix(), ttl: TTL });
      const limits = createRedisRateLimitStore({ redis, prefix: freshPrefix() });
      const cache = createSealedIntrospectionCache({
        redis,
        prefix: freshPrefix(),
        secret: async () => 's',
      });
      events.length = 0;
      await server.kill();
      await expect.poll(() => redis.isReady).toBe(false);
      const rule = { requests: 3, window: 60_000 };
      const owner = { issuer: 'i', subject: 'ann' };
      expect(await outcome(sessions.ownerOf('s'))).toBe('ERR_PROXY_STORE');
      expect(await outcome(sessions.remember('s', owner))).toBe('ERR_PROXY_STORE');
      expect(await outcome(limits.take('k', rule))).toBe('ERR_PROXY_STORE');
      // A provider can be asked instead, so this is no failure.
      await cache.set('t', { claims: null }, 10);
      expect(await cache.get('t')).toMatchObject({ claims: null });
      expect(await cache.get('u')).toBeUndefined();

      await server.start();
      await expect.poll(() => redis.isReady, { timeout: 15_000 }).toBe(true);
      expect(await limits.take('k', rule)).toBe(0);
      await sessions.remember('s', owner);
      expect(await sessions.ownerOf('s')).toEqual(owner);
      const said = events.map(({ level, message }) => `${level} ${message.replace(/\(.*/, '')}`);
      expect(said).toEqual(['error store: Redis is gone ', 'warn store: Redis is back']);
      expect(JSON.stringify(events)).not.toContain('a-password-of-redis');
    });

    it('may be started before it', async () => {
      await server.kill();
      const log: LogEvent[] = [];
      const early = createRedisConnection({ url: server.url, log: (event) => log.push(event) });
      early.connect();
      await expect.poll(() => log.length, { timeout: 10_000 }).toBe(1);
      expect(log[0]).toEqual({ level: 'error', message: 'store: Redis is gone (ECONNREFUSED)' });
      await server.start();
      await expect.poll(() => early.isReady, { timeout: 15_000 }).toBe(true);
      expect(await early.send(['PING'])).toBe('PONG');
      early.close();
      expect(early.isReady).toBe(false);
      expect(await outcome(early.send(['PING']))).toBe('ERR_PROXY_STORE');
    });

    it('wait for it only so long when it says nothing', async () => {
      const impatient = createRedisConnection({
        url: server.url,
        log: () => undefined,
        timeout: 100,
      });
      impatient.connect();
      await expect.poll(() => impatient.isReady, { timeout: 10_000 }).toBe(true);
      const limits = createRedisRateLimitStore({ redis: impatient, prefix: freshPrefix() });
      const rule = { requests: 30, window: 60_000 };
      server.pause();
      try {
        const asked = Array.from({ length: 20 }, () => outcome(limits.take('k', rule)));
        expect(new Set(await Promise.all(asked))).toEqual(new Set(['ERR_PROXY_STORE']));
        // Whoever comes next is told at once.
        expect(impatient.isReady).toBe(false);
        expect(await outcome(limits.take('k', rule))).toBe('ERR_PROXY_STORE');
      } finally {
        server.resume();
      }
      await expect.poll(() => impatient.isReady, { timeout: 15_000 }).toBe(true);
      expect(await limits.take('other', rule)).toBe(0);
      impatient.close();
    });

    it('says what is wrong without repeating the password', async () => {
      const told: LogEvent[] = [];
      const url = server.url.replace('a-password-of-redis', 'a-wrong-password');
      const wrong = createRedisConnection({ url, log: (event) => told.push(event) });
      wrong.connect();
      await expect.poll(() => told.length, { timeout: 10_000 }).toBe(1);
      expect(told[0]).toEqual({ level: 'error', message: 'store: Redis is gone (WRONGPASS)' });
      expect(await outcome(wrong.send(['PING']))).toBe('ERR_PROXY_STORE');
      wrong.close();
    });
  });
});

describe('createRedisStores', () => {
  it.each(['http://127.0.0.1', 'redis://', '127.0.0.1:6379', ''])(
    'refuses %j without repeating it',
    (url) => {
      const create = () => createRedisStores({ url, keyPrefix: 'thv:', log: () => undefined });
      expect(create).toThrow('"store": the URL of Redis must be redis://… or rediss://…');
    },
  );
});
