/** The sessions of a 2024-transport server: each belongs to one identity, all are bounded. */

import { type Sitting, whoGivesWay } from '../limit/make-room.ts';
import { ownerKey, type SessionOwner } from '../session/store.ts';
import type { SseSession } from './sse-session.ts';

export interface SseSessions {
  /** False: so many sessions are in use that there is no room for another of this identity. */
  makeRoom(owner: SessionOwner): boolean;
  add(session: SseSession, owner: SessionOwner): void;
  /** The session with this id, if it belongs to the identity. Counts as use. */
  find(id: string, owner: SessionOwner): SseSession | undefined;
  forget(id: string): void;
  /** True when some session has a connection that lives. */
  readonly hasLive: boolean;
  close(): void;
}

interface Entry extends Sitting {
  readonly session: SseSession;
  lastUsed: number;
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
    for (const { session, lastUsed } of [...entries.values()]) {
      if (now() - lastUsed <= sessionTtl) return;
      if (!session.isBusy) session.end();
    }
  };
  return {
    makeRoom(owner) {
      sweep();
      if (entries.size < maxSessions) return true;
      const isInUse = ({ session }: Entry): boolean => session.isBusy;
      const newcomer = { owner: ownerKey(owner), isInUse, now: now() };
      whoGivesWay(entries.values(), newcomer)?.session.end();
      return entries.size < maxSessions;
    },
    add(session, owner) {
      entries.set(session.id, { session, owner: ownerKey(owner), lastUsed: now() });
    },
    find(id, owner) {
      sweep();
      const entry = entries.get(id);
      if (entry === undefined || entry.owner !== ownerKey(owner)) return undefined;
      entries.delete(id);
      entries.set(id, { ...entry, lastUsed: now() });
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
