/** What the server says about its tools, gathered from its own lists (D30). */

import type { ToolHints } from '../authorization.ts';
import { isRecord } from '../mcp/json-rpc.ts';

const HINTS = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const;

export interface HintStore {
  /** A page of a list passed by: its tools are added, nothing is taken away. */
  observe(result: unknown): void;
  /** All pages of one listing: tools that are not in it are gone. */
  replace(pages: readonly unknown[], at: number): void;
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

  const add = (into: Map<string, ToolHints>, result: unknown): void => {
    const items = isRecord(result) ? result['tools'] : undefined;
    if (!Array.isArray(items)) return;
    for (const item of items as readonly unknown[]) {
      if (!isRecord(item) || typeof item['name'] !== 'string' || into.size >= maxTools) continue;
      const hints = readHints(item['annotations']);
      // A tool whose hints cannot be read is as good as not listed: nothing judges it by them.
      if (hints === undefined) into.delete(item['name']);
      else into.set(item['name'], hints);
    }
  };

  return {
    observe: (result) => add(tools, result),
    replace: (pages, at) => {
      const fresh = new Map<string, ToolHints>();
      for (const page of pages) add(fresh, page);
      tools = fresh;
      completeSince = at;
    },
    markStale: () => {
      completeSince = undefined;
    },
    get: (tool) => tools.get(tool),
    get completeSince() {
      return completeSince;
    },
  };
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
