/** What happened, by kind. The kinds below `FATAL` must not happen at all. */

export const FATAL = [
  /** An answer that belongs to another call. */
  'misdelivered',
  /** No answer, or a broken connection. */
  'lost',
  /** Something that no outage explains: 401, 403, 500, a tool that is not permitted. */
  'wrong',
] as const;

export type Kind =
  | (typeof FATAL)[number]
  | 'ok'
  | 'outage'
  | 'session-gone'
  | 'left'
  | 'events'
  | 'opened'
  | 'reopened';

export interface Tally {
  count(kind: Kind, detail?: string): void;
  of(kind: Kind): number;
  /** The first few details of what must not happen. */
  readonly complaints: readonly string[];
  readonly text: string;
}

export function createTally(): Tally {
  const counts = new Map<Kind, number>();
  const complaints: string[] = [];
  return {
    count(kind, detail) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      if (FATAL.some((one) => one === kind) && complaints.length < 20) {
        complaints.push(`${kind}: ${detail ?? ''}`);
      }
    },
    of: (kind) => counts.get(kind) ?? 0,
    complaints,
    get text() {
      return [...counts].map(([kind, count]) => `${kind} ${count}`).join(', ');
    },
  };
}
