/** What the server says about its tools, gathered from its own lists (D30). */

import type { ToolHints } from '../authorization.ts';
import { isRecord } from '../mcp/json-rpc.ts';

const HINTS = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const;

export interface HintStore {
  /**
   * A page of a list passed by: its tools are added, nothing is taken away. What was asked for before
   * that which is known says nothing: callers choose when they read it.
   *
   * @param askedAt milliseconds since the epoch
   */
  observe(result: unknown, askedAt: number): void;
  /** Begins a whole listing; `at` in milliseconds since the epoch. */
  list(at: number): Listing;
  /** The server says that its list changed: what is known has to be fetched again. */
  markStale(at: number): void;
  get(tool: string): ToolHints | undefined;
  /** Milliseconds since the epoch of the last whole listing that is still good. */
  readonly completeSince: number | undefined;
}

/** The pages of one list, of which no more is kept than the hints. */
export interface Listing {
  add(page: unknown): void;
  /**
   * That was all: tools that are not in it are gone. After a change in the meantime it is no whole list
   * any more.
   */
  end(): void;
}

/** What a list says of each tool; undefined where that cannot be read. */
type Said = Map<string, ToolHints | undefined>;

/** Servers choose the names, and longer ones are nothing that anybody remembers. */
const MAX_NAME_LENGTH = 1024;

/** Creates an empty store. Tools are never more than `maxTools`: a server's list is its own input. */
export function createHintStore(maxTools = 50_000): HintStore {
  let tools = new Map<string, ToolHints>();
  let completeSince: number | undefined;
  let changes = 0;
  /** When the newest was asked for of what is known. */
  let newest = Number.NEGATIVE_INFINITY;

  const read = (into: Said, page: unknown): void => {
    for (const item of itemsOf(page)) {
      if (!isRecord(item) || typeof item['name'] !== 'string') continue;
      const name = item['name'];
      if (name.length > MAX_NAME_LENGTH || (into.size >= maxTools && !into.has(name))) continue;
      const hints = readHints(item['annotations']);
      // A list that says two things of one tool says nothing of it.
      into.set(name, into.has(name) && !isSame(into.get(name), hints) ? undefined : hints);
    }
  };
  const learn = (into: Map<string, ToolHints>, said: Said): void => {
    for (const [name, hints] of said) {
      // A tool whose hints cannot be read is as good as not listed: nothing judges it by them.
      if (hints === undefined) into.delete(name);
      else if (into.size < maxTools || into.has(name)) into.set(name, hints);
    }
  };

  return {
    observe: (result, askedAt) => {
      if (askedAt < newest) return;
      newest = askedAt;
      const said: Said = new Map();
      read(said, result);
      learn(tools, said);
    },
    list: (at) => {
      const said: Said = new Map();
      const begunAfter = changes;
      return {
        add: (page) => read(said, page),
        end: () => {
          tools = new Map();
          learn(tools, said);
          newest = Math.max(newest, at);
          if (begunAfter === changes) completeSince = at;
        },
      };
    },
    markStale: (at) => {
      changes += 1;
      completeSince = undefined;
      // Whether it was asked for before the change cannot be told within one millisecond.
      newest = Math.max(newest, at + 1);
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
