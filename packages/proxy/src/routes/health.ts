/** Health for orchestrators (D37): a status word, no detail, and never more work than a cached check. */

export type ReadinessCheck = (signal: AbortSignal) => Promise<void>;

export interface HealthOptions {
  readonly checks: readonly ReadinessCheck[];
  readonly degraded: () => boolean;
  readonly onError: (error: unknown, where: string) => void;
  readonly now: () => number;
}

/** Milliseconds for which an answer is reused, and that a check may take. */
const CACHE_FOR = 5_000;
const CHECK_TIMEOUT = 4_000;

/** Creates the answer to `/readyz`; `/healthz` is always `ok`. */
export function createReadiness(options: HealthOptions): () => Promise<Response> {
  let checkedAt = Number.NEGATIVE_INFINITY;
  let checking: Promise<boolean> | undefined;

  const check = async (): Promise<boolean> => {
    try {
      const signal = AbortSignal.timeout(CHECK_TIMEOUT);
      await Promise.all(options.checks.map((one) => one(signal)));
      return true;
    } catch (error) {
      options.onError(error, 'readiness');
      return false;
    }
  };

  return async () => {
    if (checking === undefined || options.now() - checkedAt >= CACHE_FOR) {
      checkedAt = options.now();
      checking = check();
    }
    if (!(await checking)) return word(503, 'not ready');
    return word(200, options.degraded() ? 'degraded' : 'ok');
  };
}

export function word(status: number, text: string): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  });
}
