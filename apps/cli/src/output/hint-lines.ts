/** What to do about something, below it. Pure. */
import { paint } from './paint.ts';
import type { Screen } from './screen.ts';
import { wrapLines } from './text-width.ts';

/** The lines of a hint, the first one behind `first`; none where there is no hint. */
export function hintLines(
  hint: string | undefined,
  first: string,
  screen: Screen,
): readonly string[] {
  return hint === undefined
    ? []
    : wrapLines(hint, first, screen).map((line) => paint(line, 'hint', screen));
}
