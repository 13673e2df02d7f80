/** Every answer that the proxy itself gives on the MCP route: fixed texts, exact ids. */

import type { PolicyDecision } from '../authorization.ts';
import { HEADER_MISMATCH, UNSUPPORTED_VERSION } from './era.ts';
import {
  INTERNAL_ERROR,
  INVALID_PARAMS,
  INVALID_REQUEST,
  type JsonRpcId,
  METHOD_NOT_FOUND,
  PARSE_ERROR,
} from './json-rpc.ts';

/** Codes of the proxy's own refusals. HTTP-like numbers stay outside the reserved JSON-RPC range. */
export const FORBIDDEN = 403;
export const TOO_MANY_REQUESTS = 429;
/** "Session not found", as MCP servers say it. */
export const SESSION_NOT_FOUND = -32001;
export const UPSTREAM_ERROR = -32603;

const MESSAGES: Readonly<Record<number, string>> = {
  [PARSE_ERROR]: 'Parse error',
  [INVALID_REQUEST]: 'Invalid Request',
  [METHOD_NOT_FOUND]: 'Method not found',
  [INVALID_PARAMS]: 'Invalid params',
  [INTERNAL_ERROR]: 'Internal error',
  [HEADER_MISMATCH]: 'Header mismatch',
  [UNSUPPORTED_VERSION]: 'Unsupported protocol version',
  [SESSION_NOT_FOUND]: 'Session not found',
  [FORBIDDEN]: 'Forbidden',
  [TOO_MANY_REQUESTS]: 'Too many requests',
};

export interface ErrorReply {
  readonly status: number;
  readonly code: number;
  /** Absent where the request had none that could be read: JSON-RPC ids are never invented. */
  readonly id?: JsonRpcId | undefined;
  /** Default: the fixed text of the code. */
  readonly message?: string;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What goes with every JSON answer that does not come from the server behind. */
export const JSON_HEADERS = {
  'content-type': 'application/json',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
} as const;

/** An HTTP response with a JSON-RPC error in it. */
export function replyError(reply: ErrorReply): Response {
  return new Response(errorText(reply), {
    status: reply.status,
    headers: { ...JSON_HEADERS, ...reply.headers },
  });
}

/** The JSON text of a JSON-RPC error; the id is copied, not re-encoded. */
export function errorText(error: Omit<ErrorReply, 'status' | 'headers'>): string {
  const message = error.message ?? MESSAGES[error.code] ?? 'Internal error';
  const body = JSON.stringify({ code: error.code, message, data: error.data });
  const id = error.id === undefined ? '' : `"id":${error.id.text},`;
  return `{"jsonrpc":"2.0",${id}"error":${body}}`;
}

/** D31: the caller learns the decision's id and nothing else. */
export function replyDenied(
  id: JsonRpcId | undefined,
  decision: Pick<PolicyDecision, 'id'>,
): Response {
  return replyError({ status: 403, code: FORBIDDEN, id, data: { decision: decision.id } });
}
