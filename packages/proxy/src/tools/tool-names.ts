/** The two names of every tool: the server's own, which is judged, and the one that callers see. */

import { assertToolOptions, foldToolName, type ToolOptions } from './tool-options.ts';

/** Total and one to one: `realOf(shownOf(tool)) === tool`, or the tool does not exist for callers. */
export interface ToolNames {
  /** The server's name of a tool that is called by `shown`; undefined when there is no such tool. */
  realOf(shown: string): string | undefined;
  /** The name under which callers see a tool of the server; undefined when they do not. */
  shownOf(real: string): string | undefined;
  /** What callers are told of it in place of the server's own words. */
  descriptionOf(real: string): string | undefined;
  /** True when `real` is hidden because an override has given its name away, not because of `only`. */
  isShadowed(real: string): boolean;
  /** Every name of the options, as the server would have to know it. */
  readonly expected: readonly string[];
}

/**
 * Creates the names.
 *
 * A name that an override gives away or takes stands for nothing else, in any spelling that a server
 * might take for it: whatever the server calls so is hidden, in lists as in calls.
 *
 * @throws {TypeError} as {@link assertToolOptions}
 */
export function createToolNames(options: ToolOptions): ToolNames {
  assertToolOptions(options);
  const renamed = new Map<string, string>();
  const descriptions = new Map<string, string>();
  for (const [real, { name, description }] of Object.entries(options.override ?? {})) {
    if (name !== undefined && name !== real) renamed.set(real, name);
    if (description !== undefined) descriptions.set(real, description);
  }
  const reals = new Map([...renamed].map(([real, shown]) => [shown, real]));
  const reserved = new Set([...renamed].flat().map(foldToolName));
  const only = options.only === undefined ? undefined : new Set(options.only);

  const longest = Math.max(0, ...[...reserved].map((name) => name.length)) * MOST_FOLDED;
  const isReserved = (name: string): boolean =>
    // Folding megabytes takes a second; composing makes four characters one, at most.
    name.trim().length <= longest && reserved.has(foldToolName(name));
  const isShadowed = (name: string): boolean => !renamed.has(name) && isReserved(name);
  const realOf = (shown: string): string | undefined => {
    if (only !== undefined && !only.has(shown)) return undefined;
    const real = reals.get(shown);
    if (real !== undefined) return real;
    return isReserved(shown) ? undefined : shown;
  };
  return {
    realOf,
    shownOf: (real) => {
      if (isShadowed(real)) return undefined;
      const shown = renamed.get(real) ?? real;
      return only === undefined || only.has(shown) ? shown : undefined;
    },
    descriptionOf: (real) => descriptions.get(real),
    isShadowed,
    expected: [
      ...new Set([
        ...Object.keys(options.override ?? {}),
        ...(options.only ?? []).flatMap((shown) => realOf(shown) ?? []),
      ]),
    ],
  };
}

/** Characters that folding makes one of, with something to spare. */
const MOST_FOLDED = 8;
