/** A limit on how much runs at once, with a bounded queue behind it. */
import { OidcError } from './errors.ts';

/** Runs work under a limit. */
export type Limiter = <T>(work: () => Promise<T>) => Promise<T>;

/** @throws {OidcError} `ERR_OIDC_BUSY` from the limiter, when ten times the limit already waits. */
export function createLimiter(limit: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= limit) {
      if (waiting.length >= limit * 10) {
        throw new OidcError('ERR_OIDC_BUSY', 'Too many requests wait for the provider');
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running++;
    }
    try {
      return await work();
    } finally {
      // The place is handed on, so nobody can take it in between.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
