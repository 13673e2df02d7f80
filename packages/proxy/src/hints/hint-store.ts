/** What the server says about its tools, gathered from its own lists (D30). */

import type { ToolHints } from '../authorization.ts';
import { isRecord } from '../mcp/json-rpc.ts';

const HINTS = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const;

export interface HintStore {
  /** A page of a list passed by: its tools are added, nothing is taken away. */
  observe(result: unknown): void;
  /**
   * All pages of one listing: tools that are not in it are gone. `change` is what `changes` was when
   * the listing began: after a change in the meantime it is no whole list any more.
   */
  replace(pages: readonly unknown[], begun: { readonly at: number; readonly change: number }): void;
  /** How often the server has said that its list changed. */
  readonly changes: number;
  /** The server says that its list changed: what is known has to be fetched again. */
  markStale(): void;
  get(tool: string): ToolHints | undefined;
  /** Milliseconds since the epoch of the last whole listing that is still good. */
  readonly completeSince: number | undefined;
}

/** Creates an empty store. Tools are never more than `maxTools`: a server's list is its own input. */
export function createHintStore(maxTools = 50_000): HintStore {
  let tools = new Map<string, ToolHints>();
  let completeSince: number | undefined;
  let changes = 0;

  const add = (into: Map<string, ToolHints>, pages: readonly unknown[]): void => {
    const seen = new Map<string, ToolHints | undefined>();
    for (const item of pages.flatMap(itemsOf)) {
      if (!isRecord(item) || typeof item['name'] !== 'string') continue;
      const name = item['name'];
      const hints = readHints(item['annotations']);
      // A list that says two things of one tool says nothing of it.
      seen.set(name, seen.has(name) && !isSame(seen.get(name), hints) ? undefined : hints);
    }
    for (const [name, hints] of seen) {
      // A tool whose hints cannot be read is as good as not listed: nothing judges it by them.
      if (hints === undefined) into.delete(name);
      else if (into.size < maxTools || into.has(name)) into.set(name, hints);
    }
  };

  return {
    observe: (result) => add(tools, [result]),
    replace: (pages, { at, change }) => {
      const fresh = new Map<string, ToolHints>();
      add(fresh, pages);
      tools = fresh;
      if (change === changes) completeSince = at;
    },
    markStale: () => {
      changes += 1;
      completeSince = undefined;
    },
    get changes() {
      return changes;
    },
    get: (tool) => tools.get(tool),
    get completeSince() {
      return completeSince;
    },
  };
}

function itemsOf(result: unknown): readonly unknown[] {
  const items = isRecord(result) ? result['tools'] : undefined;
  return Array.isArray(items) ? items : [];
}

function isSame(a: ToolHints | undefined, b: ToolHints | undefined): boolean {
  return HINTS.every((name) => a?.[name] === b?.[name]) && (a === undefined) === (b === undefined);
}

/** The hints of one tool; undefined when one of them is not a boolean. */
function readHints(annotations: unknown): ToolHints | undefined {
  if (annotations === undefined || annotations === null) return {};
  if (!isRecord(annotations)) return undefined;
  const hints: { -readonly [K in keyof ToolHints]: ToolHints[K] } = {};
  for (const name of HINTS) {
    const value = annotations[name];
    if (value === undefined) continue;
    if (typeof value !== 'boolean') return undefined;
    hints[name] = value;
  }
  return hints;
}
