/** Takes one client request to the process and its answer back, both with nothing but ids changed. */

import type { Answer } from '../http/answer.ts';
import type { Era } from '../mcp/era.ts';
import { isRecord, type JsonRpcMessage, METHOD_NOT_FOUND } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import { ownText } from '../mcp/own-text.ts';
import { type Splice, spliceText } from '../mcp/splice.ts';
import * as answers from '../upstream/answers.ts';
import { createExchange, type Exchange } from '../upstream/pending-answer.ts';
import type { UpstreamContext } from '../upstream/upstream.ts';
import type { Call, CallOutcome, Patience } from './stdio-calls.ts';
import type { StdioConnection } from './stdio-connection.ts';
import type { StdioSettings } from './stdio-options.ts';
import type { InFlight, Session } from './stdio-session.ts';
import {
  findSpan,
  idKey,
  NOTICE_SUBSCRIPTION,
  PROGRESS_TOKEN,
  RESULT_SUBSCRIPTION,
  replaceId,
} from './stdio-splice.ts';
import type { TranslatedReply } from './stdio-translate.ts';

export interface ForwardOptions {
  readonly message: McpMessage;
  readonly context: UpstreamContext;
  readonly connection: StdioConnection;
  /** Undefined: the request stands alone. */
  readonly session: Session | undefined;
  readonly settings: StdioSettings;
  /** Never answers with SSE: the answer needs headers that are known only when it is complete. */
  readonly jsonOnly?: boolean;
  /** Sees the response before it is delivered; may add headers to a JSON answer. */
  readonly onReply?: (reply: JsonRpcMessage) => Record<string, string>;
  /** The request ended without a response from the process. */
  readonly onFailure?: () => void;
  /** Asked when the request has run out of time. */
  readonly mayWait?: () => boolean;
  /** Further edits of the request, clear of its id and its progress token. */
  readonly edits?: readonly Splice[];
  /** Words the response for a client of the other era. */
  readonly translate?: (reply: JsonRpcMessage, request: Asked) => TranslatedReply;
  /** False for a notification of this request that its client has not asked for. */
  readonly admits?: (notice: JsonRpcMessage) => boolean;
  /** The request has begun. Returns what is to be done when it ends. */
  readonly onBegin?: (running: RunningRequest) => () => void;
}

/** What is held of a request until it is answered, which may take hours; the rest can be large. */
type Asked = Pick<McpMessage, 'id' | 'method' | 'era'>;

interface Held
  extends Pick<
    ForwardOptions,
    | 'connection'
    | 'session'
    | 'settings'
    | 'onReply'
    | 'onFailure'
    | 'mayWait'
    | 'translate'
    | 'admits'
  > {
  readonly asked: Asked;
}

export interface RunningRequest {
  /** Takes what else belongs to the request. */
  readonly deliver: (text: string) => void;
  /** Ends it, and tells the process. */
  readonly abandon: (failure: answers.Failure) => void;
}

/** Forwards a request; resolves with the HTTP answer, which may still be streaming. */
export function forwardRequest(options: ForwardOptions): Promise<Answer> {
  const { message, context, edits, onBegin, jsonOnly, ...rest } = options;
  const { signal } = context;
  if (signal.aborted) {
    return Promise.resolve(answers.answerFailure(answers.CLIENT_GONE, message.id));
  }
  const { id, method, era } = message;
  // No function below may speak of the message: all of them would hold it.
  const held: Held = { ...rest, asked: { id, method, era } };
  const { asked, connection, session, settings } = held;
  const exchange = createExchange({
    id: message.id,
    accept: jsonOnly === true ? null : context.headers.get('accept'),
    maxStreamBytes: settings.maxStreamBytes,
    keepAlive: settings.keepAlive,
    onCancel: onClientGone,
  });
  const token = progressTokenOf(message);
  let isListening = false;
  let onEnd = onBegin?.({ deliver, abandon });
  const call = connection.call({
    method: method ?? '',
    size: message.text.length,
    text: writerOf(message, edits, token),
    settle(outcome) {
      release();
      settleExchange(exchange, outcome, held);
    },
    related(notice) {
      if (held.admits?.(notice) === false) {
        const dropped = { method: notice.method ?? '', reason: 'not-asked-for' } as const;
        settings.log({ type: 'message-dropped', ...dropped });
        return;
      }
      isListening ||= notice.method === 'notifications/subscriptions/acknowledged';
      deliver(restoreNotice(notice, asked, token));
    },
    // An acknowledged subscription lasts until one side ends it.
    patience: () => (isListening ? 'endless' : held.mayWait?.() === true ? 'period' : 'none'),
  });
  if (typeof call === 'string') {
    onEnd?.();
    held.onFailure?.();
    exchange.fail(call === 'full' ? answers.BUSY : answers.unavailable(1));
    return exchange.response;
  }

  const inFlight: InFlight = {
    exchange,
    key: call.key,
    end(failure) {
      release();
      if (call.forget()) exchange.fail(failure);
    },
    cancel: abandon,
  };
  const clientKey = idKey(message.value['id'], id?.text ?? '');
  session?.inFlight.add(clientKey, inFlight);
  signal.addEventListener('abort', onClientGone, { once: true });

  function deliver(text: string): void {
    if (exchange.deliver(text) !== 'overflow') return;
    settings.log({ type: 'stream-overflow', stream: 'request' });
    abandon(answers.CLIENT_TOO_SLOW);
  }

  function release(): void {
    onEnd?.();
    onEnd = undefined;
    session?.inFlight.remove(clientKey, inFlight);
    signal.removeEventListener('abort', onClientGone);
  }

  function abandon(failure: answers.Failure): void {
    if (typeof call === 'string' || !call.forget()) return;
    connection.cancel(call.key);
    release();
    exchange.fail(failure);
    held.onFailure?.();
  }

  /** Closing the stream is a cancellation in the 2026 era only; before, it may be an accident. */
  function onClientGone(): void {
    if (asked.era === '2026') {
      abandon(answers.CLIENT_GONE);
    } else if (typeof call !== 'string') {
      release();
      exchange.fail(answers.CLIENT_GONE);
      goOn(call, { ...held, clientKey, method: asked.method ?? '' });
    }
  }

  return exchange.response;
}

