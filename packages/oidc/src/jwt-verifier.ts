/** From a token to a verified claim set: header, key, signature, claims, in that order. */
import { compactVerify } from 'jose';
import { assertClaims, type ClaimRules } from './claims.ts';
import { OidcError } from './errors.ts';
import { checkHeader, type HeaderRules } from './jwt-header.ts';
import { chooseKey, importKey, type KeyQuery, type KeySet } from './key-set.ts';
import type { KeySource } from './key-source.ts';
import type { UnverifiedToken } from './token-shape.ts';

/** What one issuer's tokens are verified with. */
export interface JwtVerifierOptions extends HeaderRules {
  readonly keys: KeySource;
  readonly rules: ClaimRules;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A token of JWT shape together with its parts. */
export interface JwtInput extends UnverifiedToken {
  readonly token: string;
}

/**
 * Verifies a token; returns when everything about it is as it must be.
 *
 * @throws {OidcError} the first rule that fails, or why the keys cannot be had
 */
export async function verifyJwt(input: JwtInput, options: JwtVerifierOptions): Promise<void> {
  const query = checkHeader(input.header, options);
  const { keys } = options;
  const known = await keys.current();
  const failure = await tryKeys(input, query, known);
  if (failure !== undefined) {
    const newer = failure.mayBeRotation ? await keys.newerThan(known) : undefined;
    if (newer === undefined) throw failure.error;
    const second = await tryKeys(input, query, newer);
    if (second !== undefined) throw second.error;
  }
  const { rules } = options;
  assertClaims({ claims: input.claims, rules, now: options.now() / 1000 });
}

interface KeyFailure {
  readonly error: OidcError;
  /** A newer key set could change the answer. */
  readonly mayBeRotation: boolean;
}

async function tryKeys(
  input: JwtInput,
  query: KeyQuery,
  set: KeySet,
): Promise<KeyFailure | undefined> {
  const choice = chooseKey(set, query);
  switch (choice.kind) {
    case 'unknown': {
      const error = new OidcError('ERR_OIDC_KEY_UNKNOWN', 'No key of the key set fits the token');
      return { error, mayBeRotation: true };
    }
    case 'unfit': {
      const { reason } = choice;
      const error = new OidcError('ERR_OIDC_KEY_UNFIT', 'The key may not be used', { reason });
      return { error, mayBeRotation: false };
    }
    case 'found': {
      const key = await importKey(choice.key, query.alg);
      try {
        await compactVerify(input.token, key, { algorithms: [query.alg] });
        return undefined;
      } catch {
        // The library's message can hold parts of the token.
        const error = new OidcError('ERR_OIDC_SIGNATURE', 'The signature is wrong');
        // Without a `kid` a rotated key shows only as a wrong signature.
        return { error, mayBeRotation: query.kid === undefined };
      }
    }
    default:
      return choice satisfies never;
  }
}
