/** Call arguments as Cedar attributes: `arg_<name>`, or `arg_<name>_present` for what has no value. */
import type { NumberMode } from './config.ts';
import { isRecord } from './config-reader.ts';
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
    const key = `arg_${assertUnicode(name)}`;
    const scalar = typeof argument !== 'object' ? toCedarValue(argument, numbers) : undefined;
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
