/** The whole test framework of the runtime suite: it runs on every JavaScript runtime. */

export interface T {
  /** Runs a case; a failure is reported and the next case runs. */
  test(name: string, run: () => Promise<void>): Promise<void>;
  equal(actual: unknown, expected: unknown): void;
}

/** @param report one line per case: `ok NAME` or `not ok NAME: REASON` */
export function createT(report: (line: string) => void): T {
  return {
    async test(name, run) {
      try {
        await run();
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
