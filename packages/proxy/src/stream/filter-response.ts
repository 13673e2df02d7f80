/** Turns the upstream's answer into the one that the client may see. */

import { type Answer, discard, isSuccess, streamOf } from '../http/answer.ts';
import { Fields } from '../http/fields.ts';
import { INTERNAL_ERROR, readJsonRpcText } from '../mcp/json-rpc.ts';
import { replyError } from '../mcp/reply.ts';
import { readBounded } from './body-limit.ts';
import { type FilterSseOptions, filterSse } from './filter-sse.ts';
import { sniffList } from './list-scent.ts';
import { passServerMessage } from './server-message.ts';
import { createSseReader } from './sse-parse.ts';

export interface FilterResponseOptions extends Omit<FilterSseOptions, 'harmless'> {
  /** Bytes of an answer that are held at most. */
  readonly maxBodyBytes: number;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/**
 * Filters lists and ends streams in time; everything else passes as it is.
 *
 * A list answer that cannot be read is withheld (D29): the client gets −32603 under its own id.
 */
export async function filterResponse(
  response: Answer,
  options: FilterResponseOptions,
): Promise<Answer> {
  const decoded = decodeBody(response);
  if (decoded === undefined) return withheld(response, options, 'content-encoding');
  const media = mediaType(decoded.headers);
  const stream = media === 'text/event-stream' ? streamOf(decoded.body) : null;
  if (stream !== null) {
    return withBody(decoded, filterSse(stream, { ...options, harmless: 'pass' }));
  }
  // A GET opens an event stream or fails; a body of another kind belongs to no request.
  const { request, traffic } = options;
  if (request === undefined) return withheld(response, options, 'not-a-stream');
  // Only streams are resumed and say things again.
  if (media === 'application/json') traffic.clientAnswered(request.idText);
  const mustBeRead = request.list !== undefined || request.mayBeginTask || request.isJudged;
  if (mustBeRead || traffic.mayAnswerList(request.idText)) return filterBody(decoded, options);
  const sniffing = sniffList(decoded.body, options.signal);
  const { couldBeList, body } = sniffing instanceof Promise ? await sniffing : sniffing;
  if (!couldBeList && body === decoded.body) return decoded;
  const sniffed = { status: decoded.status, headers: decoded.headers, body };
  return couldBeList ? filterBody(sniffed, options) : sniffed;
}

async function filterBody(response: Answer, given: FilterResponseOptions): Promise<Answer> {
  const options = { ...given, harmless: 'withhold' } as const;
  const body = streamOf(response.body);
  const bytes = await readBounded(body, options.maxBodyBytes, options.signal);
  if (bytes === 'too-large') return withheld(response, options, 'too-large');
  // Not fatal and without its byte order mark: this is what a client would read.
  const text = new TextDecoder('utf-8').decode(bytes);
  if (!isSuccess(response) && !isErrorMessage(text)) return withheld(response, options, 'status');
  if (!/^\s*[{[]/.test(text)) {
    // A mislabelled event stream is still one to a client that sniffs.
    const stream = holdsEvents(text, options.maxEventLength) ? streamOf(text) : null;
    if (stream === null) return withheld(response, options, 'not-json');
    return withBody(response, filterSse(stream, options));
  }
  const passed = await passServerMessage(text, options);
  if (passed.text === undefined) return withheld(response, options, 'notification');
  return withBody(response, passed.text, 'application/json');
}

function holdsEvents(text: string, maxEventLength: number): boolean {
  const reader = createSseReader(maxEventLength);
  const items = [...reader.push(new TextEncoder().encode(text)), ...reader.end()];
  return items.some((item) => item.kind === 'event' && item.data !== undefined);
}

/** True for a JSON-RPC error, the one body that belongs to a failed list request. */
function isErrorMessage(text: string): boolean {
  const read = readJsonRpcText(text);
  return read.ok && read.message.kind === 'response' && Object.hasOwn(read.message.value, 'error');
}

/** The response with its content coding undone; undefined when it has one we do not know. */
function decodeBody(response: Answer): Answer | undefined {
  const coding = response.headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (coding === 'identity' || coding === '') return response;
  if (coding !== 'gzip' && coding !== 'x-gzip' && coding !== 'deflate') return undefined;
  const coded = streamOf(response.body);
  if (coded === null) return response;
  const format = coding === 'deflate' ? 'deflate' : 'gzip';
  // The platform types ask for ArrayBuffer-backed chunks, which fetch bodies are.
  const body = (coded as ReadableStream<BufferSource>).pipeThrough(
    new DecompressionStream(format),
  ) as unknown as ReadableStream<Uint8Array>;
  const decoded = withBody(response, body);
  decoded.headers.delete('content-encoding');
  return decoded;
}

function mediaType(headers: Headers): string {
  const type = headers.get('content-type') ?? '';
  return type === 'application/json' ? type : type.split(';', 1)[0]!.trim().toLowerCase(); // split yields at least one part
}

function withBody(
  response: Answer,
  body: ReadableStream<Uint8Array> | string | null,
  contentType?: string,
): Answer {
  const headers = Fields.from(response.headers);
  headers.delete('content-length');
  headers.delete('etag');
  if (contentType !== undefined) {
    headers.set('content-type', contentType);
    headers.delete('content-encoding');
  }
  headers.set('cache-control', 'no-store');
  return { status: response.status, headers, body };
}

function withheld(response: Answer, options: FilterResponseOptions, reason: string): Answer {
  options.onWithheld(reason);
  discard(response);
  // A status below 400 that is no success (304) has no body, and says nothing that a client asked.
  const status = isSuccess(response) ? 200 : Math.max(response.status, 400);
  const { request } = options;
  return replyError({
    status,
    code: INTERNAL_ERROR,
    id: request === undefined ? undefined : { text: request.idText },
  });
}
