/** Tells the operator how every request ended, also those that a later stage refused or broke. */

import { type Auditor, refuseUnaudited } from '../audit/auditor.ts';
import { createSessionLabels } from '../audit/session-label.ts';
import { isProxyError, type ProxyErrorCode } from '../errors.ts';
import type { Exchange, Stage } from '../exchange.ts';
import { type Answer, discard } from '../http/answer.ts';
import { INTERNAL_ERROR } from '../mcp/json-rpc.ts';
import { replyError } from '../mcp/reply.ts';
import { beginObservation } from '../observer.ts';
import type { ResolvedOptions } from '../options.ts';
import { buildReport } from '../report.ts';

interface ReportOptions
  extends Pick<ResolvedOptions, 'onExchange' | 'onError' | 'now' | 'observer' | 'sourceOf'> {
  readonly audit: Auditor | undefined;
}

/** Reports the outcome, and answers for whatever was thrown: a fixed text, no detail (fail closed). */
export function reportStage(options: ReportOptions): Stage {
  const { onExchange, audit, observer, sourceOf } = options;
  const conclude = createConclusion(options);
  const isWatched = onExchange !== undefined || audit !== undefined || observer !== undefined;
  return async (exchange, next) => {
    let response: Answer;
    try {
      response = await next();
    } catch (error) {
      response = replyThrown(exchange, error, options);
    }
    try {
      if (!isWatched) return response;
      sourceOf(exchange);
      return await conclude(exchange, response);
    } catch (error) {
      // Whoever is to be told has failed: what nobody knows of is not served.
      discard(response);
      return replyThrown(exchange, error, options);
    } finally {
      exchange.message = undefined;
      exchange.bodyLease?.release();
    }
  };
}

/** Everybody who wants to know is told, the audit log first: it may take the answer away. */
function createConclusion({ onExchange, audit, observer, now, onError }: ReportOptions) {
  const labels = createSessionLabels();
  return async (exchange: Exchange, given: Answer): Promise<Answer> => {
    let response = given;
    let report = buildReport(exchange, response, now());
    const isLabelled = audit !== undefined || observer !== undefined;
    const session =
      isLabelled && report.session !== undefined ? await labels(report.session) : undefined;
    if (audit !== undefined && !(await audit.keep(exchange, report, session))) {
      discard(response);
      response = refuseUnaudited(exchange);
      report = buildReport(exchange, response, now());
    }
    const told: unknown = onExchange?.(report);
    if (told instanceof Promise) told.catch((error: unknown) => onError(error, 'report'));
    if (observer !== undefined) {
      exchange.observation ??= beginObservation(exchange, observer);
      exchange.observation.answered(report, session);
    }
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
  ERR_PROXY_AUDIT: [503, 'Service unavailable'],
  ERR_PROXY_STORE: [503, 'Temporarily unavailable'],
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
    const isStore = error.code === 'ERR_PROXY_STORE';
    options.onError(error, isStore ? 'store' : 'upstream');
    const [status, message] = WIRE[error.code];
    const headers = isStore ? { 'retry-after': '1' } : {};
    return replyError({ status, code: INTERNAL_ERROR, message, id, headers });
  }
  exchange.reason = 'internal';
  options.onError(error, 'pipeline');
  return replyError({ status: 500, code: INTERNAL_ERROR, id });
}
