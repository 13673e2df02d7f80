/** Which headers cross the proxy, in both directions (D20, RFC 9110 §7.6.1). */

import { Fields } from '../http/fields.ts';

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** The caller's credentials, what describes this hop only, and what the proxy has judged itself. */
const NOT_FORWARDED = new Set([
  'authorization',
  'cookie',
  'host',
  'content-length',
  'expect',
  'accept-encoding',
  'origin',
  'referer',
  'forwarded',
  'x-real-ip',
  // Frameworks let these replace the method and the path that were judged.
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
]);

/** Answers for this hop only, and what the proxy says itself. */
const NOT_RETURNED = new Set([
  'set-cookie',
  'www-authenticate',
  'alt-svc',
  'strict-transport-security',
  'clear-site-data',
  'refresh',
  'location',
  'nel',
  'report-to',
  'reporting-endpoints',
  'service-worker-allowed',
  // The node server would take it for an order not to answer.
  'x-hono-already-sent',
  // And servers in front for one to answer with a file or a place of their own.
  'x-accel-redirect',
  'x-sendfile',
  'x-lighttpd-send-file',
  'x-litespeed-location',
  'x-reproxy-url',
  'x-reproxy-file',
]);

/**
 * Servers that know headers as variables turn other characters into `_`, so that `mcp_session_id`
 * would be a session that nobody has judged. Parameters have the names that tools give them.
 */
const UNMISTAKABLE = /^(?:[a-z\d-]+|mcp-param-.+)$/;

/** What clients of MCP send with every request, and nobody has anything against. */
const ORDINARY = new Set([
  ...['accept', 'accept-language', 'content-type', 'user-agent', 'last-event-id'],
  ...['mcp-session-id', 'mcp-protocol-version', 'mcp-method', 'mcp-name'],
]);

/** Headers of the request that may go to the upstream. Idempotent. */
export function forwardedRequestHeaders(headers: Headers): Fields {
  const kept = keep(headers, (name) => ORDINARY.has(name) || mayForward(name));
  // Encoded lists would have to be decoded before they can be filtered (D29).
  kept.set('accept-encoding', 'identity');
  return kept;
}

/** Removes what repeats a message: method, name and arguments (MCP 2026-07-28). */
export function dropMirrors(headers: Fields): void {
  for (const name of headers.keys()) {
    const isMirror = name === 'mcp-method' || name === 'mcp-name' || name.startsWith('mcp-param-');
    // These are in a map, whose other entries stay where they are.
    if (isMirror) headers.delete(name);
  }
}

/** Headers of the upstream's answer that may go to the client. Idempotent. */
export function returnedResponseHeaders(headers: Headers): Headers {
  return keep(headers, (name) => !name.startsWith('access-control-') && !NOT_RETURNED.has(name));
}

function mayForward(name: string): boolean {
  return !isForwarding(name) && !NOT_FORWARDED.has(name) && UNMISTAKABLE.test(name);
}

function isForwarding(name: string): boolean {
  return name.startsWith('x-forwarded-') || name.startsWith('proxy-') || name.startsWith('sec-');
}

function keep(headers: Headers, admits: (name: string) => boolean): Fields {
  const named = namedBy(headers.get('connection'));
  const kept = new Fields();
  for (const [name, value] of headers) {
    if (HOP_BY_HOP.has(name) || named?.has(name) === true || !admits(name)) continue;
    kept.append(name, value);
  }
  return kept;
}

/**
 * The fields that belong to this connection only because it says so (RFC 9110 §7.6.1). Those of the
 * protocol never do: by them a message was judged.
 */
function namedBy(connection: string | null): ReadonlySet<string> | undefined {
  if (connection === null || connection === 'keep-alive' || connection === 'close')
    return undefined;
  const names = connection.split(',').map((name) => name.trim().toLowerCase());
  return new Set(names.filter((name) => !name.startsWith('mcp-')));
}
