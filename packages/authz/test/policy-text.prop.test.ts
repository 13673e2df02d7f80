/** Texts are cut into the statements that Cedar finds in them: none is lost, none is made up. */
import { policySetTextToParts } from '@cedar-policy/cedar-wasm/web';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitStatements } from '../src/policy-text.ts';
import { authorizerOf, call, cedar } from './support/authorizer.ts';

const SEED = 20_261_126;

const blank = fc.constantFrom(
  ' ',
  '\t',
  '\n',
  '\r',
  '\r\n',
  '\v',
  '\f',
  '\u00a0',
  '\u2028',
  '\n\n',
);
const aside = fc
  .tuple(
    fc.constantFrom('', ' permit', ' "', " '", ' ; forbid(principal, action, resource);', ' // é'),
    fc.constantFrom('\n', '\r', '\r\n'),
  )
  .map(([text, end]) => `//${text}${end}`);
const gap = fc.array(fc.oneof(blank, aside), { maxLength: 3 }).map((parts) => parts.join(''));
const text = fc.constantFrom('x', ';', '//', '\\"', '\\\\', '\\"; //', '\n', '\\u{3b}', "'");
const statement = fc
  .tuple(fc.constantFrom('permit', 'forbid'), text, fc.constantFrom('', '@note("a;//b")'), gap, gap)
  .map(
    ([effect, value, note, one, two]) =>
      `${note}${one}${effect}(principal,${two}action, resource)${one}when {${two}"x" != "${value}"${one}};`,
  );
const source = fc
  .tuple(gap, fc.array(fc.tuple(statement, gap), { minLength: 1, maxLength: 5 }))
  .map(([start, parts]) => start + parts.flat().join(''));

describe('splitStatements', () => {
  it(`finds what Cedar finds (seed ${SEED})`, () => {
    // Starts Cedar, which is one for the process.
    expect(cedar.getCedarVersion()).not.toBe('');
    const property = fc.property(source, (policies) => {
      const parts = policySetTextToParts(policies);
      const found = splitStatements({ text: policies }).map((one) => one.text);
      expect(parts).toMatchObject({ type: 'success' });
      expect(found).toHaveLength(parts.type === 'success' ? parts.policies.length : 0);
      for (const one of found) expect(cedar.policyToJson(one)).toMatchObject({ type: 'success' });
    });
    fc.assert(property, { numRuns: 300, seed: SEED });
  });

  it('loses no policy behind a comment whose line ends in a carriage return', async () => {
    const authorizer = authorizerOf(
      'permit(principal, action, resource);\r// but not this one\rforbid(principal, action, resource == Tool::"x");\r',
    );
    expect(await authorizer.authorize(call('x'))).toMatchObject({
      allowed: false,
      policies: ['policy1'],
    });
    expect(await authorizer.authorize(call('y'))).toMatchObject({ allowed: true });
  });
});
