/** References to container images. Pure. */

const PART = '[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*';
const HOST = '[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\\d{1,5})?';
const REFERENCE = new RegExp(
  `^(?:(${HOST})/)?${PART}(?:/${PART})*(?::[\\w][\\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`,
  'i',
);

/**
 * True for a text that can only mean an image: it has a path, a tag or a digest. A bare word is none,
 * so that a misspelt name never becomes a download.
 */
export function isImageReference(text: string): boolean {
  return text.length <= 255 && /[/:@]/.test(text) && REFERENCE.test(text);
}

/**
 * True when the reference says which registry it is from. Only such an image is downloaded: where
 * `mcp/fetch` comes from would depend on the engine and its configuration.
 */
export function namesItsRegistry(reference: string): boolean {
  const at = reference.indexOf('/');
  const first = reference.slice(0, Math.max(at, 0));
  return first === 'localhost' || /[.:]/.test(first);
}
