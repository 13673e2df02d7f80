/** Reads the result of a request that the proxy itself sent, from JSON or from an event stream. */

import { ProxyError } from '../errors.ts';
import { type Answer, streamOf } from '../http/answer.ts';
import { readJsonRpcText } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import { idKey } from '../session/traffic.ts';
import { readBounded } from '../stream/body-limit.ts';
import { createSseReader } from '../stream/sse-parse.ts';

export interface ReadLimits {
  readonly maxBytes: number;
  /** Ends the reading of an answer that does not end by itself. */
  readonly signal: AbortSignal;
}

/**
 * The `result` of the answer to `message`; undefined when the answer is an error.
 *
 * @throws ProxyError `ERR_PROXY_UPSTREAM_ANSWER` when there is no readable answer.
 */
export async function readResult(
  response: Answer,
  message: McpMessage,
  limits: ReadLimits,
): Promise<unknown> {
  const isStream = response.headers
    .get('content-type')
    ?.toLowerCase()
    .startsWith('text/event-stream');
  const texts = isStream === true ? eventTexts(response, limits) : bodyTexts(response, limits);
  for await (const text of texts) {
    const read = readJsonRpcText(text);
    if (!read.ok || read.message.kind !== 'response') continue;
    const answers = idKey(read.message.id?.text ?? '') === idKey(message.id?.text ?? '');
    if (answers) return read.message.value['result'];
  }
  throw new ProxyError('ERR_PROXY_UPSTREAM_ANSWER', 'the upstream gave no readable answer');
}

async function* bodyTexts(
  response: Answer,
  { maxBytes, signal }: ReadLimits,
): AsyncGenerator<string> {
  const bytes = await readBounded(streamOf(response.body), maxBytes, signal);
  if (bytes !== 'too-large') yield new TextDecoder('utf-8').decode(bytes);
}

async function* eventTexts(
  response: Answer,
  { maxBytes, signal }: ReadLimits,
): AsyncGenerator<string> {
  const body = streamOf(response.body);
  if (body === null) return;
  const sse = createSseReader(maxBytes);
  const reader = body.getReader();
  const leave = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', leave, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      for (const item of done ? sse.end() : sse.push(value)) {
        if (item.kind === 'event' && item.data !== undefined) yield item.data;
      }
      if (done) return;
    }
  } finally {
    signal.removeEventListener('abort', leave);
    // The answer is found or the stream is broken; either way nothing more is read.
    leave();
  }
}
