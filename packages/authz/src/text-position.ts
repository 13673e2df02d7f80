/** Lines and columns of an offset in a text. Columns count UTF-16 units, as editors do. */

/** A place in a text. Lines and columns count from 1. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
  /** The line of the text; of a long one the part around the column, with `…` for the rest. */
  readonly excerpt: string;
  /** The column in the excerpt. */
  readonly excerptColumn: number;
}

const EXCERPT_LENGTH = 100;

/** The position of an offset in `text`. */
export function positionAt(text: string, offset: number): SourcePosition {
  const end = Math.max(0, Math.min(offset, text.length));
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) {
    line += 1;
    lineStart = at + 1;
  }
  const newline = text.indexOf('\n', end);
  const lineEnd = newline === -1 ? text.length : newline;
  const column = end - lineStart + 1;
  return { line, column, ...excerptAround(text.slice(lineStart, lineEnd), column) };
}

/** Turns an offset in the UTF-8 form of a text, which is what Cedar reports, into a string offset. */
export function offsetOfByte(text: string, byteOffset: number): number {
  let bytes = 0;
  let at = 0;
  while (at < text.length && bytes < byteOffset) {
    // A loop that stays inside the text always finds a code point.
    const code = text.codePointAt(at) as number;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    at += code < 0x10000 ? 1 : 2;
  }
  return at;
}

function excerptAround(
  line: string,
  column: number,
): Pick<SourcePosition, 'excerpt' | 'excerptColumn'> {
  const trimmed = line.endsWith('\r') ? line.slice(0, -1) : line;
  if (trimmed.length <= EXCERPT_LENGTH) {
    return { excerpt: trimmed, excerptColumn: column };
  }
  const middle = column - 1 - EXCERPT_LENGTH / 2;
  const start = Math.max(0, Math.min(middle, trimmed.length - EXCERPT_LENGTH));
  const end = start + EXCERPT_LENGTH;
  const before = start > 0 ? '…' : '';
  const after = end < trimmed.length ? '…' : '';
  return {
    excerpt: `${before}${trimmed.slice(start, end)}${after}`,
    excerptColumn: column - start + before.length,
  };
}
