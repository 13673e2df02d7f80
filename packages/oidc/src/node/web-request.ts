/** A request of Node's `http` as a Web `Request`, for whoever judges its headers. */
import type { IncomingMessage } from 'node:http';

/** The part of `IncomingMessage` that is read; Express adds `originalUrl`. */
export interface NodeRequest
  extends Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders' | 'socket'> {
  readonly originalUrl?: string;
}

/** Nothing that would end the host or begin a user name. */
const HOST = /^[^\s/\\?#@]+$/;

/**
 * Makes a `Request` without a body out of a request of Node, Express or Fastify (`request.raw`).
 *
 * Its headers are those that were sent, repeated ones included: Node's `headers` keeps only the
 * first `Authorization`, so a second one could not be refused. Its host is `localhost` when the
 * `Host` header names none that a URL can have.
 *
 * @throws {TypeError} for the methods CONNECT, TRACE and TRACK, which no `Request` can have.
 * @example
 * ```ts
 * const caller = await server.require(toWebRequest(request));
 * ```
 */
export function toWebRequest(request: NodeRequest): Request {
  const { method = 'GET', rawHeaders } = request;
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    // HTTP/2 puts `:method` and the like among the headers.
    if (!name.startsWith(':')) headers.append(name, value);
  }
  return new Request(urlOf(request, headers.get('host')), { method, headers });
}

function urlOf({ originalUrl, url, socket }: NodeRequest, host: string | null): string {
  const scheme = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http';
  const path = originalUrl ?? url ?? '/';
  // A path may begin with two slashes, so it is appended, never resolved.
  const rooted = path.startsWith('/') ? path : '/';
  const named = host !== null && HOST.test(host) && URL.canParse(`${scheme}://${host}`);
  return `${scheme}://${named ? host : 'localhost'}${rooted}`;
}
