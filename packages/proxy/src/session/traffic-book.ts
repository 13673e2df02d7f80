/** The traffic of every session in this process, bounded. */

import { createSessionTraffic, type SessionTraffic } from './traffic.ts';

export interface TrafficBook {
  /** The traffic of a session, begun when it is first asked for. */
  of(key: string): SessionTraffic;
  forget(key: string): void;
}

/** Creates the book; the least recently used session's traffic is dropped when it is full. */
export function createTrafficBook(maxSessions = 10_000): TrafficBook {
  const book = new Map<string, SessionTraffic>();
  let hasDropped = false;
  return {
    of: (key) => {
      const traffic = book.get(key) ?? createSessionTraffic(hasDropped);
      book.delete(key);
      book.set(key, traffic);
      if (book.size > maxSessions) {
        const oldest = book.keys().next().value;
        if (oldest !== undefined) hasDropped = book.delete(oldest);
      }
      return traffic;
    },
    forget: (key) => {
      book.delete(key);
    },
  };
}
