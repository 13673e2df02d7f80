/** The whole test framework of the runtime suite: it runs on every JavaScript runtime. */

export interface T {
  /** Runs a case; a failure is reported and the next case runs. */
  test(name: string, run: () => Promise<void>): Promise<void>;
  equal(actual: unknown, expected: unknown): void;
}

/** Milliseconds after which a case has failed; what it waits for will not come. */
const LIMIT = 10_000;

/** @param report one line per case: `ok NAME` or `not ok NAME: REASON` */
export function createT(report: (line: string) => void): T {
  return {
    async test(name, run) {
      try {
        await within(LIMIT, run());
        report(`ok ${name}`);
      } catch (error) {
        report(`not ok ${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
    equal(actual, expected) {
      const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
      if (is !== should) throw new Error(`expected ${should}, got ${is}`);
    },
  };
}

async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(late.reject, milliseconds, new Error('took too long'));
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}
