/** The referee's verdicts on the ways that change most; `pnpm run conformance` has all of them. */
import { describe, expect, it } from 'vitest';
import { compare, expectedFor, loadExpectations } from './expectations.ts';
import { type Leg, startLeg } from './legs.ts';
import { judge, nameOf, SUITES } from './referee.ts';

const WAYS: readonly (readonly [Leg, string])[] = [
  ['http', '2025-11-25+'],
  ['http', '2026-07-28'],
  ['stdio', '2025-11-25+'],
  ['stdio-2025', '2026-07-28'],
];

describe('the conformance referee', () => {
  it.each(WAYS)('is content on the way %s with %s', async (leg, name) => {
    const suite = SUITES.find((candidate) => nameOf(candidate) === name)!;
    const target = await startLeg(leg);
    try {
      const verdicts = await judge(target.url, suite);
      const expectations = await loadExpectations();
      expect(compare(verdicts, expectedFor(expectations, leg, name))).toEqual([]);
      expect(verdicts.size).toBeGreaterThan(30);
    } finally {
      await target.close();
    }
  });
});

describe('expected failures', () => {
  const failing = { passed: false, complaints: ['id: reason'] };
  const passing = { passed: true, complaints: [] };

  it('accept what is listed', () => {
    expect(compare(new Map([['a', failing]]), { a: 'known' })).toEqual([]);
  });

  it.each([
    ['a failure that is not listed', [['a', failing]], {}, 'a fails: id: reason'],
    ['a stale entry', [['a', passing]], { a: 'known' }, 'a is expected to fail, but passes'],
    ['an entry of no scenario', [], { a: 'known' }, 'a is expected to fail, but passes or does'],
  ] as const)('report %s', (_, verdicts, expected, problem) => {
    expect(compare(new Map(verdicts), expected)).toEqual([expect.stringContaining(problem)]);
  });
});
