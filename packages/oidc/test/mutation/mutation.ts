/** A security check, the edit that removes it, and the tests that must notice. */

/** One check taken away. */
export interface Mutation {
  readonly name: string;
  /** Below `src/`. */
  readonly file: string;
  /** Must occur exactly once in the file. */
  readonly search: string;
  readonly replacement: string;
  /** Filters of the test run; when these notice nothing, the whole suite is asked. */
  readonly tests: readonly string[];
}

type Edit = readonly [name: string, search: string, replacement: string];

/** Edits of one file. */
export function inFile(file: string, tests: readonly string[], edits: readonly Edit[]): Mutation[] {
  return edits.map(([name, search, replacement]) => ({ file, tests, name, search, replacement }));
}
