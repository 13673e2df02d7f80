/** Call arguments as Cedar attributes: `arg_<name>`, or `arg_<name>_present` for what has no value. */
import type { CedarValueJson } from '@cedar-policy/cedar-wasm/web';
import type { NumberMode } from './config.ts';
import { isRecord, type JsonRecord } from './config-reader.ts';
import { assertUnicode, type CedarRecord, createRecord, toCedarValue } from './values.ts';

/**
 * The attributes made from `params.arguments`; anything but a JSON object makes none.
 *
 * Text, booleans and numbers become `arg_<name>`. Objects, lists, null and numbers out of range
 * become `arg_<name>_present = true`, which wins over an argument that is really called so.
 */
export function toArgumentAttributes(value: unknown, numbers: NumberMode): CedarRecord {
  const attributes = createRecord();
  if (!isRecord(value)) {
    return attributes;
  }
  const present: string[] = [];
  for (const [name, argument] of Object.entries(value)) {
    const key = PREFIX + assertUnicode(name);
    const scalar = toScalar(argument, numbers);
    if (scalar !== undefined) {
      attributes[key] = scalar;
    } else if (argument !== undefined) {
      present.push(key);
    }
  }
  for (const key of present) {
    attributes[`${key}_present`] = true;
  }
  return attributes;
}

/** The named ones among {@link toArgumentAttributes}, without converting the others. */
export function readArguments(
  value: unknown,
  names: readonly string[],
  numbers: NumberMode,
): CedarRecord {
  const attributes = createRecord();
  if (!isRecord(value)) {
    return attributes;
  }
  for (const name of names) {
    const marked = MARKER.exec(name)?.[1];
    if (marked !== undefined && isMarked(value, marked, numbers)) {
      attributes[name] = true;
      continue;
    }
    const key = name.slice(PREFIX.length);
    const scalar = Object.hasOwn(value, key) ? toScalar(value[key], numbers) : undefined;
    if (scalar !== undefined) {
      attributes[name] = scalar;
    }
  }
  return attributes;
}

const PREFIX = 'arg_';
const MARKER = /^arg_(.*)_present$/s;

/** True for an argument that is there and has no value of its own. */
function isMarked(value: JsonRecord, key: string, numbers: NumberMode): boolean {
  return (
    Object.hasOwn(value, key) &&
    value[key] !== undefined &&
    toScalar(value[key], numbers) === undefined
  );
}

function toScalar(argument: unknown, numbers: NumberMode): CedarValueJson | undefined {
  return typeof argument === 'object' ? undefined : toCedarValue(argument, numbers);
}
