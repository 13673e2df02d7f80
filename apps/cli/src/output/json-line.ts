/** JSON for other programs, and for people to look at. Pure. */

/** What JSON leaves as it is and a terminal acts on: control characters, line ends, marks that turn the direction. */
const LEFT_BY_JSON = /[\u007f-\u009f\u2028\u2029\p{Bidi_Control}]/gu;

/** A value as one line of JSON; a terminal acts on nothing in it. */
export function toJsonLine(value: unknown): string {
  return `${escapeLeft(JSON.stringify(value))}\n`;
}

/** The same on many lines, two spaces deep. */
export function toJsonText(value: unknown): string {
  return `${escapeLeft(JSON.stringify(value, undefined, 2))}\n`;
}

/** Such characters stand in strings only, where they may be escaped. */
function escapeLeft(json: string): string {
  return json.replace(
    LEFT_BY_JSON,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
