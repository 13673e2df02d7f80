/** One seed for all property tests; fast-check prints it with any counterexample. */
export const SEED = { seed: Number(process.env['FC_SEED'] ?? 20260101), numRuns: 500 } as const;
