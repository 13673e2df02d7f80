/**
 * Adds and removes members of an object in the text of a JSON file with comments. The rest of the text,
 * comments included, stays as it is. Pure.
 */
import { type Node, stripComments } from 'jsonc-parser';

/** The text with a new last member. */
export function addMember(
  text: string,
  object: Node,
  { name, value }: { readonly name: string; readonly value: unknown },
): string {
  const outer = columnOf(text, object);
  const inner = outer + unitOf(text);
  const newLine = lineEndOf(text);
  const last = object.children?.at(-1);
  const from = last === undefined ? object.offset + 1 : endOf(last);
  const close = endOf(object) - 1;
  const between = text.slice(from, close);
  const trailingComma = commaIn(between);
  const member = `${newLine}${inner}${JSON.stringify(name)}: ${renderValue(value, inner, text)}`;
  // Behind a comment that belongs to the member before.
  const at = from + between.trimEnd().length;
  const rest = text.slice(at, close);
  return [
    text.slice(0, from),
    last !== undefined && trailingComma === undefined ? ',' : '',
    text.slice(from, at),
    member,
    trailingComma === undefined ? '' : ',',
    rest.includes('\n') ? rest : `${newLine}${outer}`,
    text.slice(close),
  ].join('');
}

/** The text without a member. */
export function removeMember(text: string, object: Node, name: string): string {
  const members = object.children ?? [];
  const at = members.findIndex((member) => member.children?.[0]?.value === name);
  const member = members[at];
  if (member === undefined) {
    return text;
  }
  const before = members[at - 1];
  const after = members[at + 1];
  const end = endOf(member);
  const comma = commaIn(text.slice(end, after?.offset ?? endOf(object) - 1));
  const to = comma === undefined ? end : end + comma + 1;
  // With something behind it on its line, the line end before it stays: a comment may end there.
  const isLastOfLine = /^[ \t]*(?:\r?\n|$)/.test(text.slice(to));
  const start = isLastOfLine ? text.slice(0, member.offset).trimEnd().length : member.offset;
  if (comma !== undefined || before === undefined) {
    return emptied(text.slice(0, start) + text.slice(to), object.offset);
  }
  // It was the last one: the comma before it goes too.
  const previous = endOf(before);
  const gap = text.slice(previous, start);
  const extra = commaIn(gap) ?? gap.length;
  return text.slice(0, previous + extra) + text.slice(previous + extra + 1, start) + text.slice(to);
}

/** The value as it stands behind a member's name, where that is indented so far. */
export function renderValue(value: unknown, indent: string, text: string): string {
  return JSON.stringify(value, undefined, unitOf(text)).replaceAll(
    '\n',
    `${lineEndOf(text)}${indent}`,
  );
}

/** The text with another piece in place of one. */
export function splice(text: string, offset: number, length: number, piece: string): string {
  return text.slice(0, offset) + piece + text.slice(offset + length);
}

/** How far the line is indented on which something begins. */
export function columnOf(text: string, { offset }: Node): string {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

/** An object without members needs no lines of its own. */
function emptied(text: string, offset: number): string {
  return text.slice(0, offset) + text.slice(offset).replace(/^\{\s*\}/, '{}');
}

function endOf({ offset, length }: Node): number {
  return offset + length;
}

/** Where a comma stands that is in no comment. */
function commaIn(text: string): number | undefined {
  const at = stripComments(text, ' ').indexOf(',');
  return at < 0 ? undefined : at;
}

/** One step of the file's own indentation. */
function unitOf(text: string): string {
  return /^([ \t]+)["}\]]/m.exec(text)?.[1] ?? '  ';
}

function lineEndOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
