/** JSON for other programs, on one line. Pure. */

/** What JSON leaves as it is and a terminal may act on. */
const LEFT_BY_JSON = /[\u007f-\u009f]/g;

/** A value as one line of JSON without control characters. */
export function toJsonLine(value: unknown): string {
  const text = JSON.stringify(value).replace(
    LEFT_BY_JSON,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${text}\n`;
}
