/** What an operator learns of one request (D38): names and reasons, never tokens or values. */

import type { Exchange } from './exchange.ts';
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
  readonly method: string | undefined;
  /** Tool or prompt name, or resource URI; cut after 1024 characters. */
  readonly target: string | undefined;
  /** The name by which the caller called the tool, where `target` is another one. */
  readonly shownTarget: string | undefined;
  /** Names of the arguments, at most 64; their values are the caller's affair. */
  readonly arguments: readonly string[];
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  readonly session: string | undefined;
  /** Address that the request came from; see `trustedProxies`. */
  readonly source: string | undefined;
  readonly decision: string | undefined;
  readonly policies: readonly string[];
  readonly policyErrors: readonly { readonly policy: string; readonly message: string }[];
  /** Milliseconds until the answer began. */
  readonly duration: number;
}

export function buildReport(exchange: Exchange, response: Response, now: number): ExchangeReport {
  const params = exchange.message?.params;
  const args = params?.['arguments'];
  const target = params?.['name'] ?? params?.['uri'];
  return {
    time: new Date(now).toISOString(),
    outcome: outcomeOf(exchange, response),
    status: response.status,
    reason: exchange.reason,
    httpMethod: exchange.request.method,
    method: exchange.message?.method,
    target: typeof target === 'string' ? shorten(target, MAX_TARGET) : undefined,
    shownTarget:
      exchange.shownTool === undefined ? undefined : shorten(exchange.shownTool, MAX_TARGET),
    arguments: argumentNames(args),
    issuer: exchange.identity?.issuer,
    subject: exchange.identity?.subject,
    session: exchange.sessionId,
    source: exchange.source,
    decision: exchange.decision?.id,
    policies: exchange.decision?.policies ?? [],
    policyErrors: exchange.decision?.errors ?? [],
    duration: now - exchange.startedAt,
  };
}

/** Both are the caller's to choose, and end up in logs. */
const MAX_TARGET = 1024;
const MAX_NAME = 128;
const MAX_NAMES = 64;

function argumentNames(args: unknown): readonly string[] {
  if (typeof args !== 'object' || args === null) return [];
  return Object.keys(args)
    .slice(0, MAX_NAMES)
    .map((name) => shorten(name, MAX_NAME));
}

function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}

function outcomeOf(exchange: Exchange, response: Response): Outcome {
  if (exchange.decision?.allowed === false || response.status === 403) return 'denied';
  if (exchange.reason === TOOL_UNKNOWN) return 'denied';
  if (exchange.identity === undefined && response.status < 500) return 'unauthorized';
  return response.status < 400 && exchange.reason === undefined ? 'success' : 'error';
}
