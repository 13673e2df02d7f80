import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toCedarNumber, toCedarValue } from '../src/values.ts';
import { authorizerOf, call, cedar } from './support/authorizer.ts';

const decimal = (arg: string): unknown => ({ __extn: { fn: 'decimal', arg } });

describe('toCedarNumber', () => {
  it.each<[number, unknown]>([
    [0, 0],
    [-0, 0],
    [9007199254740991, 9007199254740991],
    [9007199254740992, undefined],
    [-9007199254740992, undefined],
    [0.57, decimal('0.5700')],
    [-0.57, decimal('-0.5700')],
    [0.00005, decimal('0.0000')],
    [0.00015, decimal('0.0002')],
    [0.00025, decimal('0.0002')],
    [0.000251, decimal('0.0003')],
    [1.00005, decimal('1.0000')],
    [1.99995, decimal('2.0000')],
    [1e-7, decimal('0.0000')],
    [5e-324, decimal('0.0000')],
    [123456789.12345, decimal('123456789.1234')],
    [922337203685477.6, undefined],
    [1e300, undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
  ])('cedar: %d', (value, expected) => {
    expect(toCedarNumber(value, 'cedar')).toEqual(expected);
  });

  it.each<[number, unknown]>([
    [10, decimal('10.0000')],
    [0.57, decimal('0.5699')],
    [1.005, decimal('1.0049')],
    [-1.005, decimal('-1.0049')],
    [1e18, undefined],
    [Number.NaN, undefined],
  ])('toolhive: %d', (value, expected) => {
    expect(toCedarNumber(value, 'toolhive')).toEqual(expected);
  });

  it('makes nothing that Cedar refuses', () => {
    const accepted = (mode: 'cedar' | 'toolhive') => (value: number) => {
      const x = toCedarNumber(value, mode);
      const entities = [
        { uid: { type: 'A', id: 'a' }, attrs: x === undefined ? {} : { x }, parents: [] },
      ];
      expect(cedar.checkParseEntities({ entities }).type).toBe('success');
    };
    const number = fc.oneof(fc.double(), fc.double({ min: -1e15, max: 1e15 }), fc.maxSafeInteger());
    fc.assert(fc.property(number, accepted('cedar')), { seed: 1, numRuns: 500 });
    fc.assert(fc.property(number, accepted('toolhive')), { seed: 1, numRuns: 500 });
  });
});

describe('toCedarValue', () => {
  const key = fc.oneof(
    fc.constantFrom(
      '__entity',
      '__extn',
      '__expr',
      '__data',
      '__proto__',
      'type',
      'id',
      'fn',
      'arg',
    ),
    fc.string({ unit: 'grapheme' }),
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom<unknown>('Client', 'root', 'decimal', '1.0', null, true, 1.5, 1e300),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc
        .array(fc.tuple(key, tie('tree')), { maxLength: 3 })
        .map((entries) => Object.fromEntries(entries)),
    ),
  }));

  it('is always read by Cedar as data: records stay records (D26)', () => {
    const isRecord = 'permit(principal, action, resource) when { context.x.y has z || true };';
    fc.assert(
      fc.property(tree, (value) => {
        const x = toCedarValue({ y: { z: value, more: 1 } }, 'cedar');
        const anything = { type: 'A', id: 'a' };
        const answer = cedar.isAuthorized({
          principal: anything,
          action: { type: 'Action', id: 'a' },
          resource: anything,
          context: { x: x! },
          policies: { staticPolicies: isRecord },
          entities: [],
        });
        expect(answer).toMatchObject({ response: { decision: 'allow' } });
      }),
      { seed: 3, numRuns: 400 },
    );
  });

  it('never forges an entity or an extension value', () => {
    const policies = [
      'permit(principal, action, resource) when { principal.claim_x is Client || principal.claim_x is A };',
      'permit(principal, action, resource) when { principal.claim_x.lessThan(decimal("2.0")) };',
      'permit(principal, action, resource) when { principal.claim_x.isLoopback() };',
    ];
    const authorizer = authorizerOf(policies);
    const forged = [
      { __entity: { type: 'Client', id: 'root' } },
      { __entity: { type: 'Client', id: 'root', more: 1 } },
      { __entity: { type: 'A', id: '' }, dropped: null },
      { __extn: { fn: 'decimal', arg: '1.0' } },
      { __extn: { fn: 'decimal', args: ['1.0'] } },
      { __extn: { fn: 'ip', arg: '127.0.0.1' } },
      { __expr: 'decimal("1.0")' },
    ];
    for (const x of forged) {
      const decision = authorizer.authorize(call('t', {}, { claims: { x } }));
      expect(decision, JSON.stringify(x)).toMatchObject({ allowed: false });
    }
  });
});
