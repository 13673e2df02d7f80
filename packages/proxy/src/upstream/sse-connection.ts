/**
 * One connection to a server of the 2024-11-05 transport: a stream of its messages, and the endpoint
 * that the stream names for ours.
 */

import { ProxyError } from '../errors.ts';
import { type Answer, discard, streamOf } from '../http/answer.ts';
import type { McpMessage } from '../mcp/message.ts';
import { createSseReader, type SseItem, SseOverflow } from '../stream/sse-parse.ts';
import { createHttpSend, type HttpSend } from './http.ts';
import { readEndpoint } from './sse-endpoint.ts';
import type { SseSettings } from './sse-options.ts';
import type { UpstreamContext } from './upstream.ts';

export interface SseConnection {
  /** False once either side has ended it. */
  readonly isOpen: boolean;
  /** The text of the next message; undefined when the server has ended the stream. */
  next(): Promise<string | undefined>;
  /** Sends a message. Its answer, if there is one, comes on the stream. */
  post(message: McpMessage, context: Sender): Promise<number>;
  close(): void;
}

/** Whose headers go along, and who may leave meanwhile. */
export type Sender = Pick<UpstreamContext, 'headers' | 'signal'>;

/** Never sent to such a server: it knows no sessions and no resumption. */
const FOREIGN = ['mcp-session-id', 'last-event-id'];

/**
 * Opens a connection.
 *
 * @throws ProxyError when there is no event stream, or when it names no endpoint of the server's own
 */
export async function openSseConnection(
  settings: SseSettings,
  context: Sender,
): Promise<SseConnection> {
  const { url, exchange, headersTimeout, maxEventLength } = settings;
  const send = createHttpSend({ url, exchange, headersTimeout });
  // The stream outlives the request that opens it, so it has a signal of its own.
  const opening = new AbortController();
  const leave = (): void => opening.abort(context.signal.reason);
  context.signal.addEventListener('abort', leave, { once: true });
  if (context.signal.aborted) leave();
  let items: ItemReader | undefined;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    opening.abort();
  }, headersTimeout);
  opening.signal.addEventListener('abort', () => items?.close(), { once: true });
  try {
    const response = await openStream(send, url, {
      headers: context.headers,
      signal: opening.signal,
    });
    items = readItems(response, maxEventLength);
    const endpoint = await findEndpoint(items, url);
    const post = createHttpSend({ url: endpoint, exchange, headersTimeout });
    return toConnection(items, post, settings.onNotice);
  } catch (error) {
    items?.close();
    context.signal.throwIfAborted();
    if (!isLate) throw error;
    throw new ProxyError('ERR_PROXY_UPSTREAM_TIMEOUT', `${url.origin} named no endpoint in time`);
  } finally {
    clearTimeout(timer);
    context.signal.removeEventListener('abort', leave);
  }
}

function toConnection(
  items: ItemReader,
  send: HttpSend,
  onNotice: SseSettings['onNotice'],
): SseConnection {
  return {
    get isOpen() {
      return items.isOpen;
    },
    async next() {
      for (;;) {
        const item = await items.next();
        if (item === undefined) return undefined;
        if (item.kind === 'comment' || item.data === undefined) continue;
        if (isMessage(item.event)) return item.data;
        // The first endpoint counts: one that comes later could be anybody's who writes into it.
        const reason = item.event === 'endpoint' ? 'endpoint-again' : 'event-name';
        onNotice({ type: 'event-ignored', reason });
      }
    },
    async post(message, sender) {
      const response = await send('POST', withoutForeign(sender), message);
      // What a message is answered with comes on the stream; here is nothing to read.
      discard(response);
      return response.status;
    },
    close: () => items.close(),
  };
}

async function openStream(send: HttpSend, url: URL, sender: Sender): Promise<Answer> {
  const { headers, signal } = withoutForeign(sender);
  headers.delete('content-type');
  headers.set('accept', 'text/event-stream');
  const response = await send('GET', { headers, signal });
  const type = response.headers.get('content-type') ?? '';
  if (response.status === 200 && /^text\/event-stream *(?:;|$)/i.test(type)) return response;
  discard(response);
  if (response.status === 403) {
    throw new ProxyError('ERR_PROXY_UPSTREAM_REFUSED', `${url.origin} refuses the proxy (403)`);
  }
  const what = response.status === 200 ? 'no event stream' : `status ${response.status}`;
  throw new ProxyError(
    'ERR_PROXY_UPSTREAM_ANSWER',
    `${url.origin}${url.pathname} answers a GET with ${what}; does it speak HTTP+SSE?`,
  );
}

function withoutForeign({ headers, signal }: Sender): Sender {
  const kept = new Headers(headers);
  for (const name of FOREIGN) kept.delete(name);
  return { headers: kept, signal };
}

/** Servers name it before anything else; whatever comes earlier is no message to anybody. */
async function findEndpoint(items: ItemReader, url: URL): Promise<URL> {
  for (;;) {
    const item = await items.next();
    if (item === undefined) {
      throw new ProxyError(
        'ERR_PROXY_UPSTREAM_ANSWER',
        `${url.origin} opens an event stream that names no endpoint`,
      );
    }
    if (item.kind === 'comment' || item.event !== 'endpoint') continue;
    const endpoint = readEndpoint(item.data ?? '', url);
    if (endpoint !== undefined) return endpoint;
    throw new ProxyError(
      'ERR_PROXY_UPSTREAM_ANSWER',
      `${url.origin} names an endpoint that is not on ${url.origin}; messages are not sent there`,
    );
  }
}

/** WHATWG: an event without a name, or with an empty one, is a message. */
function isMessage(event: string | undefined): boolean {
  return event === undefined || event === '' || event === 'message';
}

interface ItemReader {
  readonly isOpen: boolean;
  next(): Promise<SseItem | undefined>;
  close(): void;
}

/** One item after the other, read from the network only when it is asked for. */
function readItems(response: Answer, maxEventLength: number): ItemReader {
  const sse = createSseReader(maxEventLength);
  const reader = (streamOf(response.body) ?? new Blob([]).stream()).getReader();
  let read: SseItem[] = [];
  let at = 0;
  let isOpen = true;
  const close = (): void => {
    isOpen = false;
    // It has ended either way.
    reader.cancel().catch(() => undefined);
  };
  return {
    get isOpen() {
      return isOpen;
    },
    async next() {
      while (isOpen) {
        const item = read[at++];
        if (item !== undefined) return item;
        // An event that the stream ends within is not one (WHATWG).
        const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
        if (done || value === undefined) isOpen = false;
        else [read, at] = [push(value), 0];
      }
      return undefined;
    },
    close,
  };

  function push(value: Uint8Array): SseItem[] {
    try {
      return sse.push(value);
    } catch (error) {
      close();
      if (!(error instanceof SseOverflow)) throw error;
      throw new ProxyError(
        'ERR_PROXY_UPSTREAM_ANSWER',
        'the server sent an event that is too large',
        {
          cause: error,
        },
      );
    }
  }
}
