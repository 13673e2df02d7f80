/** Aligned tables that fit the terminal. Pure. */
import { clean } from '../log.ts';
import { type Meaning, paint } from './paint.ts';
import type { Screen } from './screen.ts';
import { cutTo, padTo, widthOf, wrapLines } from './text-width.ts';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly meaning?: (row: Row) => Meaning | undefined;
  /** May be cut to fit the terminal. What people copy, such as names and URLs, stays whole. */
  readonly cut?: true;
}

const GAP = '  ';
/** A column that is cut keeps so much. */
const LEAST_CUT = 12;

/** The titles and one line per row. A file or a pipe gets every cell whole. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  screen: Screen,
): string {
  const texts = rows.map((row) => columns.map(({ cell }) => clean(cell(row))));
  const widths = fitWidths(
    columns.map((column, at) => ({
      width: Math.max(widthOf(column.title), ...texts.map((cells) => widthOf(cells[at] ?? ''))),
      least: column.cut === true ? Math.max(LEAST_CUT, widthOf(column.title)) : undefined,
    })),
    screen,
  );
  const line = (cells: readonly string[], meaningOf: (at: number) => Meaning | undefined) => {
    const shown = cells.map((cell, at) => cutTo(cell, widths[at] ?? 0));
    // No spaces behind the last text of a line, which would break it on a narrow terminal.
    const last = shown.findLastIndex((cell) => cell !== '');
    return `${shown
      .slice(0, last + 1)
      .map((cell, at) => {
        const painted = paint(cell, meaningOf(at), screen);
        return at === last ? painted : painted + ' '.repeat((widths[at] ?? 0) - widthOf(cell));
      })
      .join(GAP)}\n`;
  };
  return [
    line(
      columns.map(({ title }) => title),
      () => 'title',
    ),
    ...rows.map((row, index) => line(texts[index] ?? [], (at) => columns[at]?.meaning?.(row))),
  ].join('');
}

interface Width {
  readonly width: number;
  /** Undefined for a column that stays whole. */
  readonly least: number | undefined;
}

/** Takes from the widest column that may be cut until the line fits, or nothing is left to take. */
function fitWidths(wanted: readonly Width[], { columns }: Screen): readonly number[] {
  const widths = wanted.map(({ width }) => width);
  let excess =
    columns === undefined
      ? 0
      : widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)) - columns;
  while (excess > 0) {
    let widest: number | undefined;
    for (const [at, { least }] of wanted.entries()) {
      const width = widths[at] ?? 0;
      if (least !== undefined && width > least && width > (widths[widest ?? -1] ?? 0)) {
        widest = at;
      }
    }
    if (widest === undefined) {
      break;
    }
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

/** One fact of a list: its name, what it is, and what that means. */
export type Fact = readonly [label: string, value: string, meaning?: Meaning | undefined];

/** Labels and values below each other, long values broken between words. */
export function renderFacts(facts: readonly Fact[], screen: Screen): string {
  const width = Math.max(0, ...facts.map(([label]) => widthOf(label)));
  return facts
    .flatMap(([label, value, meaning]) => {
      const head = `${padTo(label, width)}${GAP}`;
      return wrapLines(clean(value), head, screen).map((text, at) => {
        const [own, rest] = at === 0 ? [label, text.slice(label.length)] : ['', text];
        return `${paint(own, 'title', screen)}${paintValue(rest, meaning, screen)}\n`;
      });
    })
    .join('');
}

function paintValue(text: string, meaning: Meaning | undefined, screen: Screen): string {
  const value = text.trimStart();
  return text.slice(0, text.length - value.length) + paint(value, meaning, screen);
}
