/** A validator over a fake provider, and the code with which something fails. */
import { expect } from 'vitest';
import {
  createTokenValidator,
  isOidcError,
  type OidcErrorCode,
  type TokenValidator,
  type TokenValidatorOptions,
} from '../../src/index.ts';
import { AUDIENCE, type FakeProvider, ISSUER } from './fake-provider.ts';

export function validatorFor(
  provider: FakeProvider,
  options: Partial<TokenValidatorOptions> = {},
): TokenValidator {
  return createTokenValidator({
    issuer: ISSUER,
    audiences: [AUDIENCE],
    fetch: provider.fetch,
    now: provider.now,
    ...options,
  });
}

/** The code of the error with which `work` fails; `'accepted'` when it does not. */
export async function outcome(work: Promise<unknown>): Promise<OidcErrorCode | 'accepted'> {
  try {
    await work;
    return 'accepted';
  } catch (error) {
    if (isOidcError(error)) return error.code;
    throw error;
  }
}

export async function expectAccepted(work: Promise<unknown>): Promise<void> {
  expect(await outcome(work)).toBe('accepted');
}
