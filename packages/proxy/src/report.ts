/** What an operator learns of one request (D38): names and reasons, never tokens or values. */

import { redact } from './audit/redact.ts';
import type { Exchange } from './exchange.ts';
import type { Answer } from './http/answer.ts';
import { isRecord } from './mcp/json-rpc.ts';
import type { McpMessage } from './mcp/message.ts';
import { TOOL_UNKNOWN } from './middleware/tools.ts';

export type Outcome = 'success' | 'denied' | 'unauthorized' | 'error';

/** The outcome of one request on the MCP route. */
export interface ExchangeReport {
  /** ISO 8601. */
  readonly time: string;
  readonly outcome: Outcome;
  readonly status: number;
  /** Why it was not a success: a code such as `policy`, `method`, `ERR_OIDC_TOKEN_EXPIRED`. */
  readonly reason: string | undefined;
  readonly httpMethod: string;
  /** Cut after 128 characters. */
  readonly method: string | undefined;
  /** Tool or prompt name, or resource URI; cut after 1024 characters, and without what looks like a token. */
  readonly target: string | undefined;
  /** The name by which the caller called the tool, where `target` is another one. */
  readonly shownTarget: string | undefined;
  /** Names of the arguments, at most 64; their values are the caller's affair. */
  readonly arguments: readonly string[];
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  /** The session that the request named, or that its answer begins. */
  readonly session: string | undefined;
  /** Address that the request came from; see `trustedProxies`. */
  readonly source: string | undefined;
  readonly decision: string | undefined;
  readonly policies: readonly string[];
  readonly policyErrors: readonly { readonly policy: string; readonly message: string }[];
  /** Milliseconds until the answer began. */
  readonly duration: number;
}

export function buildReport(exchange: Exchange, response: Answer, now: number): ExchangeReport {
  const { message } = exchange;
  const target = targetOf(message);
  return {
    time: timeText(now),
    outcome: outcomeOf(exchange, response),
    status: response.status,
    reason: exchange.reason ?? (response.status < 400 ? undefined : 'upstream'),
    httpMethod: shorten(exchange.request.method, MAX_NAME),
    method: message?.method === undefined ? undefined : shorten(message.method, MAX_NAME),
    target: target === undefined ? undefined : redact(shorten(target, MAX_TARGET)),
    shownTarget:
      exchange.shownTool === undefined ? undefined : shorten(exchange.shownTool, MAX_TARGET),
    arguments: argumentNames(message?.params?.['arguments']),
    issuer: exchange.identity?.issuer,
    subject: exchange.identity?.subject,
    session: exchange.sessionId ?? response.headers.get('mcp-session-id') ?? undefined,
    source: exchange.source,
    decision: exchange.decision?.id,
    policies: exchange.decision?.policies ?? [],
    policyErrors: exchange.decision?.errors ?? [],
    duration: now - exchange.startedAt,
  };
}

/** The last one, since many requests end within one millisecond. */
let lastTime = { at: Number.NaN, text: '' };

function timeText(at: number): string {
  if (at !== lastTime.at) lastTime = { at, text: new Date(at).toISOString() };
  return lastTime.text;
}

/** Both are the caller's to choose, and end up in logs. */
const MAX_TARGET = 1024;
const MAX_NAME = 128;
const MAX_NAMES = 64;

/** The text, with `…` in place of what is beyond `limit` characters. */
export function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}

/** What the policy judged: a name or URI, or what a completion is for. */
function targetOf(message: McpMessage | undefined): string | undefined {
  const params = message?.params;
  const ref = params?.['ref'];
  const holder = message?.method === 'completion/complete' && isRecord(ref) ? ref : params;
  const target = holder?.['name'] ?? holder?.['uri'];
  return typeof target === 'string' ? target : undefined;
}

function argumentNames(args: unknown): readonly string[] {
  if (typeof args !== 'object' || args === null) return [];
  return Object.keys(args)
    .slice(0, MAX_NAMES)
    .map((name) => shorten(name, MAX_NAME));
}

function outcomeOf({ decision, identity, reason }: Exchange, { status }: Answer): Outcome {
  // What a server itself forbids is none of ours.
  const isOurs = reason !== undefined;
  if (decision?.allowed === false || (isOurs && (status === 403 || status === 429)))
    return 'denied';
  if (reason === TOOL_UNKNOWN) return 'denied';
  // Before anybody is known, 400 is the answer to credentials that cannot be read.
  if (isOurs && (status === 401 || (status === 400 && identity === undefined)))
    return 'unauthorized';
  return status < 400 && !isOurs ? 'success' : 'error';
}
