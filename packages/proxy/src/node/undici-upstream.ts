/** The HTTP upstream on Node: a connection pool instead of the platform's slower `fetch`. */

import type { Readable } from 'node:stream';
import { Pool } from 'undici';
import {
  createHttpUpstream,
  type HttpUpstreamOptions,
  type UpstreamFetch,
} from '../upstream/http.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { UndiciAnswer } from './undici-answer.ts';

export interface UndiciUpstreamOptions {
  /** Endpoint of the MCP server. */
  readonly url: string | URL;
  /** Connections to the server at most. Default: no limit, since streams hold one each. */
  readonly connections?: number;
  /** Milliseconds until the headers of an answer must have come. Default 60,000. */
  readonly headersTimeout?: number;
}

/**
 * Creates an upstream for a streamable HTTP server, over an undici `Pool`.
 *
 * @throws {TypeError} at once, when the URL is not http or https.
 */
export function createUndiciUpstream(options: UndiciUpstreamOptions): Upstream {
  return createHttpUpstream({ ...options, ...openPool(options) });
}

/** Bytes from which a body is let go of once it has been sent: undici keeps it until the answer has ended. */
const LARGE = 16 * 1024;

/** Gives the body to whoever sends it, and forgets it. */
function giveOnce(body: Uint8Array): Readable {
  let left: Uint8Array | undefined = body;
  const next = (): IteratorResult<Uint8Array> => {
    if (left === undefined) return { done: true, value: undefined };
    const value = left;
    left = undefined;
    return { done: false, value };
  };
  // undici takes any iterable; its types know streams only.
  return { [Symbol.iterator]: () => ({ next }) } as unknown as Readable;
}

/** An exchange over a pool of connections to one origin. */
export function openPool(
  options: Pick<UndiciUpstreamOptions, 'url' | 'connections'>,
): Required<Pick<HttpUpstreamOptions, 'exchange' | 'close'>> {
  const { origin } = new URL(options.url);
  const pool = new Pool(origin, {
    connections: options.connections ?? null,
    // Event streams may be silent for hours; their end is the client's or the token's affair.
    bodyTimeout: 0,
    headersTimeout: 0,
  });
  const exchange: UpstreamFetch = async ({ url, method, headers, body, ...request }) => {
    const { headersTimeout, signal } = request;
    signal.throwIfAborted();
    const handler = new UndiciAnswer({ timeout: headersTimeout, signal });
    const path = `${url.pathname}${url.search}`;
    const flat: string[] = [];
    for (const [name, value] of headers) flat.push(name, value);
    const isLarge = body !== undefined && body.byteLength > LARGE;
    // A length that the client declared has been left out, since it is one of this connection's.
    if (isLarge) flat.push('content-length', String(body.byteLength));
    const sent = isLarge ? giveOnce(body) : (body ?? null);
    pool.dispatch({ path, method, headers: flat, body: sent, headersTimeout }, handler);
    return handler.answer;
  };
  return { exchange, close: () => pool.destroy() };
}
