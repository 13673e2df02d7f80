/** Seeds for which `pnpm fuzz` once failed, and a few others to see that it still runs. */

import { describe, expect, it } from 'vitest';
import { CASES } from './cases.ts';
import { createRandom } from './random.ts';

const SEEDS: Readonly<Record<string, readonly number[]>> = {
  // V8 13.6 read a key with an escape as another one.
  json: [1, 2, 3, 46046, 43293, 105202248],
  sse: [1, 2, 3, 24, 20233],
  headers: [1, 2, 3, 6],
  stdio: [1, 2, 3, 4],
};

describe.each(Object.entries(CASES))('%s', (name, check) => {
  it.each(SEEDS[name] ?? [])('seed %i', async (seed) => {
    const run = async () => check(createRandom(seed));
    await expect(run()).resolves.toBeUndefined();
  });
});
