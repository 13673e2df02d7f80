/** A line of a file with a mark below the column. Pure. */

const WIDTH = 100;
// Control characters that a terminal would act on; tabs are made spaces, so that the mark fits.
const CONTROL = /\p{Cc}/gu;

/** The line and the mark below it, or nothing when the file has no such line. */
export function excerptAt(text: string, line: number, column: number): readonly string[] {
  const found = text.split('\n')[line - 1];
  if (found === undefined || found.trim() === '') {
    return [];
  }
  const shown = found.replace(CONTROL, ' ').trimEnd();
  const indent = shown.length - shown.trimStart().length;
  const start =
    shown.length - indent <= WIDTH
      ? indent
      : Math.max(indent, Math.min(column - 1 - WIDTH / 2, shown.length - WIDTH));
  const before = start > indent ? '…' : '';
  const after = start + WIDTH < shown.length ? '…' : '';
  const mark = Math.max(0, column - 1 - start) + before.length;
  return [`${before}${shown.slice(start, start + WIDTH)}${after}`, `${' '.repeat(mark)}^`];
}
