/** A streamable HTTP server behind the proxy, over any `fetch`. */

import { ProxyError } from '../errors.ts';
import type { McpMessage } from '../mcp/message.ts';
import { returnedResponseHeaders } from './headers.ts';
import type { Upstream, UpstreamContext } from './upstream.ts';

/** One HTTP exchange with the upstream; redirects come back as they are. */
export type UpstreamFetch = (request: UpstreamRequest) => Promise<Response>;

export interface UpstreamRequest {
  readonly url: URL;
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly headers: Headers;
  readonly body: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

export interface HttpUpstreamOptions {
  /** Endpoint of the MCP server, such as `http://localhost:8000/mcp`. */
  readonly url: string | URL;
  /** Default: the platform's `fetch`. On Node, `undiciUpstream` of `@thv/proxy/node` is faster. */
  readonly exchange?: UpstreamFetch;
  /** Frees what `exchange` holds open. */
  readonly close?: () => Promise<void>;
  /** Milliseconds until the headers of an answer must have come. Default 60,000. */
  readonly headersTimeout?: number;
}

/**
 * Creates an upstream for a streamable HTTP server.
 *
 * Redirects are not followed and a 401 of the server is not the caller's: both become 502, so that
 * no caller is sent elsewhere with its token.
 *
 * @throws {TypeError} at once, when the URL is not http or https.
 */
export function createHttpUpstream(options: HttpUpstreamOptions): Upstream {
  const url = checkUrl(options.url);
  const exchange = options.exchange ?? exchangeByFetch;
  const headersTimeout = options.headersTimeout ?? 60_000;

  const send = async (
    method: UpstreamRequest['method'],
    context: UpstreamContext,
    message?: McpMessage,
  ): Promise<Response> => {
    const headers = new Headers(context.headers);
    if (message !== undefined) headers.set('content-type', 'application/json');
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), headersTimeout);
    let response: Response;
    try {
      const signal = AbortSignal.any([context.signal, timeout.signal]);
      response = await exchange({ url, method, headers, body: message?.raw, signal });
    } catch (error) {
      if (context.signal.aborted) throw error;
      if (timeout.signal.aborted) {
        throw new ProxyError('ERR_PROXY_UPSTREAM_TIMEOUT', `${url.origin} sent no answer in time`);
      }
      throw new ProxyError('ERR_PROXY_UPSTREAM_UNREACHABLE', `${url.origin} cannot be reached`, {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
    return judge(response, url.origin);
  };

  return {
    handle: (message, context) => send('POST', context, message),
    stream: (context) => send('GET', context),
    endSession: (context) => send('DELETE', context),
    ready: async (signal) => {
      const context = { signal, headers: new Headers({ accept: 'text/event-stream' }) };
      try {
        // Any answer at all shows that something listens there.
        const response = await exchange({ url, method: 'GET', body: undefined, ...context });
        await response.body?.cancel();
      } catch (error) {
        throw new ProxyError('ERR_PROXY_UPSTREAM_UNREACHABLE', `${url.origin} cannot be reached`, {
          cause: error,
        });
      }
    },
    close: async () => options.close?.(),
  };
}

function judge(response: Response, origin: string): Response {
  const isRedirect = response.status >= 300 && response.status < 400 && response.status !== 304;
  if (isRedirect || response.type === 'opaqueredirect' || response.status === 401) {
    // Its text is of no use to the caller, and a failing cancel changes nothing.
    response.body?.cancel().catch(() => undefined);
    throw response.status === 401
      ? new ProxyError('ERR_PROXY_UPSTREAM_REFUSED', `${origin} wants credentials of its own (401)`)
      : new ProxyError('ERR_PROXY_UPSTREAM_REDIRECT', `${origin} redirects; use its final URL`);
  }
  return new Response(response.body, {
    status: response.status,
    headers: returnedResponseHeaders(response.headers),
  });
}

const exchangeByFetch: UpstreamFetch = async ({ url, method, headers, body, signal }) => {
  const response = await fetch(url, {
    method,
    headers,
    // The platform types ask for an ArrayBuffer-backed view; request bodies always are.
    body: (body as Uint8Array<ArrayBuffer> | undefined) ?? null,
    signal,
    redirect: 'manual',
  });
  // `fetch` has undone the coding, so the header no longer describes the body.
  const decoded = new Headers(response.headers);
  decoded.delete('content-encoding');
  decoded.delete('content-length');
  if (response.status === 0) return response;
  return new Response(response.body, { status: response.status, headers: decoded });
};

function checkUrl(value: string | URL): URL {
  const url = URL.parse(value);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new TypeError(`url must be an http or https URL, got ${JSON.stringify(String(value))}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError('url must not hold credentials; URLs end up in logs');
  }
  return url;
}
