/** The traffic of every session in this process, bounded. */

import { createSessionTraffic, type SessionTraffic } from './traffic.ts';

export interface TrafficBook {
  /** The traffic of a session, begun when it is first asked for. */
  of(key: string): SessionTraffic;
  forget(key: string): void;
}

interface Entry {
  readonly traffic: SessionTraffic;
  /** Turn at which it moved to the back. */
  movedAt: number;
}

export interface TrafficBookOptions {
  /** True when there may be traffic of the same sessions that this book never sees. */
  readonly hasGaps: boolean;
  /** Default 10,000. */
  readonly maxSessions?: number;
}

/** Creates the book; the least recently used session's traffic is dropped when it is full. */
export function createTrafficBook(options: TrafficBookOptions): TrafficBook {
  const { maxSessions = 10_000 } = options;
  const book = new Map<string, Entry>();
  const patience = maxSessions >> 1;
  let { hasGaps } = options;
  let turn = 0;
  const moveToBack = (key: string, entry: Entry): void => {
    book.delete(key);
    book.set(key, entry);
    entry.movedAt = turn;
  };
  return {
    of: (key) => {
      turn += 1;
      const known = book.get(key);
      if (known !== undefined) {
        // Moving costs more than all else here, and until then it can only be in the younger half.
        if (turn - known.movedAt >= patience) moveToBack(key, known);
        return known.traffic;
      }
      const traffic = createSessionTraffic(hasGaps);
      moveToBack(key, { traffic, movedAt: turn });
      if (book.size > maxSessions) {
        const oldest = book.keys().next().value;
        if (oldest !== undefined) hasGaps = book.delete(oldest);
      }
      return traffic;
    },
    forget: (key) => {
      book.delete(key);
    },
  };
}
