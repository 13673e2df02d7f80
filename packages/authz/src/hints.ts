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
 * Refuses hints that are not booleans: what they mean is unknown, so nothing may be concluded.
 *
 * @throws {AuthzError} `ERR_AUTHZ_REQUEST`.
 */
export function assertHints(hints: ToolHints | undefined): void {
  if (hints === undefined) {
    return;
  }
  for (const name of HINT_NAMES) {
    const value: unknown = hints[name];
    if (value !== undefined && typeof value !== 'boolean') {
      throw new AuthzError('ERR_AUTHZ_REQUEST', `the tool's ${name} is not a boolean`);
    }
  }
}

/** The hints of a tool as attributes; absent ones stay absent. */
export function toHintAttributes(hints: ToolHints | undefined): CedarRecord {
  assertHints(hints);
  const attributes = createRecord();
  for (const name of HINT_NAMES) {
    const value = hints?.[name];
    if (value !== undefined) {
      attributes[name] = value;
    }
  }
  return attributes;
}
