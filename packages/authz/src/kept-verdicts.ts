/** The decisions of one plan, by what of a call makes a difference. Most plans decide one call only. */
import type { Verdict } from './verdict.ts';

/** Decisions that are kept. */
export interface KeptVerdicts {
  first: { readonly key: string; readonly verdict: Verdict } | undefined;
  /** The others, if there are any. */
  more: Map<string, Verdict> | undefined;
}

const MAX_VERDICTS = 16;

/** The decision that was kept under a key. */
export function recallVerdict({ first, more }: KeptVerdicts, key: string): Verdict | undefined {
  return first?.key === key ? first.verdict : more?.get(key);
}

/** Keeps a decision; forgets others when there are too many. */
export function keepVerdict(kept: KeptVerdicts, key: string, verdict: Verdict): void {
  if (kept.first === undefined) {
    kept.first = { key, verdict };
    return;
  }
  if (kept.more === undefined || kept.more.size >= MAX_VERDICTS) {
    kept.more = new Map();
  }
  kept.more.set(key, verdict);
}
