/** Readers for files that somebody may have edited: what is not known is refused (D1). Pure. */
import { usageError } from '../cli-error.ts';
import { isRecord } from '../services/json-value.ts';
import { didYouMean } from '../suggest.ts';

export function readRecord(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) {
    throw usageError(where, 'must be an object');
  }
  return value;
}

export function checkKeys(
  record: Readonly<Record<string, unknown>>,
  known: readonly string[],
  where: string,
): void {
  const unknown = Object.keys(record).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw usageError(
      where,
      `${JSON.stringify(unknown)} is no key that thv knows`,
      didYouMean(unknown, known) ?? `it knows ${known.join(', ')}`,
    );
  }
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

export function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}
