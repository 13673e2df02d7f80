import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64Url } from '../src/base64url.ts';
import { SEED } from './support/seed.ts';

describe('decodeBase64Url', () => {
  it('reads what a known implementation writes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64url');
        expect([...(decodeBase64Url(text) ?? [])]).toEqual([...bytes]);
      }),
      SEED,
    );
  });

  it('knows one spelling only: what decodes, encodes to the same text', () => {
    const character = fc.constantFrom(..."ABCDwxyz0189-_+/=. \n'\u00e9");
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 12 }), (text) => {
        const bytes = decodeBase64Url(text);
        if (bytes !== undefined) expect(Buffer.from(bytes).toString('base64url')).toBe(text);
      }),
      { ...SEED, numRuns: 5000 },
    );
  });

  it.each(['A', 'AAAAA', 'AB', 'AAB', 'AA==', 'AA=', '+A', '/A', 'A A', 'AA\n', 'é', '\u0100A'])(
    'refuses %j',
    (text) => {
      expect(decodeBase64Url(text)).toBeUndefined();
    },
  );
});
