/** An error as a person reads it: what, why, and what to do. Pure. */
import { clean } from '../log.ts';
import { hintLines } from './hint-lines.ts';
import { paint } from './paint.ts';
import type { Screen } from './screen.ts';
import { wrapLines } from './text-width.ts';

export interface ErrorParts {
  readonly what: string;
  readonly why: string;
  readonly wayOut?: string | undefined;
}

/** A longer word is no word; a path that long is cut, and the reason behind it stays in sight. */
const MAX_WORD = 256;
const LONG_WORD = new RegExp(`\\S{${MAX_WORD},}`, 'g');

/** One line for logs and scripts; on a terminal what to do has lines of its own. */
export function renderError({ what, why, wayOut }: ErrorParts, screen: Screen): string {
  const show = (text: string): string =>
    clean(text).replace(LONG_WORD, (word) => `${word.slice(0, 60)}…${word.slice(-20)}`);
  if (screen.columns === undefined) {
    const line = `${show(what)}: ${show(why)}${wayOut === undefined ? '' : `; ${show(wayOut)}`}`;
    return `${paint('thv:', 'bad', screen)} ${line}\n`;
  }
  const [first = '', ...rest] = wrapLines(`${show(what)}: ${show(why)}`, 'thv: ', screen);
  return [
    first.replace(/^thv:/, (name) => paint(name, 'bad', screen)),
    ...rest,
    ...hintLines(wayOut && show(wayOut), '   → ', screen),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
