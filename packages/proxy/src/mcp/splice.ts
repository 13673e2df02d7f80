/** Replaces single values inside JSON text, so that every other byte stays as it was. */

import type { Span } from './strict-json.ts';

/** One value to be replaced: its place and the JSON text that goes there. */
export interface Splice {
  readonly span: Span;
  readonly text: string;
}

/** The text with all replacements made; spans must not overlap. */
export function spliceText(text: string, splices: readonly Splice[]): string {
  let result = '';
  let at = 0;
  for (const { span, text: replacement } of splices.toSorted(
    (a, b) => a.span.start - b.span.start,
  )) {
    result += text.slice(at, span.start) + replacement;
    at = span.end;
  }
  return result + text.slice(at);
}
