/** What an operator learns of one request (D38): names and reasons, never tokens or values. */

import type { Exchange } from './exchange.ts';

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
  /** Tool or prompt name, or resource URI. */
  readonly target: string | undefined;
  /** Names of the arguments; their values are the caller's affair. */
  readonly arguments: readonly string[];
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  readonly session: string | undefined;
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
    target: typeof target === 'string' ? target : undefined,
    arguments: typeof args === 'object' && args !== null ? Object.keys(args) : [],
    issuer: exchange.identity?.issuer,
    subject: exchange.identity?.subject,
    session: exchange.sessionId,
    decision: exchange.decision?.id,
    policies: exchange.decision?.policies ?? [],
    policyErrors: exchange.decision?.errors ?? [],
    duration: now - exchange.startedAt,
  };
}

function outcomeOf(exchange: Exchange, response: Response): Outcome {
  if (exchange.decision?.allowed === false || response.status === 403) return 'denied';
  if (exchange.identity === undefined && response.status < 500) return 'unauthorized';
  return response.status < 400 && exchange.reason === undefined ? 'success' : 'error';
}
