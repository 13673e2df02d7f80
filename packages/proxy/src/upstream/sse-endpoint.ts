/** Where a server of the 2024 transport wants its messages: its own word, so it is checked. */

/** Longer than this, it is no address. */
const MAX_LENGTH = 8192;

/**
 * The URL that an `endpoint` event names; undefined when messages must not be sent there.
 *
 * A server chooses the path and the query, never the origin: whoever can write into its stream must
 * not be able to make the proxy send messages, and credentials with them, to somebody else.
 */
export function readEndpoint(data: string, server: URL): URL | undefined {
  if (data.trim() === '' || data.length > MAX_LENGTH) return undefined;
  const url = URL.parse(data, server);
  if (url === null || url.origin !== server.origin) return undefined;
  if (url.username !== '' || url.password !== '') return undefined;
  url.hash = '';
  return url;
}
