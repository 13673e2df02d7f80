/** Refuses bodies that say themselves that they are too large; the others are counted in `parse`. */

import type { Stage } from '../exchange.ts';
import { INVALID_REQUEST } from '../mcp/json-rpc.ts';
import { replyError } from '../mcp/reply.ts';

/** Answers 413 before anybody is authenticated. */
export function bodyLimitStage(limit: number): Stage {
  return (exchange, next) => {
    const declared = exchange.request.headers.get('content-length');
    if (declared === null || Number(declared) <= limit) return next();
    exchange.reason = 'body-too-large';
    return replyTooLarge();
  };
}

export function replyTooLarge(): Response {
  return replyError({ status: 413, code: INVALID_REQUEST, message: 'Request body too large' });
}
