/** The answers that an upstream gives in place of the server behind it: fixed texts, exact ids. */

import type { Answer } from '../http/answer.ts';
import { UNSUPPORTED_VERSION, VERSION_2026, VERSIONS_2025 } from '../mcp/era.ts';
import {
  INTERNAL_ERROR,
  INVALID_PARAMS,
  INVALID_REQUEST,
  type JsonRpcId,
  METHOD_NOT_FOUND,
} from '../mcp/json-rpc.ts';
import { type ErrorReply, errorText, JSON_HEADERS, SESSION_NOT_FOUND } from '../mcp/reply.ts';

/** Timeouts, cancellations and overload; in the range that the 2026 revision leaves to servers. */
export const BRIDGE_ERROR = -32000;

/** True for a code whose meaning the 2026 revision has kept to itself. */
export function isReservedCode(code: unknown): boolean {
  return typeof code === 'number' && code <= -32020 && code >= -32099;
}

/** An error about one request, before its id and its way to the client are known. */
export type Failure = Omit<ErrorReply, 'id'>;

export const UNAVAILABLE = 'Upstream unavailable';

/** The process died, or the connection broke, while the server worked on the request. */
export const LOST: Failure = { status: 502, code: INTERNAL_ERROR, message: UNAVAILABLE };
/** The server answered with something that has no single reading. */
export const UNREADABLE: Failure = {
  status: 502,
  code: INTERNAL_ERROR,
  message: 'Upstream answer cannot be read',
};
export const TIMED_OUT: Failure = {
  status: 504,
  code: BRIDGE_ERROR,
  message: 'Request timed out',
};
export const CANCELLED: Failure = { status: 200, code: BRIDGE_ERROR, message: 'Request cancelled' };
export const CLIENT_GONE: Failure = {
  status: 499,
  code: BRIDGE_ERROR,
  message: 'Client closed the request',
};
export const CLIENT_TOO_SLOW: Failure = {
  status: 200,
  code: BRIDGE_ERROR,
  message: 'Client reads too slowly',
};
export const CLOSING: Failure = { status: 503, code: INTERNAL_ERROR, message: UNAVAILABLE };
export const BUSY: Failure = {
  status: 503,
  code: BRIDGE_ERROR,
  message: 'Upstream busy',
  headers: { 'retry-after': '1' },
};
export const TOO_MANY_SESSIONS: Failure = {
  status: 503,
  code: BRIDGE_ERROR,
  message: 'Too many sessions',
  headers: { 'retry-after': '60' },
};
export const TOO_MANY_SUBSCRIPTIONS: Failure = {
  status: 200,
  code: BRIDGE_ERROR,
  message: 'Too many subscriptions',
};
export const SESSION_UNKNOWN: Failure = { status: 404, code: SESSION_NOT_FOUND };
export const SESSION_REQUIRED: Failure = {
  status: 400,
  code: INVALID_REQUEST,
  message: 'Mcp-Session-Id header is required',
};
/** GET without `Accept: text/event-stream`. */
export const NOT_ACCEPTABLE: Failure = {
  status: 406,
  code: INVALID_REQUEST,
  message: 'Not Acceptable: client must accept text/event-stream',
};
/** D8: a response to a request that nobody made. */
export const NOTHING_ASKED: Failure = {
  status: 400,
  code: INVALID_REQUEST,
  message: 'No such request',
};
/** 2026-07-28: `_meta` lacks what every request must say. */
export const NO_ENVELOPE: Failure = { status: 400, code: INVALID_PARAMS };
export const NO_SUCH_METHOD_2026: Failure = { status: 404, code: METHOD_NOT_FOUND };
/** A connection per client needs sessions, which the 2026 revision does not have. */
export const NEEDS_2025: Failure = {
  status: 400,
  code: UNSUPPORTED_VERSION,
  data: { supported: VERSIONS_2025, requested: VERSION_2026 },
};

/** The process is not running; `retryAfter` in seconds. */
export function unavailable(retryAfter: number): Failure {
  const headers = { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) };
  return { status: 503, code: INTERNAL_ERROR, message: UNAVAILABLE, headers };
}

/** The failure as an HTTP answer to a request (or to something without an id). */
export function answerFailure(failure: Failure, id?: JsonRpcId): Answer {
  return answerJson(errorText({ ...failure, id }), failure.status, failure.headers);
}

/** A JSON-RPC message as an HTTP answer. */
export function answerJson(
  text: string,
  status = 200,
  headers?: Readonly<Record<string, string>>,
): Answer {
  const all = { ...JSON_HEADERS, ...headers };
  return { status, headers: new Headers(all), body: text };
}

/** An empty success result. */
export function answerEmptyResult(id: JsonRpcId | undefined): Answer {
  return answerJson(`{"jsonrpc":"2.0","id":${id?.text ?? 'null'},"result":{}}`);
}

/** 202: a notification or a response was taken. */
export function answerAccepted(): Answer {
  return { status: 202, headers: new Headers(), body: null };
}
