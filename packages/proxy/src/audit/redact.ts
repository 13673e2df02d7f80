/** Takes out what callers put into names and addresses although it belongs elsewhere (D4). */

/**
 * Also inside of JSON text, which escapes none of its characters: there it may follow an escape. What
 * begins like a JWT is taken whole, the rest of one or not, or every `eyJ` in a long word would be a
 * search to its end.
 */
const JWT = /(?:(?<!\w)|(?<=\\(?:[bfnrt]|u[\da-f]{4})))eyJ[\w-]+(\.[\w-]+(?:\.[\w-]*)*)?/g;
/** User name and password of a URL. */
const USER_INFO = /:\/\/[^\s"\\/?#@]+@/g;

/** The text with `[redacted]` in place of anything that is shaped like a JWT or a URL's password. */
export function redact(text: string): string {
  if (!text.includes('eyJ') && !text.includes('://')) return text;
  return text
    .replace(JWT, (found, rest: string | undefined) => (rest === undefined ? found : '[redacted]'))
    .replace(USER_INFO, '://[redacted]@');
}
