/** Sharing one running operation among callers, each of whom may stop waiting on its own. */
import { OidcError } from './errors.ts';

/** Waits for `work`, but no longer than the caller wants; the work itself goes on. */
export function abandonable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const giveUp = () => reject(new OidcError('ERR_OIDC_ABORTED', 'The caller gave up waiting'));
    if (signal.aborted) giveUp();
    // Also after giving up somebody must take a failure of the work, or it ends the process.
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}

/** Runs at most one operation per key at a time; latecomers share the running one. */
export interface SingleFlight<T> {
  run(key: string, work: () => Promise<T>): Promise<T>;
  readonly size: number;
}

/** Creates an empty {@link SingleFlight}. */
export function createSingleFlight<T>(): SingleFlight<T> {
  const running = new Map<string, Promise<T>>();
  return {
    run(key, work) {
      const existing = running.get(key);
      if (existing !== undefined) return existing;
      const started = work().finally(() => running.delete(key));
      running.set(key, started);
      return started;
    },
    get size() {
      return running.size;
    },
  };
}
