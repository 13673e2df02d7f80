/** Reading a token piece by piece against reading all of it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseClaimName, readClaim, toClaimAttributes } from '../src/claims.ts';
import { assertUnicodeValue, toCedarValue } from '../src/values.ts';

const names = ['a', 'b', 'a_present', '__proto__', 'constructor', ''];
const value = fc.oneof(
  fc.jsonValue({ depthSize: 'small' }),
  fc.constantFrom<unknown>(
    2 ** 60,
    1.5,
    Number.NaN,
    'x  y',
    ['x', 1, 'y'],
    [],
    null,
    undefined,
    5n,
  ),
);
const claims = fc.dictionary(fc.constantFrom(...names), value);
const options = fc.record({
  numbers: fc.constantFrom('cedar' as const, 'toolhive' as const),
  multiValuedClaims: fc.subarray(names),
});

describe('readClaim', () => {
  it('reads each attribute as it is among all', () => {
    const property = fc.property(claims, options, (given, how) => {
      const all = toClaimAttributes(given, how);
      for (const name of names) {
        for (const attribute of [`claim_${name}`, `claim_${name}_present`, `claimset_${name}`]) {
          const parsed = parseClaimName(attribute)!;
          expect(readClaim(given, parsed, how)).toEqual(all[attribute]);
        }
      }
    });
    fc.assert(property, { numRuns: 1_000 });
  });

  it('reads nothing but own claims', () => {
    const how = { numbers: 'cedar', multiValuedClaims: [] } as const;
    expect(parseClaimName('a')).toBeUndefined();
    expect(parseClaimName('arg_a')).toBeUndefined();
    expect(readClaim({ a: 1 }, parseClaimName('claim_toString')!, how)).toBeUndefined();
  });
});

describe('assertUnicodeValue', () => {
  it('refuses what cannot be converted, and nothing else', () => {
    const text = fc.constantFrom('x', '\ud800', 'é', '😀');
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 13, depthSize: 'medium' },
        text,
        fc.constantFrom<unknown>(1, null, true),
        fc.array(tie('tree'), { maxLength: 2 }),
        fc.dictionary(text, tie('tree'), { maxKeys: 2 }),
      ),
    }));
    const throws = (run: () => unknown): boolean => {
      try {
        run();
        return false;
      } catch {
        return true;
      }
    };
    const property = fc.property(tree, (given) => {
      expect(throws(() => assertUnicodeValue(given))).toBe(
        throws(() => toCedarValue(given, 'cedar')),
      );
    });
    fc.assert(property, { numRuns: 2_000 });
  });
});
