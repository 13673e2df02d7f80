import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readArguments, toArgumentAttributes } from '../src/arguments.ts';
import { callKey } from '../src/call-key.ts';
import type { Selection } from '../src/desk.ts';

type Names = Pick<Selection, 'argumentNames' | 'hintNames'>;

const planOf = (
  argumentNames: Names['argumentNames'],
  hintNames: Names['hintNames'] = [],
): Names => ({ argumentNames, hintNames });

describe('callKey', () => {
  it('tells an absent hint from a false and a true one', () => {
    const plan = planOf([], ['readOnlyHint']);
    const keys = [undefined, { readOnlyHint: false }, { readOnlyHint: true }].map((hints) =>
      callKey(plan, hints, undefined),
    );
    expect(new Set(keys).size).toBe(3);
  });

  it('gives up when everything matters', () => {
    expect(callKey(planOf('all'), undefined, {})).toBeUndefined();
  });

  it('differs whenever the attributes that are read differ', () => {
    const names = ['arg_a', 'arg_b', 'arg_a_present', 'arg_b_present_present'];
    const scalar = fc.oneof(
      fc.constantFrom<unknown>(
        '',
        's0:',
        '-',
        'n1;',
        1,
        -1,
        0.5,
        2 ** 60,
        true,
        false,
        null,
        {},
        [1],
      ),
      fc.string({ maxLength: 3 }),
    );
    const args = fc.dictionary(fc.constantFrom('a', 'b', 'a_present', 'b_present'), scalar);
    fc.assert(
      fc.property(args, args, fc.subarray(names), (one, other, read) => {
        const same =
          callKey(planOf(read), undefined, one) === callKey(planOf(read), undefined, other);
        if (same) {
          expect(readArguments(one, read, 'cedar')).toEqual(readArguments(other, read, 'cedar'));
        }
      }),
      { seed: 7, numRuns: 3_000 },
    );
  });
});

describe('readArguments', () => {
  it('reads what toArgumentAttributes makes', () => {
    const value = fc.oneof(
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.constantFrom(null, {}, [], 2 ** 70),
    );
    const args = fc.dictionary(
      fc.constantFrom('a', 'b', 'a_present', 'a_present_present', ''),
      value,
    );
    fc.assert(
      fc.property(args, fc.constantFrom('cedar' as const, 'toolhive' as const), (given, mode) => {
        const names = [
          'arg_a',
          'arg_b',
          'arg_a_present',
          'arg_a_present_present',
          'arg_',
          'arg__present',
        ];
        const all = toArgumentAttributes(given, mode);
        const expected = Object.fromEntries(
          names.filter((name) => name in all).map((name) => [name, all[name]]),
        );
        expect({ ...readArguments(given, names, mode) }).toEqual(expected);
      }),
      { seed: 8, numRuns: 2_000 },
    );
  });
});
