/** When a stream has to end: with the credential that opened it, at its time or before (D21). */

export interface StreamEnd {
  /** Milliseconds since the epoch after which the stream ends; undefined: never. */
  readonly endsAt: number | undefined;
  /** False when the credential is good no more, although its time is not up; so when it rejects. */
  readonly mayGoOn?: (() => Promise<boolean>) | undefined;
  /** Milliseconds since the epoch at which it was good: a stream may be long in opening. */
  readonly goodAt: number;
  readonly now: () => number;
}

/** Milliseconds: what a provider said of a token is remembered as long. */
const ASK_EVERY = 60_000;
/** Timers hold at most 2^31-1 ms; a longer wait is taken in steps. */
const LONGEST_WAIT = 0x7fffffff;

/**
 * Calls `end` once, when the time has come.
 *
 * @returns stops waiting for it
 */
export function awaitStreamEnd(when: StreamEnd, end: () => void): () => void {
  const { endsAt = Number.POSITIVE_INFINITY, mayGoOn, now } = when;
  let { goodAt } = when;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;

  const wait = (): void => {
    const left = endsAt - now();
    if (left <= 0) {
      end();
      return;
    }
    const untilAsked = mayGoOn === undefined ? left : Math.max(0, goodAt + ASK_EVERY - now());
    if (untilAsked === Number.POSITIVE_INFINITY) return;
    const isAsked = untilAsked < left;
    timer = setTimeout(isAsked ? ask : wait, Math.min(left, untilAsked, LONGEST_WAIT));
  };
  const ask = (): void => {
    const settle = (isGood: boolean): void => {
      if (isOver) return;
      goodAt = now();
      if (isGood) wait();
      else end();
    };
    mayGoOn?.().then(settle, () => settle(false));
  };

  wait();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
