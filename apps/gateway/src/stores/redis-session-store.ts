/** Sessions that every replica knows. */

import type { SessionOwner, SessionStore } from '@thv/proxy';
import type { RedisConnection } from './redis-connection.ts';
import { redisKey } from './redis-key.ts';

export interface RedisSessionStoreOptions {
  readonly redis: RedisConnection;
  /** Begins every key; another one for each server, whose session ids are its own affair. */
  readonly prefix: string;
  /** Milliseconds without use after which a session is forgotten. */
  readonly ttl: number;
}

/** Creates a store. Keys are hashes of session ids: an id is half of what continues a session. */
export function createRedisSessionStore(options: RedisSessionStoreOptions): SessionStore {
  const { redis, prefix } = options;
  const ttl = String(options.ttl);
  const keyOf = (sessionId: string): string => redisKey(prefix, sessionId);
  return {
    ownerOf: async (sessionId) =>
      readOwner(await redis.send(['GETEX', keyOf(sessionId), 'PX', ttl])),
    remember: async (sessionId, { issuer, subject }) => {
      const owner = JSON.stringify([issuer, subject]);
      await redis.send(['SET', keyOf(sessionId), owner, 'NX', 'PX', ttl]);
    },
    forget: async (sessionId) => {
      await redis.send(['DEL', keyOf(sessionId)]);
    },
  };
}

/** What is there but was not written by us belongs to nobody. */
function readOwner(value: unknown): SessionOwner | undefined {
  if (typeof value !== 'string') return undefined;
  let owner: unknown;
  try {
    owner = JSON.parse(value);
  } catch {
    return undefined;
  }
  if (!Array.isArray(owner) || owner.length !== 2) return undefined;
  const [issuer, subject]: readonly unknown[] = owner;
  return typeof issuer === 'string' && typeof subject === 'string'
    ? { issuer, subject }
    : undefined;
}
