/** One HTTP answer in the making: JSON when the response is all there is, SSE when more comes first. */

import type { Answer } from '../http/answer.ts';
import type { JsonRpcId } from '../mcp/json-rpc.ts';
import { errorText } from '../mcp/reply.ts';
import { openSseSource, type SseSource } from '../stream/sse-source.ts';
import { answerFailure, answerJson, type Failure } from './answers.ts';

export interface Exchange {
  /** Resolves once it is known whether the answer is JSON or SSE. Never rejects. */
  readonly response: Promise<Answer>;
  /** True while messages other than the response can still be delivered here. */
  readonly canStream: boolean;
  /**
   * Delivers a message ahead of the response, turning the answer into SSE.
   *
   * `unwanted`: the client takes JSON only, or has gone. `overflow`: it reads too slowly.
   */
  deliver(text: string): 'delivered' | 'unwanted' | 'overflow';
  /** Delivers the response and ends the answer. `status` and `headers` count for JSON only. */
  finish(text: string, status?: number, headers?: Record<string, string>): void;
  /** Ends the answer with a JSON-RPC error. */
  fail(failure: Failure): void;
}

export interface ExchangeOptions {
  readonly id: JsonRpcId | undefined;
  /** The request's `Accept` header. */
  readonly accept: string | null;
  readonly maxStreamBytes: number;
  /** Milliseconds. A client that takes SSE gets signs of life when the answer takes longer. */
  readonly keepAlive: number;
  /** The client stopped reading the stream. */
  readonly onCancel: () => void;
}

export function createExchange(options: ExchangeOptions): Exchange {
  const acceptsSse = listsMediaType(options.accept, 'text/event-stream');
  let isDone = false;
  let stream: SseSource | undefined;
  let resolve: (response: Answer) => void = () => undefined;
  const response = new Promise<Answer>((settle) => {
    resolve = settle;
  });
  const openStream = (): SseSource => {
    if (stream === undefined) {
      const { maxStreamBytes: maxBytes, keepAlive, onCancel } = options;
      stream = openSseSource({ maxBytes, keepAlive, onCancel });
      resolve(stream.response);
    }
    return stream;
  };
  const silence = acceptsSse ? setTimeout(openStream, options.keepAlive) : undefined;
  const end = (): boolean => {
    if (isDone) return false;
    isDone = true;
    clearTimeout(silence);
    return true;
  };

  return {
    response,
    get canStream() {
      return !isDone && acceptsSse && stream?.isOpen !== false;
    },
    deliver(text) {
      if (isDone || !acceptsSse || stream?.isOpen === false) return 'unwanted';
      return openStream().send(text) ? 'delivered' : 'overflow';
    },
    finish(text, status = 200, headers = {}) {
      if (!end()) return;
      if (stream === undefined) resolve(answerJson(text, status, headers));
      else stream.finish(text);
    },
    fail(failure) {
      if (!end()) return;
      if (stream === undefined) resolve(answerFailure(failure, options.id));
      else stream.finish(errorText({ ...failure, id: options.id }));
    },
  };
}

/** True when an `Accept` header names a media type itself, not by a wildcard, and not with q=0. */
export function listsMediaType(accept: string | null, type: string): boolean {
  if (accept === null) return false;
  return accept.split(',').some((range) => {
    const [name, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    return name === type && !parameters.some((parameter) => /^q=0(?:\.0{0,3})?$/.test(parameter));
  });
}
