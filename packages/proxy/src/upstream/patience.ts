/** Waits for a server that is being restarted, and does not wait for one that is down. */

import { wasNeverSent } from './replay.ts';

export interface PatienceOptions {
  /** Milliseconds of an outage for which callers are made to wait. */
  readonly patience: number;
  readonly now: () => number;
  /** True when what failed may be sent again. Default: when no byte of it has left. */
  readonly mayRepeat?: (error: unknown) => boolean;
}

/**
 * Sends; again, with growing pauses, as long as no connection can be made and the outage is young.
 * Unless told otherwise, only requests of which no byte has left are sent again, so none can run twice.
 */
export type PatientSend = <T>(send: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/** Milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 800;

/** Creates the patience of one server; all of its callers share what is known of it. */
export function createPatience(options: PatienceOptions): PatientSend {
  const { patience, now, mayRepeat = wasNeverSent } = options;
  let hasAnswered = false;
  let downSince: number | undefined;
  return async (send, signal) => {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        const answer = await send();
        hasAnswered = true;
        downSince = undefined;
        return answer;
      } catch (error) {
        if (signal.aborted || !mayRepeat(error)) throw error;
        downSince ??= now();
        // One that never answered may have the wrong address; it is told at once.
        if (!hasAnswered || now() - downSince + pause > patience) throw error;
      }
      await sleep(pause, signal);
    }
  };
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', leave);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', leave, { once: true });
  });
}
