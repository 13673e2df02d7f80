/** Texts by the columns that they take: wide characters take two, combining ones none. Pure. */
import { createRequire } from 'node:module';
import type { Screen } from './screen.ts';

/** Loaded when a text needs them, which few do: their tables take as long to load as all of thv. */
const load = createRequire(import.meta.url);

const ASCII = /^[ -~]*$/;

/** Columns that a text takes on a terminal. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) {
    return text.length;
  }
  const { default: stringWidth }: typeof import('string-width') = load('string-width');
  return stringWidth(text);
}

/** The text, or its beginning and `…` where it takes more than `width` columns. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) {
    return text;
  }
  let kept = '';
  let used = 1;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += widthOf(segment);
    if (used > width) {
      break;
    }
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

/** The text, filled up with spaces. */
export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Narrower than this, words are not worth breaking. */
const LEAST_WIDTH = 20;

/**
 * The lines of a text: the first one behind `first`, further ones behind as many spaces. Broken between
 * words, and only for a terminal. Colours come afterwards.
 */
export function wrapLines(text: string, first: string, screen: Screen): readonly string[] {
  const indent = widthOf(first);
  const lines =
    screen.columns === undefined
      ? [text]
      : breakLines(text, Math.max(LEAST_WIDTH, screen.columns - indent));
  return lines.map((line, at) => `${at === 0 ? first : ' '.repeat(indent)}${line}`.trimEnd());
}

function breakLines(text: string, width: number): readonly string[] {
  if (widthOf(text) <= width) {
    return [text];
  }
  const { default: wrapAnsi }: typeof import('wrap-ansi') = load('wrap-ansi');
  return wrapAnsi(text, width).split('\n');
}
