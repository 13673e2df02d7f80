/** A server that is reached by URL, and what is sent to it besides the caller's message. */

import type { SecretReference } from './secret-reference.ts';

export interface HttpUpstreamConfig {
  readonly kind: 'http';
  /** The MCP endpoint, or the event stream of an SSE server. */
  readonly url: string;
  /** Default `streamable-http`; `sse` is the transport of 2024-11-05. */
  readonly transport?: 'streamable-http' | 'sse';
  /** The server gets every caller's token (D20). Excludes `bearerToken`. */
  readonly forwardToken?: boolean;
  /** The proxy's own token for this server. */
  readonly bearerToken?: SecretReference;
  /** Further headers. */
  readonly headers?: readonly ForwardedHeader[];
}

export interface ForwardedHeader {
  readonly name: string;
  /** A text that is no secret, or where the secret is. */
  readonly value: string | SecretReference;
}

/** What describes this hop, what the proxy has judged, and what servers take for somebody's address. */
const REFUSED = new Set([
  ...['host', 'connection', 'keep-alive', 'te', 'trailer', 'upgrade', 'http2-settings', 'expect'],
  ...['transfer-encoding', 'content-length', 'content-type', 'content-encoding'],
  ...['accept', 'accept-encoding', 'last-event-id', 'origin', 'referer'],
  ...['forwarded', 'x-real-ip', 'via', 'traceparent', 'tracestate', 'baggage'],
  ...['x-http-method-override', 'x-http-method', 'x-method-override'],
  ...['x-original-url', 'x-rewrite-url'],
]);
const REFUSED_PREFIX = /^(?:proxy-|x-forwarded-|sec-|mcp-|access-control-)/;
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;

/** Why a header must not be sent to a server; undefined when it may. */
export function whyNotForwarded(name: string): string | undefined {
  if (!TOKEN.test(name)) return 'is not a header name';
  const lower = name.toLowerCase();
  return REFUSED.has(lower) || REFUSED_PREFIX.test(lower)
    ? `${name} is set by thv itself, or describes the connection`
    : undefined;
}

/** False for what would end a header line or is no text (RFC 9110 §5.5). */
export function isHeaderValue(value: string): boolean {
  return /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/.test(value);
}
