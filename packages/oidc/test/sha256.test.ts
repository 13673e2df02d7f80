import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nativeSha256 } from '../src/node/native-sha256.ts';
import { sha256 } from '../src/sha256.ts';
import { SEED } from './support/seed.ts';

const reference = (text: string) => createHash('sha256').update(text).digest('hex');

describe('sha256', () => {
  it('agrees with a known implementation at every length around the block borders', () => {
    for (let length = 0; length <= 260; length++) {
      const text = 'x'.repeat(length);
      expect(sha256(text)).toBe(reference(text));
    }
  });

  it('agrees with a known implementation on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => {
        expect(sha256(text)).toBe(reference(text));
        expect(nativeSha256(text)).toBe(reference(text));
      }),
      SEED,
    );
  });
});
