/** Cuts policy texts into single statements, so that each one has a place and a position (D24). */
import { positionAt, type SourcePosition } from './text-position.ts';

/** A text with one or more Cedar statements. */
export interface PolicyText {
  readonly text: string;
  readonly file?: string | undefined;
  /** The position of an offset of `text` in the file; without it, the text is its own file. */
  readonly locate?: ((offset: number) => SourcePosition | undefined) | undefined;
}

/** One statement of a {@link PolicyText}. */
export interface Statement {
  readonly text: string;
  /** Where the statement begins in its policy text. */
  readonly offset: number;
  readonly source: PolicyText;
  /** The deepest nesting of brackets in the statement. */
  readonly depth: number;
}

/**
 * Cuts a policy text at the semicolons outside strings and comments.
 *
 * Every piece is parsed by Cedar as exactly one statement, so a piece that is cut wrongly is a
 * parse error and never a lost policy. Text after the last semicolon is a piece of its own.
 */
export function splitStatements(source: PolicyText): readonly Statement[] {
  const { text } = source;
  const statements: Statement[] = [];
  let start = skipBlank(text, 0);
  let open = 0;
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      at = endOfString(text, at);
    } else if (char === '/' && text[at + 1] === '/') {
      at = endOfLine(text, at);
    } else if (char === '(' || char === '[' || char === '{') {
      open += 1;
      depth = Math.max(depth, open);
    } else if (char === ')' || char === ']' || char === '}') {
      open -= 1;
    } else if (char === ';') {
      statements.push({ text: text.slice(start, at + 1), offset: start, source, depth });
      start = skipBlank(text, at + 1);
      at = start - 1;
      open = 0;
      depth = 0;
    }
  }
  if (start < text.length) {
    statements.push({ text: text.slice(start), offset: start, source, depth });
  }
  return statements;
}

/**
 * The offset of what a comment takes in of later lines, other than further comments: YAML joins the
 * lines of a text that is folded, and for Cedar the comment then goes on.
 */
export function findSwallowed({ text, locate }: PolicyText): number | undefined {
  const lineOf = (offset: number): number => locate?.(offset)?.line ?? 0;
  const comments = locate === undefined ? [] : findComments(text);
  if (comments.length === 0) {
    return undefined;
  }
  // Nearly all texts keep their line ends, and to look for places is slow.
  const { length } = text.trimEnd();
  const kept = text.slice(0, length).split('\n').length - 1;
  if (lineOf(length - 1) - lineOf(0) <= kept) {
    return undefined;
  }
  for (const { start, end } of comments) {
    let line = lineOf(start);
    for (const { index } of text.slice(start, end).matchAll(/(?<=\s)\S/g)) {
      const at = start + index;
      const next = lineOf(at);
      if (next > line && !text.startsWith('//', at)) {
        return at;
      }
      line = next;
    }
  }
  return undefined;
}

/** Where the comments of a text are. */
function findComments(text: string): readonly { readonly start: number; readonly end: number }[] {
  const found: { start: number; end: number }[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '"') {
      at = endOfString(text, at);
    } else if (text[at] === '/' && text[at + 1] === '/') {
      const end = endOfLine(text, at);
      found.push({ start: at, end });
      at = end;
    }
  }
  return found;
}

/** The position of an offset of a statement in the file it comes from. */
export function locateInStatement(statement: Statement, offset: number): SourcePosition {
  const { source } = statement;
  const at = statement.offset + offset;
  return source.locate?.(at) ?? positionAt(source.text, at);
}

/** The first offset that is neither white space nor comment. */
function skipBlank(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    if (text[at] === '/' && text[at + 1] === '/') {
      at = endOfLine(text, at);
    } else if (/\S/.test(text[at]!)) {
      return at;
    }
    at += 1;
  }
  return at;
}

function endOfString(text: string, quote: number): number {
  let at = quote + 1;
  while (at < text.length && text[at] !== '"') {
    at += text[at] === '\\' ? 2 : 1;
  }
  return at;
}

/** A comment ends where Cedar says: a carriage return alone ends it too. */
function endOfLine(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '\n' && text[at] !== '\r') {
    at += 1;
  }
  return at;
}
