/** An error as a person reads it: what, why, and what to do. Pure. */
import { clean } from '../log.ts';
import { paint } from './paint.ts';
import type { Screen } from './screen.ts';
import { wrapLines } from './text-width.ts';

export interface ErrorParts {
  readonly what: string;
  readonly why: string;
  readonly wayOut?: string | undefined;
}

/** One line for logs and scripts; on a terminal what to do has lines of its own. */
export function renderError({ what, why, wayOut }: ErrorParts, screen: Screen): string {
  if (screen.columns === undefined) {
    const line = `${clean(what)}: ${clean(why)}${wayOut === undefined ? '' : `; ${clean(wayOut)}`}`;
    return `${paint('thv:', 'bad', screen)} ${line}\n`;
  }
  const [first = '', ...rest] = wrapLines(`${clean(what)}: ${clean(why)}`, 'thv: ', screen);
  const hint = wayOut === undefined ? [] : wrapLines(clean(wayOut), '   → ', screen);
  return [
    first.replace(/^thv:/, (name) => paint(name, 'bad', screen)),
    ...rest,
    ...hint.map((line) => paint(line, 'hint', screen)),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
