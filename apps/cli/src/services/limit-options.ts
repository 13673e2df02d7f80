/** Turns the flags about limits into limits, or says what is wrong with them. Pure. */
import type { LimitsConfig, SignInConfig } from '@thv/compose';
import { usageError } from '../cli-error.ts';
import { duration } from '../flag-parsers.ts';

export interface LimitFlags {
  readonly rateLimit?: string;
  readonly failedSignInLimit?: string;
}

type Rate = NonNullable<LimitsConfig['identity']>;

const SECONDS_OF_DAY = 86_400;
const MOST_REQUESTS = 1_000_000;
const WAY_OUT = 'write it as 600/1m';

/** @throws {CliError} with exit code 2. */
export function planLimits(
  { rateLimit, failedSignInLimit }: LimitFlags,
  signIn: Pick<SignInConfig, 'kind'>,
): LimitsConfig | undefined {
  if (failedSignInLimit !== undefined && signIn.kind === 'local-user') {
    throw usageError('--failed-sign-in-limit', 'means nothing where nobody signs in', 'drop it');
  }
  if (rateLimit === undefined && failedSignInLimit === undefined) {
    return undefined;
  }
  return {
    ...(rateLimit !== undefined && { identity: parseRate('--rate-limit', rateLimit) }),
    ...(failedSignInLimit !== undefined && {
      failedSignIns:
        failedSignInLimit === 'none'
          ? 'none'
          : parseRate('--failed-sign-in-limit', failedSignInLimit),
    }),
  };
}

/** `600/1m`: that many requests in that time. */
function parseRate(flag: string, text: string): Rate {
  const [, digits, time] = /^(\d{1,7})\/([^/]+)$/.exec(text) ?? [];
  const requests = Number(digits);
  if (time === undefined) {
    throw usageError(flag, `${JSON.stringify(text)} is not a rate`, WAY_OUT);
  }
  if (requests < 1 || requests > MOST_REQUESTS) {
    throw usageError(flag, `${digits} requests are out of range`, `from 1 to ${MOST_REQUESTS}`);
  }
  const seconds = duration(flag, SECONDS_OF_DAY)(time);
  if (seconds < 1) {
    throw usageError(flag, `${JSON.stringify(text)} has no time`, WAY_OUT);
  }
  return { requests, window: seconds * 1000 };
}
