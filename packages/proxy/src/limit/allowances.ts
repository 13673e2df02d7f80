/**
 * Allowances in memory, counted by the generic cell rate algorithm (GCRA): one number for each key,
 * the time at which its allowance will be full again. There is no window whose end gives everybody
 * everything back, and the time to wait is exact.
 */

import type { RateLimit } from './rate-limit.ts';

export interface AllowancesOptions {
  readonly limit: RateLimit;
  /** Most keys held. */
  readonly maxKeys: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Allowances of many keys under one limit. */
export interface Allowances {
  /** Takes one. @returns milliseconds until one more is allowed; 0 when this one is */
  take(key: string): number;
  /** Sets one aside, to be taken or given back by `settle`. @returns as `take` does */
  reserve(key: string): number;
  settle(key: string, isTaken: boolean): void;
  readonly size: number;
}

interface Entry {
  /** When the allowance will be full. */
  full: number;
  reserved: number;
}

/** Creates full allowances for every key there is; only those that are not full take memory. */
export function createAllowances({ limit, maxKeys, now }: AllowancesOptions): Allowances {
  const { window } = limit;
  const interval = window / limit.requests;
  const entries = new Map<string, Entry>();

  const waitFor = (entry: Entry, at: number): number => {
    // Never more than a window ahead: a clock that was set back must not keep anybody out for longer.
    entry.full = Math.min(Math.max(entry.full, at), at + window);
    const ahead = entry.full + (entry.reserved + 1) * interval - at - window;
    // Sums of intervals are a little off; a thousandth of a millisecond is nothing to wait for.
    return ahead > 1e-3 ? ahead : 0;
  };
  const open = (key: string, at: number): Entry => {
    const known = entries.get(key);
    if (known !== undefined) return known;
    const entry = { full: at, reserved: 0 };
    makeRoom(entries, maxKeys, at);
    entries.set(key, entry);
    return entry;
  };

  return {
    take(key) {
      const at = now();
      const entry = open(key, at);
      const wait = waitFor(entry, at);
      if (wait === 0) entry.full += interval;
      return wait;
    },
    reserve(key) {
      const at = now();
      const entry = open(key, at);
      const wait = waitFor(entry, at);
      if (wait === 0) entry.reserved += 1;
      return wait;
    },
    settle(key, isTaken) {
      const entry = entries.get(key);
      // One that had to make room is forgotten with what it had set aside.
      if (entry === undefined) return;
      const at = now();
      entry.reserved = Math.max(0, entry.reserved - 1);
      if (isTaken) entry.full = Math.max(entry.full, at) + interval;
      else if (entry.reserved === 0 && entry.full <= at) entries.delete(key);
    },
    get size() {
      return entries.size;
    },
  };
}

/** Entries looked at for each new one; what is forgotten keeps ahead of what comes. */
const LOOKED_AT = 4;

/**
 * Forgets allowances that are full again. Where all are in use, the fullest of those looked at goes:
 * a flood of new keys drives itself out and not those that have taken much.
 */
function makeRoom(entries: Map<string, Entry>, maxKeys: number, now: number): void {
  let fullest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  let looked = 0;
  for (const [key, entry] of entries) {
    if (looked === LOOKED_AT) break;
    looked += 1;
    entries.delete(key);
    if (entry.full <= now && entry.reserved === 0) continue;
    // To the back, so that the next look finds others.
    entries.set(key, entry);
    if (entry.full < least) {
      fullest = key;
      least = entry.full;
    }
  }
  if (entries.size >= maxKeys && fullest !== undefined) entries.delete(fullest);
}