interface Unattended extends Pick<ForwardOptions, 'session' | 'connection' | 'mayWait'> {
  readonly clientKey: string;
  readonly method: string;
}

/** The process goes on without the client: nothing is held but what ends the request or cancels it. */
function goOn(call: Call, { session, connection, mayWait, clientKey, method }: Unattended): void {
  const inFlight: InFlight = {
    exchange: undefined,
    key: call.key,
    end() {
      release();
      call.forget();
    },
    cancel() {
      release();
      if (call.forget()) connection.cancel(call.key);
    },
  };
  const release = (): void => session?.inFlight.remove(clientKey, inFlight);
  const patience = (): Patience => (mayWait?.() === true ? 'period' : 'none');
  if (call.replace({ method, settle: release, patience }))
    session?.inFlight.add(clientKey, inFlight);
}

/** Gives the message with its id and progress token replaced by the call's key. */
function writerOf(
  message: McpMessage,
  edits: readonly Splice[] = [],
  token?: Splice,
): (key: string) => string {
  return (key) => {
    const text = JSON.stringify(key);
    const id = message.spans.get('id');
    const splices: Splice[] = [...edits];
    if (id !== undefined) splices.push({ span: id, text });
    if (token !== undefined) splices.push({ span: token.span, text });
    return spliceText(message.text, splices);
  };
}

/** The client's progress token and its place. What is not a token is left to the process to judge. */
function progressTokenOf(message: McpMessage): Splice | undefined {
  const span = message.spans.get('params._meta.progressToken');
  const meta = message.params?.['_meta'];
  if (span === undefined || !isRecord(meta)) return undefined;
  const token = meta['progressToken'];
  if (typeof token !== 'string' && typeof token !== 'number') return undefined;
  return { span, text: ownText(message.text.slice(span.start, span.end)) };
}

/** Gives a notification the names back that its client knows. */
function restoreNotice(notice: JsonRpcMessage, request: Asked, token: Splice | undefined): string {
  const id = request.id?.text ?? 'null';
  switch (notice.method) {
    case 'notifications/progress':
      return token === undefined ? notice.text : replaceAt(notice.text, PROGRESS_TOKEN, token.text);
    case 'notifications/cancelled':
      return replaceAt(notice.text, ['params', 'requestId'], id);
    default:
      return replaceAt(notice.text, NOTICE_SUBSCRIPTION, id);
  }
}

function replaceAt(text: string, path: readonly string[], replacement: string): string {
  const span = findSpan(text, path);
  return span === undefined ? text : spliceText(text, [{ span, text: replacement }]);
}

function settleExchange(exchange: Exchange, outcome: CallOutcome, held: Held): void {
  const { asked, settings } = held;
  switch (outcome.kind) {
    case 'reply': {
      const headers = held.onReply?.(outcome.message);
      if (held.translate !== undefined) {
        const { text, status } = held.translate(outcome.message, asked);
        exchange.finish(text, status, headers);
        return;
      }
      const id = asked.id?.text ?? 'null';
      const restored = replaceId(outcome.message, id);
      const isListen = asked.method === 'subscriptions/listen';
      const text = isListen ? replaceAt(restored, RESULT_SUBSCRIPTION, id) : restored;
      exchange.finish(text, statusOf(outcome.message, asked.era), headers);
      return;
    }
    case 'unreadable':
      settings.log({ type: 'reply-withheld', method: asked.method ?? '' });
      exchange.fail(answers.UNREADABLE);
      break;
    default:
      exchange.fail(failureOf(outcome));
  }
  held.onFailure?.();
}

/** How a request that got no usable answer is reported. */
export function failureOf(outcome: Exclude<CallOutcome, { kind: 'reply' }>): answers.Failure {
  switch (outcome.kind) {
    case 'unreadable':
      return answers.UNREADABLE;
    case 'timeout':
      return answers.TIMED_OUT;
    case 'lost':
      return answers.LOST;
    case 'closed':
      return answers.CLOSING;
    default:
      return outcome satisfies never;
  }
}

/** 2026-07-28: an unknown method is 404, a protocol refusal 400. Before, errors travel with 200. */
export function statusOf(reply: JsonRpcMessage, era: Era): number {
  const error = reply.value['error'];
  if (era === '2025' || !isRecord(error)) return 200;
  if (error['code'] === METHOD_NOT_FOUND) return 404;
  return answers.isReservedCode(error['code']) ? 400 : 200;
}
