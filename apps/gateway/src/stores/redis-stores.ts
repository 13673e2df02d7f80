/** Everything that replicas share, in one Redis. */

import type { LogEvent } from '@thv/compose';
import type { SharedStores } from './open-stores.ts';
import { createRedisConnection } from './redis-connection.ts';
import { createRedisRateLimitStore } from './redis-rate-limit-store.ts';
import { createRedisSessionStore } from './redis-session-store.ts';
import { createSealedIntrospectionCache } from './sealed-introspection-cache.ts';

export interface RedisStoresOptions {
  readonly url: string;
  /** Begins every key. */
  readonly keyPrefix: string;
  readonly log: (event: LogEvent) => void;
}

/** Milliseconds without use after which a session is forgotten, as in memory. */
const SESSION_TTL = 2 * 60 * 60 * 1000;
/** Milliseconds that a start waits for Redis. */
const PATIENCE = 3000;
const LOOK_EVERY = 20;

/**
 * Creates the stores; nothing is connected yet.
 *
 * @throws {TypeError} when the URL is none of Redis; the message does not repeat it
 */
export function createRedisStores({ url, keyPrefix, log }: RedisStoresOptions): SharedStores {
  const parsed = URL.parse(url);
  if (parsed === null || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === '') {
    throw new TypeError('"store": the URL of Redis must be redis://… or rediss://…');
  }
  const redis = createRedisConnection({ url, log });
  return {
    sessionsOf: (server, ttl = SESSION_TTL) =>
      createRedisSessionStore({
        redis,
        prefix: `${keyPrefix}session:${server}:`,
        ttl,
      }),
    rateLimits: createRedisRateLimitStore({ redis, prefix: `${keyPrefix}rate:` }),
    introspectionCache: (secret) =>
      createSealedIntrospectionCache({ redis, prefix: `${keyPrefix}token:`, secret }),
    async connect(signal) {
      redis.connect();
      const until = performance.now() + PATIENCE;
      while (!redis.isReady && performance.now() < until && !signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
      }
    },
    isReady: () => redis.isReady,
    close: () => redis.close(),
  };
}
