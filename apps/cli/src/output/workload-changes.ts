/** What `thv stop`, `start`, `restart` and `rm` print: a line for each server. Pure. */
import { toJsonLine } from './json-line.ts';

export interface Change {
  readonly name: string;
  readonly ok: boolean;
  /** Follows the name: "stopped"; or why it failed, which stderr has said already. */
  readonly result: string;
  readonly url?: string;
}

export function renderChanges(changes: readonly Change[], format: 'text' | 'json'): string {
  if (format === 'json') {
    return toJsonLine(
      changes.map(({ name, ok, result, url }) => ({ name, ok, result, url: url ?? null })),
    );
  }
  return changes
    .filter(({ ok }) => ok)
    .map(({ name, result, url }) => `${name}: ${result}${url === undefined ? '' : `, ${url}`}\n`)
    .join('');
}
