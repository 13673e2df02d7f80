/** Errors of this package. A request is never answered with their message; see `mcp/reply.ts`. */

const STAMP = '@thv/proxy.error';

/**
 * Stable codes.
 *
 * | code | meaning | who mends it |
 * |---|---|---|
 * | `ERR_PROXY_UPSTREAM_UNREACHABLE` | the MCP server cannot be reached or its process did not start | operator |
 * | `ERR_PROXY_UPSTREAM_TIMEOUT` | the MCP server did not answer in time | operator |
 * | `ERR_PROXY_UPSTREAM_REDIRECT` | the MCP server answered with a redirect, which is never followed | operator |
 * | `ERR_PROXY_UPSTREAM_REFUSED` | the MCP server wants credentials from the proxy (401) | operator |
 * | `ERR_PROXY_UPSTREAM_ANSWER` | the MCP server's answer cannot be read, so it is withheld | operator |
 * | `ERR_PROXY_LISTEN` | the address cannot be bound | operator |
 * | `ERR_PROXY_AUDIT` | the audit log cannot be opened, or a record could not be written | operator |
 * | `ERR_PROXY_STORE` | the shared store of sessions and limits cannot be used | operator |
 */
export type ProxyErrorCode =
  | 'ERR_PROXY_UPSTREAM_UNREACHABLE'
  | 'ERR_PROXY_UPSTREAM_TIMEOUT'
  | 'ERR_PROXY_UPSTREAM_REDIRECT'
  | 'ERR_PROXY_UPSTREAM_REFUSED'
  | 'ERR_PROXY_UPSTREAM_ANSWER'
  | 'ERR_PROXY_LISTEN'
  | 'ERR_PROXY_AUDIT'
  | 'ERR_PROXY_STORE';

/** Something went wrong between the proxy and its surroundings. */
export class ProxyError extends Error {
  override readonly name: string = 'ProxyError';
  readonly code: ProxyErrorCode;

  constructor(code: ProxyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, Symbol.for(STAMP), { value: true });
  }
}

/** True for a {@link ProxyError} from any copy of this package. */
export function isProxyError(value: unknown): value is ProxyError {
  return value instanceof Error && Object.hasOwn(value, Symbol.for(STAMP));
}
