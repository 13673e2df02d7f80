/** Says "too often" to sources whose sign-ins fail, and to identities that ask for much. */

import { type Exchange, identityOf, type Stage } from '../exchange.ts';
import { INTERNAL_ERROR } from '../mcp/json-rpc.ts';
import { replyError, TOO_MANY_REQUESTS } from '../mcp/reply.ts';
import type { ResolvedOptions } from '../options.ts';

type LimitOptions = Pick<ResolvedOptions, 'limits' | 'authenticate' | 'sourceOf' | 'onError'>;

/** Refuses sources that have failed too often, before anything is spent on another attempt. */
export function signInLimitStage(options: LimitOptions): Stage {
  const { limits, sourceOf, onError } = options;
  const guard = limits.signIns;
  if (guard === undefined) return (_exchange, next) => next();
  let hasToldUnknown = false;
  return async (exchange, next) => {
    const source = sourceOf(exchange);
    if (source === undefined) {
      // All of them together would be one source, and any caller could keep the others out.
      if (!hasToldUnknown) onError(new Error(UNKNOWN_SOURCE), 'rate-limit');
      hasToldUnknown = true;
      return next();
    }
    const attempt = guard.begin(source);
    if (typeof attempt === 'number') {
      // Colleagues behind one address go on with tokens that were good a moment ago.
      if (isCheap(exchange, options)) return next();
      exchange.reason = 'sign-in-limit';
      return replyTooMany(attempt);
    }
    exchange.signIn = attempt;
    try {
      const response = await next();
      if (exchange.identity === undefined) {
        // Whoever hangs up gets no answer, but the check was made all the same.
        const isRefused = response.status < 500 || exchange.request.signal.aborted;
        attempt.settle(isRefused && !isCheap(exchange, options));
      }
      return response;
    } finally {
      attempt.settle(false);
    }
  };
}

/** Counts a request of an exchange's identity; the refusal, where it is one too many. */
export type IdentityCount = (exchange: Exchange) => Promise<Response | undefined>;

/** @returns undefined where requests of identities are not limited */
export function createIdentityCount({ limits, onError }: LimitOptions): IdentityCount | undefined {
  const { identity } = limits;
  if (identity === undefined) return undefined;
  return async (exchange) => {
    const { issuer, subject } = identityOf(exchange);
    let wait: number;
    try {
      wait = await identity.take(issuer, subject);
    } catch (error) {
      onError(error, 'rate-limit');
      if (identity.onStoreError === 'allow') return undefined;
      exchange.reason = 'rate-limit-store';
      return replyUnavailable();
    }
    if (wait <= 0) return undefined;
    exchange.reason = 'rate-limit';
    return replyTooMany(wait);
  };
}

/** Refuses what is too much of one identity. */
export function identityLimitStage(countIdentity: IdentityCount | undefined): Stage {
  if (countIdentity === undefined) {
    return (exchange, next) => {
      exchange.signIn?.settle(false);
      return next();
    };
  }
  return async (exchange, next) => {
    exchange.signIn?.settle(false);
    return (await countIdentity(exchange)) ?? next();
  };
}

const UNKNOWN_SOURCE =
  'failed sign-ins are not limited: the source of a request is not known; give fetch its peerAddress';

function isCheap(
  { request }: Exchange,
  { authenticate }: Pick<LimitOptions, 'authenticate'>,
): boolean {
  return authenticate.isCheapToVerify?.(request) ?? false;
}

/** One text for every reason: whether a token was good, or an identity exists, is not said. */
function replyTooMany(wait: number): Response {
  const seconds = Math.max(1, Math.ceil(wait / 1000));
  return replyError({
    status: 429,
    code: TOO_MANY_REQUESTS,
    headers: { 'retry-after': String(seconds) },
  });
}

function replyUnavailable(): Response {
  return replyError({
    status: 503,
    code: INTERNAL_ERROR,
    message: 'Temporarily unavailable',
    headers: { 'retry-after': '1' },
  });
}
