/** Allowances that replicas count together, by the clock of Redis: theirs may differ. */

import type { RateLimitStore } from '@thv/proxy';
import type { RedisConnection } from './redis-connection.ts';
import { redisKey } from './redis-key.ts';

export interface RedisRateLimitStoreOptions {
  readonly redis: RedisConnection;
  /** Begins every key. */
  readonly prefix: string;
}

/**
 * The generic cell rate algorithm in one step. A key holds the time, in microseconds, at which its
 * allowance is full again, and goes away then. It is never more than a window ahead, so that a clock
 * that was set back keeps nobody out for longer.
 */
const TAKE = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local window = tonumber(ARGV[2]) * 1000
local interval = window / tonumber(ARGV[1])
local stored = tonumber(redis.call('GET', KEYS[1]) or '0') or 0
local full = math.min(math.max(stored, now), now + window)
local wait = full + interval - now - window
local taken = wait <= 1
if taken then full = full + interval end
if taken or full < stored then
  redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1)
end
if taken then return 0 end
return math.ceil(wait / 1000)
`;

/** Creates a store. Keys are hashes, as short as they are silent about who asks. */
export function createRedisRateLimitStore(options: RedisRateLimitStoreOptions): RateLimitStore {
  const { redis, prefix } = options;
  return {
    take: async (key, { requests, window }) => {
      const limit = [String(requests), String(window)];
      const wait = await redis.send(['EVAL', TAKE, '1', redisKey(prefix, key), ...limit]);
      // Safe to refuse with: whatever else is there was not written by the script.
      return typeof wait === 'number' ? wait : window;
    },
  };
}
