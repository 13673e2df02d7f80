/** The sessions of a 2024-transport server: each belongs to one identity, all are bounded. */

import { ownerKey, type SessionOwner } from '../session/store.ts';
import type { SseSession } from './sse-session.ts';

export interface SseSessions {
  /** False: so many sessions are in use that there is no room for another. */
  makeRoom(): boolean;
  add(session: SseSession, owner: SessionOwner): void;
  /** The session with this id, if it belongs to the identity. Counts as use. */
  find(id: string, owner: SessionOwner): SseSession | undefined;
  forget(id: string): void;
  /** True when some session has a connection that lives. */
  readonly hasLive: boolean;
  close(): void;
}

interface Entry {
  readonly session: SseSession;
  readonly owner: string;
  usedAt: number;
}

export interface SseSessionsOptions {
  /** Milliseconds without use. */
  readonly sessionTtl: number;
  readonly maxSessions: number;
  readonly now: () => number;
}

export function createSseSessions(options: SseSessionsOptions): SseSessions {
  const { sessionTtl, maxSessions, now } = options;
  // In order of last use, so that the first ones are the next to go.
  const entries = new Map<string, Entry>();

  const sweep = (): void => {
    for (const { session, usedAt } of [...entries.values()]) {
      if (now() - usedAt <= sessionTtl) return;
      if (!session.isBusy) session.end();
    }
  };
  /** Room is made at the cost of whoever holds the most sessions, never of one that is in use. */
  const evict = (): void => {
    const counts = new Map<string, number>();
    for (const { owner } of entries.values()) counts.set(owner, (counts.get(owner) ?? 0) + 1);
    const idle = [...entries.values()].filter(({ session }) => !session.isBusy);
    const weight = ({ owner }: Entry): number => counts.get(owner) ?? 0;
    const [victim] = idle.sort((a, b) => weight(b) - weight(a) || a.usedAt - b.usedAt);
    victim?.session.end();
  };

  return {
    makeRoom() {
      sweep();
      if (entries.size >= maxSessions) evict();
      return entries.size < maxSessions;
    },
    add(session, owner) {
      entries.set(session.id, { session, owner: ownerKey(owner), usedAt: now() });
    },
    find(id, owner) {
      sweep();
      const entry = entries.get(id);
      if (entry === undefined || entry.owner !== ownerKey(owner)) return undefined;
      entries.delete(id);
      entries.set(id, { ...entry, usedAt: now() });
      return entry.session;
    },
    forget(id) {
      entries.delete(id);
    },
    get hasLive() {
      return [...entries.values()].some(({ session }) => session.isLive);
    },
    close() {
      for (const { session } of [...entries.values()]) session.end();
    },
  };
}
