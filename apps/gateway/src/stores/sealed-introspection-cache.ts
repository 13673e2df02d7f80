/**
 * What a provider said about tokens, shared by replicas. Whoever could write such a record could be
 * anybody, so each is sealed with a key that only the replicas have: the introspection client's secret.
 * A record is good for its token alone and until its time; whatever cannot be opened is not there.
 */

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { IntrospectionCache, IntrospectionRecord } from '@thv/oidc';
import type { RedisConnection } from './redis-connection.ts';
import { redisKey } from './redis-key.ts';

export interface SealedIntrospectionCacheOptions {
  readonly redis: RedisConnection;
  /** Begins every key. */
  readonly prefix: string;
  /** The introspection client's secret; read for each record, because it may change. */
  readonly secret: () => Promise<string>;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
}

/** Most records kept in this process, so that Redis is not asked for every request. */
const MOST_NEAR = 10_000;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

interface SealedRecord extends IntrospectionRecord {
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** Creates a cache. Without Redis it remembers in this process alone, and nobody has to wait. */
export function createSealedIntrospectionCache(
  options: SealedIntrospectionCacheOptions,
): IntrospectionCache {
  const { redis, prefix, secret, now = Date.now } = options;
  const near = new Map<string, SealedRecord>();
  const keep = (key: string, record: SealedRecord): void => {
    near.delete(key);
    near.set(key, record);
    const [oldest] = near.keys();
    if (near.size > MOST_NEAR && oldest !== undefined) near.delete(oldest);
  };
  return {
    async get(key) {
      const known = near.get(key);
      if (known !== undefined) {
        if (known.until > now()) return known;
        near.delete(key);
      }
      if (!redis.isReady) return undefined;
      const name = redisKey(prefix, key);
      // An answer that cannot be had is none: the provider is asked instead.
      const sealed = await redis.send(['GET', name]).catch(() => undefined);
      const record =
        typeof sealed === 'string' ? open(sealed, name, sealingKey(await secret())) : undefined;
      if (record === undefined || record.until <= now()) return undefined;
      keep(key, record);
      return record;
    },
    async set(key, { claims }, ttl) {
      const lifetime = Math.floor(ttl * 1000);
      if (lifetime < 1) return;
      const record = { claims, until: now() + lifetime };
      keep(key, record);
      if (!redis.isReady) return;
      const name = redisKey(prefix, key);
      const sealed = seal(record, name, sealingKey(await secret()));
      // The others ask the provider themselves then.
      await redis.send(['SET', name, sealed, 'PX', String(lifetime)]).catch(() => undefined);
    },
  };
}

let lastKey: { readonly secret: string; readonly key: Buffer } | undefined;

/** RFC 5869; the purpose keeps the key apart from every other use of the secret. */
function sealingKey(secret: string): Buffer {
  if (lastKey?.secret === secret) return lastKey.key;
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'thv introspection records 1', 32));
  lastKey = { secret, key };
  return key;
}

function seal(record: SealedRecord, name: string, key: Buffer): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name));
  const body = Buffer.concat([cipher.update(JSON.stringify(record), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
}

function open(sealed: string, name: string, key: Buffer): SealedRecord | undefined {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined;
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
    .setAAD(Buffer.from(name))
    .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    const body = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
    // Safe: only a holder of the key can have written it, and `seal` writes nothing else.
    return JSON.parse(Buffer.concat([body, decipher.final()]).toString('utf8')) as SealedRecord;
  } catch {
    // Another secret, another token, or somebody's forgery.
    return undefined;
  }
}
