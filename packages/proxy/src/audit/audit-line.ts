/** From a record to one line that nothing in it can break or disguise. */

import type { AuditRecord } from './audit-record.ts';
import { redact } from './redact.ts';

/**
 * The record as one line of JSON, with the line feed that ends it.
 *
 * Control, format and line separating characters are escaped, also those that JSON allows in a
 * string: names of tools are the caller's to choose, and whoever reads the log on a terminal must see
 * what is there. Reading the line gives the record again, except for what is shaped like a token or like
 * a password in a URL, wherever it stands.
 */
export function renderAuditLine(record: AuditRecord): string {
  return `${redact(JSON.stringify(record)).replace(HIDDEN, escapeUnits)}\n`;
}

/** Outside of its strings, the JSON text is plain ASCII. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function escapeUnits(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}
