/** Who gives way when there are as many sessions as there may be. */

export interface Sitting {
  readonly owner: string;
  /** Milliseconds since the epoch. */
  readonly lastUsed: number;
}

/**
 * An idle one of whoever has the most, and of those the one that was not used for the longest time.
 * When all are in use, one of whoever has the most, provided that its owner keeps at least as many
 * as the newcomer will have; so one caller cannot have them all.
 */
export function whoGivesWay<E extends Sitting>(
  entries: Iterable<E>,
  newcomer: string,
  isInUse: (entry: E) => boolean,
): E | undefined {
  const counts = new Map<string, number>();
  const all = [...entries];
  for (const { owner } of all) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  const countOf = (owner: string): number => counts.get(owner) ?? 0;
  const byWeight = (a: E, b: E): number =>
    countOf(b.owner) - countOf(a.owner) || a.lastUsed - b.lastUsed;
  const [idle] = all.filter((entry) => !isInUse(entry)).sort(byWeight);
  if (idle !== undefined) return idle;
  const [busy] = all.sort(byWeight);
  return busy !== undefined && countOf(busy.owner) >= countOf(newcomer) + 2 ? busy : undefined;
}
