/**
 * Sessions that their server no longer knows. A client that is told so begins another one (MCP
 * 2025-11-25, session management), so what is remembered of the old one is of no use; but not every
 * client does, and some servers say so only while they are being replaced.
 */

export interface LostSessions {
  /** The server does not know the session now. */
  mark(sessionId: string): void;
  /** The server knows it. */
  clear(sessionId: string): void;
}

export interface LostSessionsOptions {
  /** Called once for a session that has been lost for longer than `grace`. */
  readonly onOver: (sessionId: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds. Default one minute. */
  readonly grace?: number;
  /** Most sessions waited for; those lost first are over first. Default 10,000. */
  readonly maxSessions?: number;
}

/** Creates a book of none. Time is looked at whenever something is said. */
export function createLostSessions(options: LostSessionsOptions): LostSessions {
  const { onOver, now, grace = 60_000, maxSessions = 10_000 } = options;
  /** When each was lost, in that order. */
  const lost = new Map<string, number>();
  const sweep = (): void => {
    for (const [sessionId, at] of lost) {
      if (lost.size <= maxSessions && now() - at <= grace) return;
      lost.delete(sessionId);
      onOver(sessionId);
    }
  };
  return {
    mark(sessionId) {
      if (!lost.has(sessionId)) lost.set(sessionId, now());
      sweep();
    },
    clear(sessionId) {
      if (lost.size === 0) return;
      lost.delete(sessionId);
      sweep();
    },
  };
}
