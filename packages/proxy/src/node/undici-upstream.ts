/** The HTTP upstream on Node: a connection pool instead of the platform's slower `fetch`. */

import type { Readable } from 'node:stream';
import { type Dispatcher, errors, Pool } from 'undici';
import {
  AnswerTimeout,
  createHttpUpstream,
  type HttpUpstreamOptions,
  type UpstreamFetch,
} from '../upstream/http.ts';
import type { Upstream } from '../upstream/upstream.ts';

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
    const answer = await pool
      .request({
        path: `${url.pathname}${url.search}`,
        method,
        headers: Object.fromEntries(headers),
        body: body ?? null,
        headersTimeout,
        signal,
      })
      .catch((error: unknown) => {
        throw error instanceof errors.HeadersTimeoutError
          ? new AnswerTimeout('no answer in time', { cause: error })
          : error;
      });
    return {
      status: answer.statusCode,
      headers: toHeaders(answer.headers),
      body: isSmall(answer.headers)
        ? await readWhole(answer.body, headersTimeout)
        : toWeb(answer.body, answer.statusCode),
    };
  };
  return { exchange, close: () => pool.destroy() };
}

/** Most answers: a whole one is several times cheaper to pass on than a stream. */
const SMALL = 64 * 1024;

function isSmall(headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
  const length = headers['content-length'];
  // Node's parser holds a server to the length it declares.
  return typeof length === 'string' && Number(length) > 0 && Number(length) <= SMALL;
}

/** Reads a small body; one that stops half-way is given up like one that never begins. */
async function readWhole(body: BodyReadable, timeout: number): Promise<Uint8Array> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    body.destroy();
  }, timeout);
  try {
    return await body.bytes();
  } catch (error) {
    throw late ? new AnswerTimeout('the answer stopped half-way', { cause: error }) : error;
  } finally {
    clearTimeout(timer);
  }
}

type BodyReadable = Dispatcher.ResponseData['body'];

/**
 * The body as a web stream, chunk by chunk on demand. Node's own adapter throws past every handler
 * when a chunk arrives after the stream was cancelled.
 */
function toWeb(body: Readable, status: number): ReadableStream<Uint8Array> | null {
  // A destroyed body reports that it was aborted, which is what was asked for.
  body.on('error', () => undefined);
  if (status === 204 || status === 205 || status === 304) {
    body.resume();
    return null;
  }
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>; // undici bodies hold bytes
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel() {
        body.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}

function toHeaders(raw: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(raw)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one);
  }
  return headers;
}
