/** What the stages need of a request; a server that has it at hand need not build a Web `Request`. */

import { type Admits, type BodyOutcome, readAdmitted } from '../stream/body-limit.ts';

export interface ProxyRequest {
  readonly method: string;
  /** Absolute URL as the client named it; its host is the client's to choose. */
  readonly url: string;
  readonly headers: Headers;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /**
   * The whole body, or `too-large` once more than `limit` bytes have come (D5). Read once.
   *
   * @param admits asked before a piece is kept, with the size so far; false: `no-room`
   */
  read(limit: number, admits?: Admits): Promise<BodyOutcome>;
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
    read: (limit, admits) => readBody(request, limit, admits),
  };
}

/** What arrives is counted. A declared length only chooses the way that servers are fastest at. */
async function readBody(
  request: Request,
  limit: number,
  admits: Admits | undefined,
): Promise<BodyOutcome> {
  if (request.headers.get('content-length') === null) {
    return readAdmitted(request.body, { limit, admits });
  }
  const bytes = new Uint8Array(await request.arrayBuffer());
  return bytes.byteLength > limit ? 'too-large' : bytes;
}
