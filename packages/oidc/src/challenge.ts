/** The `WWW-Authenticate` value of a refusal (RFC 6750 §3, RFC 9728 §5.1, D14). */

/** The parameters of a bearer challenge; absent ones are left out. */
export interface ChallengeParameters {
  readonly realm?: string | undefined;
  readonly resourceMetadata?: string | undefined;
  readonly scope?: readonly string[] | undefined;
  readonly error?: string | undefined;
  readonly errorDescription?: string | undefined;
}

/**
 * Builds a challenge with parameters in a fixed order: `realm`, `resource_metadata`, `scope`,
 * `error`, `error_description`. All values are quoted and hold nothing outside the character set
 * of RFC 6750 §3, so no value can end its quotes or the header line.
 */
export function buildChallenge(parameters: ChallengeParameters): string {
  const { realm, resourceMetadata, scope, error, errorDescription } = parameters;
  const pairs: readonly (readonly [string, string | undefined])[] = [
    ['realm', realm],
    ['resource_metadata', resourceMetadata === undefined ? undefined : encodeUrl(resourceMetadata)],
    ['scope', scope === undefined || scope.length === 0 ? undefined : scope.join(' ')],
    ['error', error],
    ['error_description', errorDescription],
  ];
  const shown = pairs.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${name}="${restrict(value)}"`],
  );
  return shown.length === 0 ? 'Bearer' : `Bearer ${shown.join(', ')}`;
}

/** %x20-21 / %x23-5B / %x5D-7E; a quote becomes an apostrophe, the rest a question mark. */
function restrict(text: string): string {
  return text.replaceAll('"', "'").replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?');
}

/** A URL keeps its meaning when what is not allowed is percent-encoded. */
function encodeUrl(url: string): string {
  return url.replaceAll(/[^\x21\x23-\x5b\x5d-\x7e]+/g, (text) =>
    [...new TextEncoder().encode(text)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}
