import { describe, expect, it } from 'vitest';
import { createMemoryRateLimitStore } from '../../src/index.ts';
import { createAllowances } from '../../src/limit/allowances.ts';
import { describeRateLimitStore } from '../support/rate-limit-store-contract.ts';

describeRateLimitStore('createMemoryRateLimitStore', async () => {
  let time = 1_000_000_000;
  return {
    store: createMemoryRateLimitStore({ now: () => time }),
    elapse: async (milliseconds) => {
      time += milliseconds;
    },
  };
});

describe('createAllowances', () => {
  it('stays within its bounds while 200,000 keys come, and does not forget who took most', () => {
    const limit = { requests: 10, window: 60_000 };
    const allowances = createAllowances({ limit, maxKeys: 1000, now: () => 0 });
    for (let taken = 0; taken < 10; taken += 1) allowances.take('heavy');
    let most = 0;
    for (let key = 0; key < 200_000; key += 1) {
      allowances.take(`key ${key}`);
      most = Math.max(most, allowances.size);
    }
    expect(most).toBeLessThanOrEqual(1000);
    expect(allowances.take('heavy')).toBeGreaterThan(0);
  });

  it('forgets allowances that are full again', () => {
    let time = 0;
    const limit = { requests: 10, window: 10_000 };
    const allowances = createAllowances({ limit, maxKeys: 1000, now: () => time });
    for (let key = 0; key < 5000; key += 1) {
      allowances.take(`key ${key}`);
      time += 100;
    }
    // One request is forgotten after a second: ten keys are in use at any time.
    expect(allowances.size).toBeLessThan(20);
  });

  it('counts what is set aside, and gives it back', () => {
    const limit = { requests: 3, window: 60_000 };
    const allowances = createAllowances({ limit, maxKeys: 10, now: () => 0 });
    expect([1, 2, 3].map(() => allowances.reserve('a'))).toEqual([0, 0, 0]);
    expect(allowances.reserve('a')).toBe(20_000);
    for (let given = 0; given < 3; given += 1) allowances.settle('a', false);
    expect(allowances.size).toBe(0);
    expect([1, 2, 3].map(() => allowances.reserve('a'))).toEqual([0, 0, 0]);
    for (let kept = 0; kept < 3; kept += 1) allowances.settle('a', true);
    expect(allowances.take('a')).toBe(20_000);
  });
});
