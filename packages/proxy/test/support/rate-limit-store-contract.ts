/** What every store of rate limits must do, wherever it keeps its counts. */

import { describe, expect, it } from 'vitest';
import type { RateLimit, RateLimitStore } from '../../src/index.ts';

/** A fresh store, and a way to let time pass for it. */
export interface RateLimitStoreUnderTest {
  readonly store: RateLimitStore;
  /** Lets milliseconds pass; negative ones set the clock back. */
  elapse(milliseconds: number): Promise<void>;
}

const LIMIT: RateLimit = { requests: 3, window: 60_000 };
const INTERVAL = LIMIT.window / LIMIT.requests;
/** Stores outside this process have a clock of their own, which goes on during a test. */
const SLACK = 5_000;

export function describeRateLimitStore(
  name: string,
  make: () => Promise<RateLimitStoreUnderTest>,
): void {
  describe(`${name} as a RateLimitStore`, () => {
    const takeMany = async (
      store: RateLimitStore,
      key: string,
      count: number,
    ): Promise<number[]> => {
      const waits: number[] = [];
      for (let taken = 0; taken < count; taken += 1) waits.push(await store.take(key, LIMIT));
      return waits;
    };

    it('allows as many at once as the limit says, then says how long to wait', async () => {
      const { store } = await make();
      const waits = await takeMany(store, 'a', 4);
      expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
      expect(waits[3]).toBeGreaterThan(INTERVAL - SLACK);
      expect(waits[3]).toBeLessThanOrEqual(INTERVAL);
    });

    it('takes nothing for what it refuses', async () => {
      const { store, elapse } = await make();
      await takeMany(store, 'a', 50);
      await elapse(INTERVAL);
      expect(await store.take('a', LIMIT)).toBe(0);
      expect(await store.take('a', LIMIT)).toBeGreaterThan(0);
    });

    it('refills evenly, and never beyond the limit', async () => {
      const { store, elapse } = await make();
      await takeMany(store, 'a', 3);
      await elapse(2 * INTERVAL);
      expect((await takeMany(store, 'a', 3)).map((wait) => wait > 0)).toEqual([false, false, true]);
      await elapse(100 * LIMIT.window);
      expect((await takeMany(store, 'a', 4)).map((wait) => wait > 0)).toEqual([
        ...[false, false, false],
        true,
      ]);
    });

    it('has one allowance for all who ask at once', async () => {
      const { store } = await make();
      const waits = await Promise.all(Array.from({ length: 40 }, () => store.take('a', LIMIT)));
      expect(waits.filter((wait) => wait === 0)).toHaveLength(3);
    });

    it('keeps keys apart that differ in anything', async () => {
      const { store } = await make();
      const keys = [
        'a',
        'A',
        'a.',
        'a ',
        ' a',
        'a\u0000',
        'á',
        'a\u0301',
        '',
        'a:b',
        'a'.repeat(20_000),
      ];
      for (const key of keys) await takeMany(store, key, 3);
      for (const key of keys) expect(await store.take(key, LIMIT)).toBeGreaterThan(0);
      expect(await store.take(`${'a'.repeat(20_000)}b`, LIMIT)).toBe(0);
    });

    it('keeps nobody out for longer than a window when the clock is set back', async () => {
      const { store, elapse } = await make();
      await takeMany(store, 'a', 3);
      await elapse(-1000 * LIMIT.window);
      expect(await store.take('a', LIMIT)).toBeLessThanOrEqual(INTERVAL + 1);
      await elapse(LIMIT.window);
      expect(await store.take('a', LIMIT)).toBe(0);
    });
  });
}
