/** What the stages need of a request; a server that has it at hand need not build a Web `Request`. */

import { readBounded } from '../stream/body-limit.ts';

export interface ProxyRequest {
  readonly method: string;
  /** Absolute URL as the client named it; its host is the client's to choose. */
  readonly url: string;
  readonly headers: Headers;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /** The whole body, or `too-large` once more than `limit` bytes have come (D5). Read once. */
  read(limit: number): Promise<Uint8Array | 'too-large'>;
}

/** A Web `Request` as the stages see it. */
export function fromWebRequest(request: Request): ProxyRequest {
  return {
    method: request.method,
    url: request.url,
    headers: request.headers,
    // Asked for late: some servers make it only then.
    get signal() {
      return request.signal;
    },
    read: (limit) => readBody(request, limit),
  };
}

/** What arrives is counted. A declared length only chooses the way that servers are fastest at. */
async function readBody(request: Request, limit: number): Promise<Uint8Array | 'too-large'> {
  if (request.headers.get('content-length') === null) return readBounded(request.body, limit);
  const bytes = new Uint8Array(await request.arrayBuffer());
  return bytes.byteLength > limit ? 'too-large' : bytes;
}
