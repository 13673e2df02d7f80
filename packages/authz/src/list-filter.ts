/** Filters list results on generic JSON, item by item (D29). */
import { isRecord } from './config-reader.ts';
import { AuthzError } from './errors.ts';
import { HINT_NAMES } from './hints.ts';
import { LISTS } from './operations.ts';
import type { FilteredList, ListKind, PolicyError, ToolHints } from './request.ts';
import type { Verdict } from './verdict.ts';

/** One item of a list that can be judged. */
export interface ListItem {
  readonly index: number;
  readonly target: string;
  readonly hints: ToolHints | undefined;
}

/** A list result as it can be judged: the array, and the items that are well formed. */
export type ReadList =
  | {
      readonly ok: true;
      readonly result: Record<string, unknown>;
      readonly array: string;
      readonly all: readonly unknown[];
      readonly items: readonly ListItem[];
    }
  | { readonly ok: false; readonly reason: string };

/** Reads a list result. Items without a name, or with a hint of a wrong type, are left out. */
export function readList(list: ListKind, result: unknown): ReadList {
  const { array, name } = LISTS[list];
  if (!isRecord(result)) {
    return { ok: false, reason: 'the result is not an object' };
  }
  const all = Object.hasOwn(result, array) ? result[array] : undefined;
  if (!Array.isArray(all)) {
    return { ok: false, reason: `the result has no array "${array}"` };
  }
  const items: ListItem[] = [];
  for (const [index, item] of all.entries()) {
    const target: unknown = isRecord(item) && Object.hasOwn(item, name) ? item[name] : undefined;
    const hints = list === 'tools' ? readHints(item) : undefined;
    if (typeof target === 'string' && hints !== 'malformed') {
      items.push({ index, target, hints });
    }
  }
  return { ok: true, result: result as Record<string, unknown>, array, all, items };
}

/** Leaves the allowed items in the result, which is changed in place. One verdict per item. */
export function filterRead(
  list: Extract<ReadList, { ok: true }>,
  verdicts: readonly Verdict[],
): FilteredList {
  const { result, array, all, items } = list;
  const errors = new Map<string, PolicyError>();
  const kept: number[] = [];
  for (const [at, item] of items.entries()) {
    const verdict = verdicts[at];
    for (const error of verdict?.errors ?? []) {
      errors.set(`${error.policy}\0${error.message}`, error);
    }
    if (verdict?.allowed === true) {
      kept.push(item.index);
    }
  }
  result[array] = kept.map((index) => all[index]);
  if (Object.hasOwn(result, 'cacheScope')) {
    result['cacheScope'] = 'private';
  }
  return {
    ok: true,
    kept,
    dropped: all.length - kept.length,
    result,
    // Items often share a verdict.
    policies: [...new Set([...new Set(verdicts)].flatMap(({ policies }) => policies))],
    errors: [...errors.values()],
  };
}

function readHints(item: unknown): ToolHints | 'malformed' | undefined {
  if (!isRecord(item) || !Object.hasOwn(item, 'annotations')) {
    return undefined;
  }
  const { annotations } = item;
  if (!isRecord(annotations)) {
    return annotations === undefined ? undefined : 'malformed';
  }
  for (const name of HINT_NAMES) {
    if (Object.hasOwn(annotations, name) && typeof annotations[name] !== 'boolean') {
      return 'malformed';
    }
  }
  // Every hint that is there has been seen to be a boolean.
  return annotations as ToolHints;
}

/** The error report for something that is no policy's fault. */
export function toReport(error: unknown): PolicyError {
  const known = error instanceof AuthzError ? error.problem : 'the request could not be evaluated';
  return { policy: '', message: known };
}
