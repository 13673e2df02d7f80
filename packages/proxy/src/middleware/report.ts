/** Tells the operator how every request ended, also those that a later stage refused or broke. */

import { isProxyError, type ProxyErrorCode } from '../errors.ts';
import type { Exchange, Stage } from '../exchange.ts';
import { INTERNAL_ERROR } from '../mcp/json-rpc.ts';
import { replyError } from '../mcp/reply.ts';
import type { ResolvedOptions } from '../options.ts';
import { buildReport } from '../report.ts';

type ReportOptions = Pick<ResolvedOptions, 'onExchange' | 'onError' | 'now' | 'sourceOf'>;

/** Reports the outcome, and answers for whatever was thrown: a fixed text, no detail (fail closed). */
export function reportStage(options: ReportOptions): Stage {
  return async (exchange, next) => {
    let response: Response;
    try {
      response = await next();
    } catch (error) {
      response = replyThrown(exchange, error, options);
    }
    options.sourceOf(exchange);
    options.onExchange(buildReport(exchange, response, options.now()));
    return response;
  };
}

const WIRE: Readonly<Record<ProxyErrorCode, readonly [status: number, text: string]>> = {
  ERR_PROXY_UPSTREAM_UNREACHABLE: [502, 'Upstream unavailable'],
  ERR_PROXY_UPSTREAM_TIMEOUT: [504, 'Upstream timed out'],
  ERR_PROXY_UPSTREAM_REDIRECT: [502, 'Upstream redirected'],
  ERR_PROXY_UPSTREAM_REFUSED: [502, 'Upstream refused the proxy'],
  ERR_PROXY_UPSTREAM_ANSWER: [502, 'Upstream answer not readable'],
  ERR_PROXY_LISTEN: [500, 'Internal error'],
};

function replyThrown(exchange: Exchange, error: unknown, options: ReportOptions): Response {
  const id = exchange.message?.id;
  if (exchange.request.signal.aborted) {
    // Nobody reads this answer; a client that left is no fault of anybody's.
    exchange.reason = 'client-gone';
    return replyError({ status: 499, code: INTERNAL_ERROR, id });
  }
  if (isProxyError(error)) {
    exchange.reason = error.code;
    options.onError(error, 'upstream');
    const [status, message] = WIRE[error.code];
    return replyError({ status, code: INTERNAL_ERROR, message, id });
  }
  exchange.reason = 'internal';
  options.onError(error, 'pipeline');
  return replyError({ status: 500, code: INTERNAL_ERROR, id });
}
