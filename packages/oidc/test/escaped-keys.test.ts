/** Keys that are written with escapes are read as what they mean, whatever was read before. */
import { describe, expect, it } from 'vitest';
import { parseStrictJson } from '../src/strict-json.ts';

/** Lets the engine expect `expected` as the second key of the next object of this shape. */
function prime(expected: string): void {
  for (let count = 0; count < 50; count++) JSON.parse(`{"sub":"u",${expected}:1}`);
}

describe('keys with escapes', () => {
  it.each([
    [
      'a slash',
      String.raw`"https:\\/\\/acme\\/ro"`,
      String.raw`"https:\/\/acme\/roles"`,
      'https://acme/roles',
    ],
    ['a letter', String.raw`"pa\\u"`, String.raw`"pa\u0074h"`, 'path'],
    ['another script', String.raw`"r\\u00"`, String.raw`"r\u00f4les"`, 'rôles'],
  ])('with %s keep their name', (_name, expected, written, key) => {
    prime(expected);
    expect(parseStrictJson(`{"sub":"u",${written}:["x"],"n":{${written}:1}}`)).toEqual({
      sub: 'u',
      [key]: ['x'],
      n: { [key]: 1 },
    });
  });

  it.each([String.raw`"a\"b"`, String.raw`"a\\b"`, String.raw`"a\nb"`, String.raw`"\ud800"`])(
    'that cannot be written without are refused: %s',
    (written) => {
      expect(() => parseStrictJson(`{${written}:1}`)).toThrow(SyntaxError);
    },
  );

  it('still count as duplicates of their plain form', () => {
    expect(() => parseStrictJson(String.raw`{"sub":1,"s\u0075b":2}`)).toThrow('duplicate key');
  });
});
