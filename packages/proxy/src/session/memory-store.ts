/** Sessions of one process. */

import type { SessionOwner, SessionStore } from './store.ts';

export interface MemorySessionStoreOptions {
  /** Milliseconds without use after which a session is forgotten. Default two hours. */
  readonly ttl?: number;
  /** Most sessions held; the least recently used go first. Default 100,000. */
  readonly maxSessions?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

interface Entry {
  readonly owner: SessionOwner;
  readonly usedAt: number;
}

/** Creates a store that keeps sessions in memory, bounded in number and time. */
export function createMemorySessionStore(options: MemorySessionStoreOptions = {}): SessionStore {
  const ttl = options.ttl ?? 2 * 60 * 60 * 1000;
  const maxSessions = options.maxSessions ?? 100_000;
  const now = options.now ?? Date.now;
  // In order of last use, so the first entry is always the next to go.
  const sessions = new Map<string, Entry>();

  const touch = (sessionId: string, owner: SessionOwner): void => {
    sessions.delete(sessionId);
    sessions.set(sessionId, { owner, usedAt: now() });
  };
  const sweep = (): void => {
    for (const [sessionId, entry] of sessions) {
      if (sessions.size <= maxSessions && now() - entry.usedAt <= ttl) return;
      sessions.delete(sessionId);
    }
  };

  return {
    isOfOneProcess: true,
    ownerOf: async (sessionId) => {
      sweep();
      const entry = sessions.get(sessionId);
      if (entry === undefined) return undefined;
      touch(sessionId, entry.owner);
      return entry.owner;
    },
    remember: async (sessionId, owner) => {
      sweep();
      touch(sessionId, sessions.get(sessionId)?.owner ?? owner);
      sweep();
    },
    forget: async (sessionId) => {
      sessions.delete(sessionId);
    },
    count: () => {
      sweep();
      return sessions.size;
    },
  };
}
