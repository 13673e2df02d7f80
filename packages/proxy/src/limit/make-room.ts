/** Who gives way when there are as many sessions as there may be. */

export interface Sitting {
  readonly owner: string;
  /** Milliseconds since the epoch. */
  readonly lastUsed: number;
}

export interface Newcomer<E> {
  readonly owner: string;
  readonly isInUse: (entry: E) => boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Milliseconds without use after which an idle session gives way to anybody. */
const LONG_UNUSED = 10 * 60_000;

/**
 * An idle one of whoever has the most, and of those the one that was not used for the longest time;
 * but not to somebody who has more already, unless it was long unused. Where there is none, a busy one
 * of whoever has the most, provided that its owner keeps at least as many as the newcomer will have. So
 * one caller can neither have them all nor put the others out.
 */
export function whoGivesWay<E extends Sitting>(
  entries: Iterable<E>,
  { owner, isInUse, now }: Newcomer<E>,
): E | undefined {
  const counts = new Map<string, number>();
  const all = [...entries];
  for (const entry of all) counts.set(entry.owner, (counts.get(entry.owner) ?? 0) + 1);
  const own = counts.get(owner) ?? 0;
  let idle: Candidate<E> | undefined;
  let any: Candidate<E> | undefined;
  // Once through, since there are thousands, and a newcomer may come with every request.
  for (const entry of all) {
    const candidate = { entry, count: counts.get(entry.owner) ?? 0 };
    if (goesBefore(candidate, any)) any = candidate;
    const mayGo = candidate.count >= own || now - entry.lastUsed > LONG_UNUSED;
    if (mayGo && goesBefore(candidate, idle) && !isInUse(entry)) idle = candidate;
  }
  return idle?.entry ?? (any !== undefined && any.count >= own + 2 ? any.entry : undefined);
}

interface Candidate<E> {
  readonly entry: E;
  /** How many its owner has. */
  readonly count: number;
}

function goesBefore<E extends Sitting>(
  one: Candidate<E>,
  other: Candidate<E> | undefined,
): boolean {
  if (other === undefined || one.count !== other.count) return one.count > (other?.count ?? 0);
  return one.entry.lastUsed < other.entry.lastUsed;
}
