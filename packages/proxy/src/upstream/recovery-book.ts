/** What is remembered of sessions, so that they can be begun anew; bounded in number and in bytes. */

import type { McpMessage } from '../mcp/message.ts';
import { isSameOwner, type SessionOwner } from '../session/store.ts';
import { createSessionMemory, type SessionMemory } from './session-memory.ts';

/** A session as its client knows it, and as the server knows it now. */
export interface RecoverableSession {
  /** Never changes. */
  readonly clientId: string;
  readonly owner: SessionOwner;
  readonly memory: SessionMemory;
  /** The id that the server has given it last. */
  serverId: string;
  /** Set while it is begun anew, for all who wait; false: it could not be. */
  renewing: Promise<boolean> | undefined;
  /** How often its client ends it, or has ended it: it is not begun anew. */
  endings: number;
  /** The client may still name an event of a server that is no more. */
  hasOldEvents: boolean;
  /** The server has said 404 to a GET of a session that it had just begun: it knows no streams. */
  isStreamless: boolean;
}

export interface RecoveryBook {
  /** A session of somebody else with this id stays as it is. */
  begin(clientId: string, initialize: McpMessage, owner: SessionOwner): void;
  /** The session with this id, if it belongs to the identity. Counts as use. */
  find(clientId: string, owner: SessionOwner): RecoverableSession | undefined;
  /** Sees to it that what `note` has added stays within bounds. */
  note(session: RecoverableSession, message: McpMessage): void;
  forget(clientId: string): void;
}

export interface RecoveryBookLimits {
  readonly maxSessions: number;
  /** Bytes of messages kept, of all sessions together. */
  readonly maxBytes: number;
}

/** Creates an empty book; the least recently used sessions are forgotten first. */
export function createRecoveryBook(limits: RecoveryBookLimits): RecoveryBook {
  const sessions = new Map<string, RecoverableSession>();
  let bytes = 0;

  const forget = (clientId: string): void => {
    bytes -= sessions.get(clientId)?.memory.size ?? 0;
    sessions.delete(clientId);
  };
  const trim = (): void => {
    for (const clientId of sessions.keys()) {
      if (sessions.size <= limits.maxSessions && bytes <= limits.maxBytes) return;
      forget(clientId);
    }
  };
  return {
    begin(clientId, initialize, { issuer, subject }) {
      const owner = { issuer, subject };
      const known = sessions.get(clientId);
      if (known !== undefined && !isSameOwner(known.owner, owner)) return;
      const memory = createSessionMemory(initialize);
      // Without its beginning, a session cannot be begun anew.
      if (memory.initialize === undefined) return;
      forget(clientId);
      sessions.set(clientId, {
        clientId,
        owner,
        memory,
        serverId: clientId,
        renewing: undefined,
        endings: 0,
        hasOldEvents: false,
        isStreamless: false,
      });
      bytes += memory.size;
      trim();
    },
    find(clientId, owner) {
      const session = sessions.get(clientId);
      if (session === undefined || !isSameOwner(session.owner, owner)) return undefined;
      sessions.delete(clientId);
      sessions.set(clientId, session);
      return session;
    },
    note(session, message) {
      const before = session.memory.size;
      session.memory.note(message);
      if (sessions.get(session.clientId) !== session) return;
      bytes += session.memory.size - before;
      trim();
    },
    forget,
  };
}
