/** What of a call makes a difference to the rules that apply, as a short text: the key of a kept decision. */
import { isRecord } from './config-reader.ts';
import type { Selection } from './desk.ts';
import type { ToolHints } from './request.ts';

const MAX_LENGTH = 512;

/** The key, or `undefined` when the call is not worth one. */
export function callKey(
  { argumentNames, hintNames }: Pick<Selection, 'argumentNames' | 'hintNames'>,
  hints: ToolHints | undefined,
  args: unknown,
): string | undefined {
  if (argumentNames === 'all' || hintNames === 'all') {
    return undefined;
  }
  let key = '';
  for (const name of hintNames) {
    // The names are hints; hints that are no booleans have been refused before.
    const hint = hints?.[name as keyof ToolHints];
    key += hint === undefined ? '-' : hint ? '1' : '0';
  }
  if (argumentNames.length > 0 && isRecord(args)) {
    for (const name of argumentNames) {
      key += argumentKey(args, name.slice('arg_'.length));
    }
  }
  return key.length > MAX_LENGTH ? undefined : key;
}

/** Everything that can decide the attribute `arg_<key>`. */
function argumentKey(args: Readonly<Record<string, unknown>>, key: string): string {
  const own = valueKey(args, key);
  return key.endsWith('_present')
    ? `${own}${valueKey(args, key.slice(0, -'_present'.length))}`
    : own;
}

function valueKey(args: Readonly<Record<string, unknown>>, key: string): string {
  const value = Object.hasOwn(args, key) ? args[key] : undefined;
  switch (typeof value) {
    case 'string':
      return `s${value.length}:${value}`;
    case 'number':
      return `n${value};`;
    case 'boolean':
      return value ? 't' : 'f';
    case 'bigint':
      return `i${value};`;
    case 'undefined':
      return '-';
    default:
      return 'o';
  }
}
