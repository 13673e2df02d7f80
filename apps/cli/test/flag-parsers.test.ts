import { describe, expect, it } from 'vitest';
import { duration } from '../src/flag-parsers.ts';

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
