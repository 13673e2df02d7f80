/** Turns the upstream's answer into the one that the client may see. */

import { INTERNAL_ERROR, readJsonRpcText } from '../mcp/json-rpc.ts';
import { replyError } from '../mcp/reply.ts';
import { readBounded } from './body-limit.ts';
import { type FilterSseOptions, filterSse } from './filter-sse.ts';
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
  response: Response,
  options: FilterResponseOptions,
): Promise<Response> {
  const decoded = decodeBody(response);
  if (decoded === undefined) return withheld(response, options, 'content-encoding');
  const media = mediaType(decoded.headers);
  if (media === 'text/event-stream' && decoded.body !== null) {
    return withBody(decoded, filterSse(decoded.body, { ...options, harmless: 'pass' }));
  }
  // A GET opens an event stream or fails; a body of another kind belongs to no request.
  const { request, traffic } = options;
  if (request === undefined) return withheld(response, options, 'not-a-stream');
  const mustBeRead = request.list !== undefined || request.mayBeginTask || request.isJudged;
  if (!mustBeRead && !traffic.mayAnswerList(request.idText)) return decoded;
  return filterBody(decoded, { ...options, harmless: 'withhold' });
}

async function filterBody(
  response: Response,
  options: FilterResponseOptions & Pick<FilterSseOptions, 'harmless'>,
): Promise<Response> {
  const bytes = await readBounded(response.body, options.maxBodyBytes, options.signal);
  if (bytes === 'too-large') return withheld(response, options, 'too-large');
  // Not fatal and without its byte order mark: this is what a client would read.
  const text = new TextDecoder('utf-8').decode(bytes);
  if (!response.ok && !isErrorMessage(text)) return withheld(response, options, 'status');
  if (!/^\s*[{[]/.test(text)) {
    // A mislabelled event stream is still one to a client that sniffs.
    const stream = holdsEvents(text, options.maxEventLength) ? new Response(text).body : null;
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
function decodeBody(response: Response): Response | undefined {
  const coding = response.headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (coding === 'identity' || coding === '') return response;
  if (coding !== 'gzip' && coding !== 'x-gzip' && coding !== 'deflate') return undefined;
  if (response.body === null) return response;
  const format = coding === 'deflate' ? 'deflate' : 'gzip';
  // The platform types ask for ArrayBuffer-backed chunks, which fetch bodies are.
  const body = (response.body as ReadableStream<BufferSource>).pipeThrough(
    new DecompressionStream(format),
  ) as unknown as ReadableStream<Uint8Array>;
  const decoded = withBody(response, body);
  decoded.headers.delete('content-encoding');
  return decoded;
}

function mediaType(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase(); // split yields at least one part
}

function withBody(
  response: Response,
  body: ReadableStream<Uint8Array> | string | null,
  contentType?: string,
): Response {
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  headers.delete('etag');
  if (contentType !== undefined) {
    headers.set('content-type', contentType);
    headers.delete('content-encoding');
  }
  headers.set('cache-control', 'no-store');
  return new Response(body as BodyInit | null, { status: response.status, headers });
}

function withheld(response: Response, options: FilterResponseOptions, reason: string): Response {
  options.onWithheld(reason);
  response.body?.cancel().catch(() => undefined);
  // A status below 400 that is no success (304) has no body, and says nothing that a client asked.
  const status = response.ok ? 200 : Math.max(response.status, 400);
  const { request } = options;
  return replyError({
    status,
    code: INTERNAL_ERROR,
    id: request === undefined ? undefined : { text: request.idText },
  });
}
