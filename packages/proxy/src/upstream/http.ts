/** A streamable HTTP server behind the proxy, over any `fetch`. */

import { ProxyError } from '../errors.ts';
import { type Answer, discard, isBodyless } from '../http/answer.ts';
import { Fields } from '../http/fields.ts';
import type { McpMessage } from '../mcp/message.ts';
import { returnedResponseHeaders } from './headers.ts';
import { showBody } from './shown-body.ts';
import type { Upstream, UpstreamContext } from './upstream.ts';

/** One HTTP exchange with the upstream; redirects come back as they are. */
export type UpstreamFetch = (request: UpstreamRequest) => Promise<Answer>;

/** Thrown by an {@link UpstreamFetch} when `headersTimeout` has passed. */
export class AnswerTimeout extends Error {
  override readonly name: string = 'AnswerTimeout';
}

export interface UpstreamRequest {
  readonly url: URL;
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly headers: Headers;
  readonly body: Uint8Array | undefined;
  /** Milliseconds until the headers of the answer must have come. */
  readonly headersTimeout: number;
  /** Aborted when the client leaves before that. Afterwards its body is cancelled. */
  readonly signal: AbortSignal;
}

export interface HttpUpstreamOptions {
  /** Endpoint of the MCP server, such as `http://localhost:8000/mcp`. */
  readonly url: string | URL;
  /** Default: the platform's `fetch`. On Node, `undiciUpstream` of `@thv/proxy/node` is faster. */
  readonly exchange?: UpstreamFetch;
  /** Frees what `exchange` holds open. */
  readonly close?: () => Promise<void>;
  /**
   * Milliseconds until the headers of an answer must have come, and between two pieces of a body that
   * is no event stream. Default 60,000.
   */
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
  const send = createHttpSend({ url, exchange, headersTimeout });

  return {
    handle: (message, context) => send('POST', context, message),
    stream: (context) => send('GET', context),
    endSession: (context) => send('DELETE', context),
    ready: async (signal) => {
      const headers = new Headers({ accept: 'text/event-stream' });
      const request = { url, method: 'GET', headers, headersTimeout, body: undefined } as const;
      try {
        // Any answer at all shows that something listens there.
        discard(await exchange({ ...request, signal }));
      } catch (error) {
        throw new ProxyError('ERR_PROXY_UPSTREAM_UNREACHABLE', `${url.origin} cannot be reached`, {
          cause: error,
        });
      }
    },
    close: async () => options.close?.(),
  };
}

/** Sends to one URL; every failure is a `ProxyError`, and so is an answer that must not be passed on. */
export type HttpSend = (
  method: UpstreamRequest['method'],
  context: Pick<UpstreamContext, 'headers' | 'signal'>,
  message?: McpMessage,
) => Promise<Answer>;

export function createHttpSend({
  url,
  exchange,
  headersTimeout,
}: Pick<UpstreamRequest, 'url' | 'headersTimeout'> & {
  readonly exchange: UpstreamFetch;
}): HttpSend {
  return async (method, context, message) => {
    const headers = message === undefined ? context.headers : withJsonType(context.headers);
    const { signal } = context;
    let answer: Answer;
    try {
      answer = await exchange({ url, method, headers, headersTimeout, body: message?.raw, signal });
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof AnswerTimeout) {
        throw new ProxyError('ERR_PROXY_UPSTREAM_TIMEOUT', `${url.origin} sent no answer in time`);
      }
      throw new ProxyError('ERR_PROXY_UPSTREAM_UNREACHABLE', `${url.origin} cannot be reached`, {
        cause: error,
      });
    }
    return judge(answer, url.origin, headersTimeout);
  };
}

/** Nearly always it is there, as the client said it. */
function withJsonType(headers: Headers): Headers {
  if (headers.get('content-type') === 'application/json') return headers;
  const typed = Fields.from(headers);
  typed.set('content-type', 'application/json');
  return typed;
}

function judge(answer: Answer, origin: string, headersTimeout: number): Answer {
  const { status, headers, body } = answer;
  const isRedirect = status === 0 || (status >= 300 && status < 400 && status !== 304);
  if (isRedirect || status === 401) {
    discard(answer);
    throw status === 401
      ? new ProxyError('ERR_PROXY_UPSTREAM_REFUSED', `${origin} wants credentials of its own (401)`)
      : new ProxyError('ERR_PROXY_UPSTREAM_REDIRECT', `${origin} redirects; use its final URL`);
  }
  if (status < 200 || status > 599) {
    discard(answer);
    throw new ProxyError('ERR_PROXY_UPSTREAM_ANSWER', `${origin} answers with status ${status}`);
  }
  if (isBodyless(status)) {
    discard(answer);
    return { status, headers: returnedResponseHeaders(headers), body: null };
  }
  const returned = returnedResponseHeaders(headers);
  if (!(body instanceof ReadableStream)) return { status, headers: returned, body };
  const isEvents = /^text\/event-stream\b/i.test(headers.get('content-type') ?? '');
  const patience = isEvents ? undefined : headersTimeout;
  return { status, headers: returned, body: showBody(body, patience) };
}

/** One exchange over the platform's `fetch`. */
export const exchangeByFetch: UpstreamFetch = async (request) => {
  const { url, method, headers, body } = request;
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), request.headersTimeout);
  try {
    const response = await fetch(url, {
      method,
      headers,
      // The platform types ask for an ArrayBuffer-backed view; request bodies always are.
      body: (body as Uint8Array<ArrayBuffer> | undefined) ?? null,
      signal: AbortSignal.any([request.signal, timeout.signal]),
      redirect: 'manual',
    });
    // `fetch` has undone the coding, so the header no longer describes the body.
    const decoded = new Headers(response.headers);
    decoded.delete('content-encoding');
    decoded.delete('content-length');
    return { status: response.status, headers: decoded, body: response.body };
  } catch (error) {
    throw timeout.signal.aborted ? new AnswerTimeout('no answer in time', { cause: error }) : error;
  } finally {
    clearTimeout(timer);
  }
};

/** @throws {TypeError} for what is no URL of a server, or holds credentials */
export function checkUrl(value: string | URL): URL {
  const url = URL.parse(value);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new TypeError(`url must be an http or https URL, got ${JSON.stringify(String(value))}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError('url must not hold credentials; URLs end up in logs');
  }
  return url;
}
