/** What is shaped like a secret is taken out, whatever stands around it, and in one pass. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact } from '../src/audit/redact.ts';

/** The shape said plainly; over a long word of `eyJ` it takes a search to the end for each of them. */
const JWT = /(?:(?<!\w)|(?<=\\(?:[bfnrt]|u[\da-f]{4})))eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)*/g;

const text = fc
  .array(fc.constantFrom('eyJ', 'eyJ', '.', '.', '-', '_', 'a', 'n', '\\', '\\n', '\\u00e9', ' '))
  .map((parts) => parts.join(''));

describe('redact', () => {
  it('takes out exactly what has the shape of a JWT', () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(redact(given)).toBe(given.replace(JWT, '[redacted]'));
      }),
      { numRuns: 5000 },
    );
  });

  it('gets through a long word that begins like a JWT everywhere', () => {
    const word = '-eyJ'.repeat(1_000_000);
    expect(redact(word)).toBe(word);
    expect(redact(`${word}.a.b c`)).toBe('-[redacted] c');
  });
});
