/** Passes an event stream on, event by event, each one read, judged and written anew (D29). */

import { INTERNAL_ERROR } from '../mcp/json-rpc.ts';
import { errorText } from '../mcp/reply.ts';
import { passServerMessage, type ServerMessagesOptions } from './server-message.ts';
import { encodeSse, KEEP_ALIVE, type SseEvent } from './sse-encode.ts';
import { createSseReader } from './sse-parse.ts';
import { awaitStreamEnd, type StreamEnd } from './stream-end.ts';

export interface FilterSseOptions extends ServerMessagesOptions, StreamEnd {
  /** Characters of one event that are held at most. */
  readonly maxEventLength: number;
  /** Ends the stream when it is aborted. */
  readonly ending: AbortSignal | undefined;
  /** Told that a stream begins; the function is called when it ends. */
  readonly onStream?: (() => () => void) | undefined;
}

/** The stream that the client gets in place of `source`. Backpressure goes through to the source. */
export function filterSse(
  source: ReadableStream<Uint8Array>,
  options: FilterSseOptions,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const sse = createSseReader(options.maxEventLength);
  const reader = source.getReader();
  let stopWaiting = (): void => undefined;
  let ended = false;
  let endNow = (): void => undefined;
  const tellEnd = options.onStream?.();

  const stop = (reason?: unknown): void => {
    ended = true;
    tellEnd?.();
    stopWaiting();
    options.ending?.removeEventListener('abort', endNow);
    // The client has its end of stream either way; a source that fails to cancel is already gone.
    reader.cancel(reason).catch(() => undefined);
  };

  return new ReadableStream<Uint8Array>({
    start(controller) {
      endNow = () => {
        if (ended) return;
        stop('ended by the proxy');
        controller.close();
      };
      if (options.ending?.aborted === true) return endNow();
      options.ending?.addEventListener('abort', endNow, { once: true });
      stopWaiting = awaitStreamEnd(options, endNow);
      return undefined;
    },
    async pull(controller) {
      try {
        // One pull yields something or ends: a chunk may hold no whole event yet.
        for (;;) {
          const { done, value } = await reader.read();
          if (ended) return;
          const items = done ? sse.end() : sse.push(value);
          let text = '';
          for (const item of items) {
            if (item.kind === 'comment') text += KEEP_ALIVE;
            else if (item.event === 'endpoint') {
              // The transport of 2024 sends clients elsewhere by it, with their tokens.
              options.onWithheld('endpoint-event');
              text += KEEP_ALIVE;
            } else if (item.data === undefined || item.data === '') text += encodeSse(item);
            else text += await passEvent(item.data, item, options);
          }
          if (ended) return;
          if (text !== '') controller.enqueue(encoder.encode(text));
          if (done) {
            stop();
            controller.close();
          }
          if (done || text !== '') return;
        }
      } catch (error) {
        if (ended) return;
        stop(error);
        options.onWithheld('stream');
        // Told in words of our own: what broke behind is not for the client.
        const { request } = options;
        if (request !== undefined) {
          const id = { text: request.idText };
          const data = errorText({ code: INTERNAL_ERROR, id });
          controller.enqueue(encoder.encode(encodeSse({ data })));
        }
        controller.close();
      }
    },
    cancel(reason) {
      stop(reason);
    },
  });
}

async function passEvent(
  data: string,
  event: SseEvent,
  options: ServerMessagesOptions,
): Promise<string> {
  const { text, withheld } = await passServerMessage(data, options);
  // Its id stays: a client that resumes asks for what came after it.
  if (text === undefined) return event.id === undefined ? '' : encodeSse({ id: event.id });
  // An error in the event's place must be dispatched by every client, so it carries no event name.
  return encodeSse({ ...event, event: withheld ? undefined : event.event, data: text });
}
