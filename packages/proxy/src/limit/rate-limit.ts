/** How often is too often, and who keeps count. */

/** An allowance that is full at first and refills evenly: `requests` in every `window`. */
export interface RateLimit {
  /** Most at once; 1 to 1,000,000. */
  readonly requests: number;
  /** Milliseconds in which `requests` become available again; a second to a day. */
  readonly window: number;
}

/** Counts by key; one implementation is in memory, others may be shared between replicas. */
export interface RateLimitStore {
  /**
   * Takes one request from the allowance of `key`, in one step also when several ask at once. A
   * refused request takes nothing. Keys are exact and may be long.
   *
   * @returns milliseconds until one more is allowed; 0 when this one is
   */
  take(key: string, limit: RateLimit): Promise<number>;
}

/** @throws {TypeError} naming the option that is out of range */
export function assertRateLimit(option: string, { requests, window }: RateLimit): void {
  if (!Number.isSafeInteger(requests) || requests < 1 || requests > 1_000_000) {
    throw new TypeError(`"${option}.requests" must be a whole number from 1 to 1,000,000`);
  }
  if (!Number.isSafeInteger(window) || window < 1000 || window > 86_400_000) {
    throw new TypeError(`"${option}.window" must be from one second to one day`);
  }
}
