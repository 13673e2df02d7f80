/** Many clients at random, from a printed seed; `pnpm fuzz 300 SEED stdio` goes on for longer. */

import { describe, expect, it } from 'vitest';
import { checkInterleaving } from '../fuzz/interleaving.ts';
import { createRandom } from '../fuzz/random.ts';

const seed = Number(process.env['THV_TEST_SEED'] ?? Date.now() % 1_000_000);

describe(`random interleaving (THV_TEST_SEED=${seed})`, () => {
  it.each([seed, seed + 1, seed + 2])('of sessions gives everybody their own: %i', async (one) => {
    await expect(checkInterleaving(createRandom(one))).resolves.toBeUndefined();
  });
});
