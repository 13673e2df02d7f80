/** Who calls? Nothing behind this stage runs for a caller that is not known (D9–D14). */

import type { Stage } from '../exchange.ts';
import type { Authenticator } from '../options.ts';
import type { IdentityCount } from './rate-limit.ts';

/**
 * Sets the identity, or answers with the authenticator's refusal.
 *
 * @param countIdentity counts a caller who is known and refused all the same
 */
export function authenticateStage(
  authenticator: Authenticator,
  countIdentity: IdentityCount = async () => undefined,
): Stage {
  return async (exchange, next) => {
    try {
      exchange.identity = await authenticator.verify(exchange.request);
    } catch (error) {
      const identity = authenticator.refusedIdentity?.(error);
      if (identity !== undefined) {
        exchange.identity = identity;
        const tooMany = await countIdentity(exchange);
        if (tooMany !== undefined) return tooMany;
      }
      exchange.reason = reasonOf(error);
      return authenticator.toResponse(error);
    }
    return await next();
  };
}

/** The error's stable code; the message may hold detail that belongs to other places. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'authentication';
}
