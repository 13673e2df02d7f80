/** What stands for a session id in logs and spans: whoever reads them cannot use it as one. */

/** Hexadecimal digits of a label: enough to tell sessions apart, too few to be an id. */
const DIGITS = 16;
const MAX_REMEMBERED = 10_000;

/**
 * Creates the function from ids to labels: the first digits of the SHA-256, so that who knows an id
 * can find its lines. Labels of sessions in use are remembered.
 */
export function createSessionLabels(): (id: string) => string | Promise<string> {
  const known = new Map<string, string>();
  const remember = (id: string, label: string): string => {
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(id, label);
    return label;
  };
  return (id) => known.get(id) ?? hash(id).then((label) => remember(id, label));
}

async function hash(id: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(id));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .slice(0, DIGITS);
}
