/** Where the development provider keeps clients, sessions, grants and tokens: in memory, until it stops. */
import type { Adapter, AdapterPayload } from 'oidc-provider';

interface Entry {
  readonly model: string;
  readonly payload: AdapterPayload;
  readonly expiresAt: number;
}

export interface MemoryStore {
  /** The `adapter` of a provider. Providers made one after the other share what was stored. */
  adapter(model: string): Adapter;
}

/** A provider that runs for weeks must not grow for ever; the oldest entries go first. */
const MAX_ENTRIES = 10_000;

export function createMemoryStore(now: () => number = Date.now): MemoryStore {
  const entries = new Map<string, Entry>();

  function live(key: string): AdapterPayload | undefined {
    const entry = entries.get(key);
    if (entry !== undefined && entry.expiresAt <= now()) {
      entries.delete(key);
      return undefined;
    }
    return entry?.payload;
  }

  function findBy(model: string, field: 'uid' | 'userCode', value: string) {
    for (const [key, entry] of entries) {
      if (entry.model === model && entry.payload[field] === value) {
        return live(key);
      }
    }
    return undefined;
  }

  return {
    adapter(model) {
      const keyOf = (id: string) => `${model}:${id}`;
      return {
        async upsert(id, payload, expiresIn) {
          const expiresAt = expiresIn === undefined ? Infinity : now() + expiresIn * 1000;
          entries.delete(keyOf(id));
          entries.set(keyOf(id), { model, payload, expiresAt });
          const oldest = entries.keys().next();
          if (entries.size > MAX_ENTRIES && !oldest.done) {
            entries.delete(oldest.value);
          }
        },
        find: async (id) => live(keyOf(id)),
        findByUid: async (uid) => findBy(model, 'uid', uid),
        findByUserCode: async (userCode) => findBy(model, 'userCode', userCode),
        async consume(id) {
          const payload = live(keyOf(id));
          if (payload !== undefined) {
            payload.consumed = Math.floor(now() / 1000);
          }
        },
        async destroy(id) {
          entries.delete(keyOf(id));
        },
        async revokeByGrantId(grantId) {
          for (const [key, entry] of entries) {
            if (entry.payload.grantId === grantId) {
              entries.delete(key);
            }
          }
        },
      };
    },
  };
}
