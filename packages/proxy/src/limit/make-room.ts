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
  const countOf = (one: string): number => counts.get(one) ?? 0;
  const byWeight = (a: E, b: E): number =>
    countOf(b.owner) - countOf(a.owner) || a.lastUsed - b.lastUsed;
  const mayGo = (entry: E): boolean =>
    !isInUse(entry) &&
    (countOf(entry.owner) >= countOf(owner) || now - entry.lastUsed > LONG_UNUSED);
  const [idle] = all.filter(mayGo).sort(byWeight);
  if (idle !== undefined) return idle;
  const [busy] = all.sort(byWeight);
  return busy !== undefined && countOf(busy.owner) >= countOf(owner) + 2 ? busy : undefined;
}
