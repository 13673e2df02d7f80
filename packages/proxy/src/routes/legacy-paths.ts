/** Where clients of the transport of 2024-11-05 are served: beside the MCP endpoint. */

export interface LegacyPaths {
  /** `GET`: the event stream. */
  readonly stream: string;
  /** `POST`: messages of one stream, named by `session_id`. */
  readonly messages: string;
}

/** @param path path of the MCP endpoint, such as `/mcp` */
export function legacyPathsOf(path: string): LegacyPaths {
  const folder = folderOf(path);
  return { stream: `${folder}/sse`, messages: `${folder}/messages` };
}

export interface EndpointInput {
  /** URL of the request for the stream. */
  readonly url: string;
  /** Path of the MCP endpoint. */
  readonly path: string;
  /** Public URL of the MCP endpoint, where one is known. */
  readonly resource: unknown;
}

/**
 * The path that a client is told to send its messages to: always one of this proxy. A path alone,
 * so that scheme and host stay those that the client has reached; the folder is that of the public
 * URL, since a reverse proxy in front may have cut it off.
 */
export function endpointPath({ url, path, resource }: EndpointInput): string {
  const name = path.slice(path.lastIndexOf('/'));
  const known = typeof resource === 'string' ? URL.parse(resource)?.pathname : undefined;
  const folder = folderOf(known?.endsWith(name) === true ? known : new URL(url).pathname);
  // Two slashes would begin the name of another host.
  return `${folder}/messages`.replace(/^\/+/, '/');
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
