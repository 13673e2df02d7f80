import { describe, expect, it } from 'vitest';
import { duration, fraction, list, once, oneOf, port, repeated } from '../src/flag-parsers.ts';

describe('duration', () => {
  const read = duration('--x', 7200);

  it.each([
    ['0', 0],
    ['45', 45],
    ['30s', 30],
    ['5m', 300],
    ['2h', 7200],
  ])('reads %s', (text, seconds) => {
    expect(read(text)).toBe(seconds);
  });

  it.each(['', ' 5', '5 m', '-5', '1.5m', '5d', '5M', 'm', '1e3', '٣', '99999999999'])(
    'refuses %j',
    (text) => {
      expect(() => read(text)).toThrow(/^--x: .* is not a duration; write 30s, 5m or 2h$/);
    },
  );

  it('refuses more than the limit', () => {
    expect(() => read('3h')).toThrow('--x: 3h is too long; at most 7200s');
  });
});

describe('D1: a value that is missing', () => {
  const readers = [once('--x'), list('--x'), repeated('--x')];

  it.each(['--authz-config=authz.yaml', '--oidc-required-scopes', '--', '-f', '-e'])(
    'never swallows %s',
    (next) => {
      for (const read of readers) {
        expect(() => read(next, undefined)).toThrow(
          /^--x: has no value: a flag follows it; give it one, or leave it out$/,
        );
      }
    },
  );

  it.each(['-', '-5', '-abc', '---', 'a--b', '--1'])('is not meant by %s', (value) => {
    for (const read of readers) {
      expect([read(value, undefined)].flat()).toEqual([value]);
    }
  });
});

describe('D1: a flag given twice', () => {
  it.each([
    ['a duration', () => duration('--x', 60)('2s', 1)],
    ['a share', () => fraction('--x')('0.5', 0)],
    ['a port', () => port('--x')('81', 80)],
    ['a choice', () => oneOf('--x', ['a', 'b'])('b', 'a')],
    ['a text', () => once('--x')('b', 'a')],
  ])('is refused: %s', (_name, read) => {
    expect(read).toThrow('--x: given twice; give it once');
  });
});
