/** Places that callers share: one caller may take all that are free, and gives way to the others. */

/** Whatever takes a place. */
export interface Holder {
  /** Its place is needed; it has lost it already. */
  giveWay(): void;
}

export interface FairPlaces {
  /**
   * Takes a place. When there is none, the oldest holder of whoever has the most gives way, provided
   * that its owner keeps at least as many as this one will have. False: there is no place.
   */
  take(owner: string, holder: Holder): boolean;
  /** Leaves its place, if it still has one. */
  leave(owner: string, holder: Holder): void;
}

export function createFairPlaces(total: number): FairPlaces {
  /** The holders of each owner, the oldest first. */
  const owners = new Map<string, Set<Holder>>();
  let taken = 0;

  const leave = (owner: string, holder: Holder): void => {
    const own = owners.get(owner);
    if (own?.delete(holder) !== true) return;
    taken -= 1;
    if (own.size === 0) owners.delete(owner);
  };
  /** True when somebody who has more than this owner would have gave way. */
  const makeRoom = (count: number): boolean => {
    let most: readonly [string, Set<Holder>] | undefined;
    for (const entry of owners) if (entry[1].size > (most?.[1].size ?? 0)) most = entry;
    const [holder] = most?.[1] ?? [];
    if (most === undefined || holder === undefined || most[1].size < count + 2) return false;
    leave(most[0], holder);
    holder.giveWay();
    return true;
  };

  return {
    take(owner, holder) {
      const own = owners.get(owner) ?? new Set<Holder>();
      if (taken >= total && !makeRoom(own.size)) return false;
      owners.set(owner, own.add(holder));
      taken += 1;
      return true;
    },
    leave,
  };
}
