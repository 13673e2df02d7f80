/** Texts that outlive the message they stand in. */

/** Characters from which on V8 keeps a part of a text as a reference to the whole. */
const SHORTEST_PART = 13;

/** The same text, that does not hold on to the one of which it is a part: messages have megabytes. */
export function ownText(part: string): string {
  return part.length < SHORTEST_PART ? part : (JSON.parse(JSON.stringify(part)) as string);
}
