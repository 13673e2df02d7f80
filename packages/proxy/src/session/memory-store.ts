/** Sessions of one process. */

import { ownerKey, type SessionOwner, type SessionStore } from './store.ts';

export interface MemorySessionStoreOptions {
  /** Milliseconds without use after which a session is forgotten. Default two hours. */
  readonly ttl?: number;
  /**
   * Most sessions held. The least recently used go first, and only those of owners who have more than
   * their share: nobody can put out the sessions of others. Default 100,000.
   */
  readonly maxSessions?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

interface Entry {
  readonly owner: SessionOwner;
  /** Stands for the owner. */
  readonly key: string;
  readonly usedAt: number;
}

/** Creates a store that keeps sessions in memory, bounded in number and time. */
export function createMemorySessionStore(options: MemorySessionStoreOptions = {}): SessionStore {
  const ttl = options.ttl ?? 2 * 60 * 60 * 1000;
  const maxSessions = options.maxSessions ?? 100_000;
  const now = options.now ?? Date.now;
  // In order of last use, so the first entry is always the next to expire.
  const sessions = new Map<string, Entry>();
  /** How many each owner has. */
  const counts = new Map<string, number>();

  const touch = (sessionId: string, { owner, key }: Omit<Entry, 'usedAt'>): void => {
    sessions.delete(sessionId);
    sessions.set(sessionId, { owner, key, usedAt: now() });
  };
  const add = (sessionId: string, owner: SessionOwner): void => {
    const key = ownerKey(owner);
    touch(sessionId, { owner, key });
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  const remove = (sessionId: string): void => {
    const key = sessions.get(sessionId)?.key;
    if (key === undefined) return;
    sessions.delete(sessionId);
    const left = (counts.get(key) ?? 0) - 1;
    if (left > 0) counts.set(key, left);
    else counts.delete(key);
  };
  const expire = (): void => {
    for (const [sessionId, { usedAt }] of sessions) {
      if (now() - usedAt <= ttl) return;
      remove(sessionId);
    }
  };
  const makeRoom = (): void => {
    if (sessions.size <= maxSessions) return;
    // Some more than one, since those with less than their share have to be gone through each time.
    const most = maxSessions - Math.floor(maxSessions / 100);
    for (const [sessionId, { key }] of sessions) {
      if (sessions.size <= most) return;
      if ((counts.get(key) ?? 0) > most / counts.size) remove(sessionId);
    }
  };

  return {
    isOfOneProcess: true,
    ownerOf: async (sessionId) => {
      expire();
      const entry = sessions.get(sessionId);
      if (entry === undefined) return undefined;
      touch(sessionId, entry);
      return entry.owner;
    },
    remember: async (sessionId, owner) => {
      expire();
      const known = sessions.get(sessionId);
      if (known === undefined) add(sessionId, owner);
      else touch(sessionId, known);
      makeRoom();
    },
    forget: async (sessionId) => remove(sessionId),
    count: () => {
      expire();
      return sessions.size;
    },
  };
}
