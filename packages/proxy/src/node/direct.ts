/**
 * Serves the MCP endpoint straight from `node:http`: what a proxy in front of a server is measured
 * by. A Web `Request`, a router and a `Response` cost more than all stages together (`bench/http`).
 */

import { isAscii } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, discard, isBodyless } from '../http/answer.ts';
import { Fields } from '../http/fields.ts';
import type { ProxyRequest } from '../http/request.ts';
import type { PeerInfo } from '../source/request-source.ts';
import { type Admits, type BodyOutcome, Collected } from '../stream/body-limit.ts';

/** Answers requests as the stages see them; `McpProxy.answer` is one. */
export type DirectAnswer = (request: ProxyRequest, peer: PeerInfo) => Promise<Answer>;

/** Answers one request, whatever happens. */
export async function answerDirectly(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: (request: ProxyRequest) => Promise<Answer>,
): Promise<void> {
  const request = new DirectRequest(incoming, outgoing);
  let given: Answer | undefined;
  try {
    given = await answer(request);
    await write(given, incoming, outgoing);
  } catch {
    if (given !== undefined) discard(given);
    // The stages answer for what they throw, so this is an answer that HTTP cannot carry.
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(502).end();
  }
}

class DirectRequest implements ProxyRequest {
  readonly method: string;
  readonly headers: Fields;
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  #abort: AbortController | undefined;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse) {
    this.method = incoming.method ?? '';
    // As they came: Node itself keeps the first of two credentials in silence.
    this.headers = Fields.fromFlat(incoming.rawHeaders);
    this.#incoming = incoming;
    this.#outgoing = outgoing;
  }

  get url(): string {
    const scheme = 'encrypted' in this.#incoming.socket ? 'https' : 'http';
    return `${scheme}://${this.headers.get('host') ?? 'localhost'}${this.#incoming.url}`;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      const outgoing = this.#outgoing;
      const onClose = (): void => {
        if (!outgoing.writableFinished) abort.abort(new Error('the client left'));
      };
      if (outgoing.closed) onClose();
      else outgoing.once('close', onClose);
    }
    return this.#abort.signal;
  }

  read(limit: number, admits?: Admits): Promise<BodyOutcome> {
    return new Promise((resolve, reject) => {
      const incoming = this.#incoming;
      if (incoming.destroyed) {
        // It has said so already, to nobody: whoever waits for it now would wait for ever.
        reject(new Error('the client left'));
        return;
      }
      if (incoming.complete) {
        // Small bodies have come with their head: nothing has to be waited for.
        const bytes = (incoming.read() as Buffer | null) ?? Buffer.alloc(0);
        resolve(bytes.length > limit ? 'too-large' : bytes);
        return;
      }
      const bytes = new Collected();
      const onData = (chunk: Buffer): void => {
        const size = bytes.size + chunk.length;
        const isAdmitted = size <= limit && admits?.(size) !== false;
        if (isAdmitted) {
          bytes.add(chunk);
          return;
        }
        forget();
        incoming.pause();
        resolve(size > limit ? 'too-large' : 'no-room');
      };
      const onEnd = (): void => {
        forget();
        resolve(bytes.all);
      };
      const onFailure = (error: unknown = new Error('the client left')): void => {
        forget();
        reject(error);
      };
      const listeners = [
        ['data', onData],
        ['end', onEnd],
        ['error', onFailure],
        ['close', onFailure],
      ] as const;
      // The request lives as long as its connection, and would keep the body.
      const forget = (): void => {
        for (const [event, listener] of listeners) incoming.off(event, listener);
      };
      for (const [event, listener] of listeners) incoming.on(event, listener);
    });
  }
}

async function write(
  answer: Answer,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { status, headers, body } = answer;
  const flat: string[] = [];
  for (const [name, value] of headers) {
    // Counted below: what an upstream declared may no longer be true.
    if (name !== 'content-length') flat.push(name, value);
  }
  if (!incoming.complete) drain(incoming, outgoing);
  if (body instanceof ReadableStream) {
    outgoing.writeHead(status, flat);
    await writeStream(body, outgoing);
    return;
  }
  const hasBody = !isBodyless(status);
  const length = body === null ? 0 : Buffer.byteLength(body);
  if (hasBody) flat.push('content-length', String(length));
  outgoing.writeHead(status, flat);
  if (!hasBody || body === null) outgoing.end();
  // A text goes out in one piece with its head, which is one system call less to copy. It gives the
  // head its coding, which has to be that of header fields; as many bytes as characters are ASCII.
  else if (typeof body === 'string' && length === body.length) outgoing.end(body, 'latin1');
  else if (typeof body === 'string') outgoing.end(Buffer.from(body));
  else if (isAscii(body)) outgoing.end(asText(body), 'latin1');
  else outgoing.end(body);
}

function asText(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
}

async function writeStream(
  body: ReadableStream<Uint8Array>,
  outgoing: ServerResponse,
): Promise<void> {
  const reader = body.getReader();
  let wake = (): void => undefined;
  const onClose = (): void => {
    // Whoever reads has gone; a source that fails to cancel is gone as well.
    reader.cancel('the client left').catch(() => undefined);
    wake();
  };
  if (outgoing.closed) onClose();
  outgoing.once('close', onClose);
  outgoing.on('drain', () => wake());
  // The head says that the stream is open, which may be all for hours. `flushHeaders` would send it in
  // UTF-8, which header fields are not in.
  outgoing.write('', 'latin1');
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || outgoing.destroyed) break;
      if (outgoing.write(value)) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (outgoing.destroyed) resolve();
      });
    }
    outgoing.end();
  } catch {
    // The client sees that the answer broke off; why is for the operator, who has been told.
    outgoing.destroy();
  }
}

/** Milliseconds that a client may go on sending what nobody reads, so that it reads the answer. */
const DRAIN_FOR = 500;

/** The request was refused before it was read: its rest is thrown away, for a while. */
function drain(incoming: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.once('finish', () => {
    if (incoming.complete || incoming.destroyed) return;
    const timer = setTimeout(() => incoming.socket.destroySoon(), DRAIN_FOR);
    timer.unref();
    incoming.once('close', () => clearTimeout(timer));
    incoming.once('end', () => clearTimeout(timer));
    incoming.resume();
  });
}
