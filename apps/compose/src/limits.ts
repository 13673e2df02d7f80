/** Which limits a server has when its operator says nothing, or something. */

import {
  createRateLimits,
  type RateLimit,
  type RateLimits,
  type RateLimitsOptions,
} from '@thv/proxy';
import type { SignInConfig } from './sign-in-config.ts';

/** Limits as the `thv` command and the gateway say them. */
export interface LimitsConfig
  extends Pick<RateLimitsOptions, 'identity' | 'store' | 'onStoreError'> {
  /** Refused sign-ins of one source address. Default {@link DEFAULT_FAILED_SIGN_INS}. */
  readonly failedSignIns?: RateLimit | 'none';
}

/**
 * Ten a second: a client that tries again and again with a token that is no good stays below it, as do
 * a thousand people behind one address whose tokens expire in the same minute.
 */
export const DEFAULT_FAILED_SIGN_INS: RateLimit = { requests: 600, window: 60_000 };

/**
 * Creates the limits of one server, or of several that count together.
 *
 * @throws {TypeError} naming an option that is out of range
 */
export function createLimits(
  { failedSignIns = DEFAULT_FAILED_SIGN_INS, ...rest }: LimitsConfig,
  signIn: Pick<SignInConfig, 'kind'>,
): RateLimits {
  // The local user cannot fail to sign in.
  const isLimited = failedSignIns !== 'none' && signIn.kind === 'oidc';
  return createRateLimits({ ...rest, ...(isLimited && { failedSignIns }) });
}
