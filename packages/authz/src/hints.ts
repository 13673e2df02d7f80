/** Tool annotations that policies can read. */
import { AuthzError } from './errors.ts';
import type { ToolHints } from './request.ts';
import { type CedarRecord, createRecord } from './values.ts';

/** The names of the hints; policies read them as `resource.<name>`. */
export const HINT_NAMES = [
  'readOnlyHint',
  'destructiveHint',
  'idempotentHint',
  'openWorldHint',
] as const;

const NAMES: ReadonlySet<string> = new Set(HINT_NAMES);

/** True for the name of a hint. */
export function isHintName(name: string): boolean {
  return NAMES.has(name);
}

/**
 * The hints of a tool as attributes; absent ones stay absent.
 *
 * @throws {AuthzError} `ERR_AUTHZ_REQUEST` for a hint that is not a boolean: what it means is
 * unknown, so nothing may be concluded from it.
 */
export function toHintAttributes(hints: ToolHints | undefined): CedarRecord {
  const attributes = createRecord();
  for (const name of HINT_NAMES) {
    const value: unknown =
      hints !== undefined && Object.hasOwn(hints, name) ? hints[name] : undefined;
    if (typeof value === 'boolean') {
      attributes[name] = value;
    } else if (value !== undefined) {
      throw new AuthzError('ERR_AUTHZ_REQUEST', `the tool's ${name} is not a boolean`);
    }
  }
  return attributes;
}
