/** Claims of a token as Cedar attributes: `claim_<name>` and `claimset_<name>`. */
import type { CedarOptions } from './config.ts';
import { assertUnicode, type CedarRecord, createRecord, toCedarValue } from './values.ts';

// Unicode white space; JavaScript's \s lacks U+0085 and has U+FEFF.
const WHITE_SPACE = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/**
 * The attributes made from claims. A number out of range leaves only `claim_<name>_present`.
 *
 * A claim listed in `multi_valued_claims` becomes a text of words and a set of them, whether the
 * provider sends `"a b"` or `["a", "b"]`.
 */
export function toClaimAttributes(
  claims: Readonly<Record<string, unknown>>,
  options: Pick<CedarOptions, 'multiValuedClaims' | 'numbers'>,
): CedarRecord {
  const attributes = createRecord();
  const outOfRange: string[] = [];
  for (const [name, value] of Object.entries(claims)) {
    const key = assertUnicode(name);
    const words = options.multiValuedClaims.includes(name) ? toWords(value) : undefined;
    const text = Array.isArray(value) ? words?.join(' ') : undefined;
    const converted = toCedarValue(text ?? value, options.numbers);
    if (converted !== undefined) {
      attributes[`claim_${key}`] = converted;
    } else if (typeof value === 'number' || typeof value === 'bigint') {
      outOfRange.push(key);
    }
    if (words !== undefined) {
      attributes[`claimset_${key}`] = words;
    }
  }
  for (const key of outOfRange) {
    attributes[`claim_${key}_present`] = true;
  }
  return attributes;
}

function toWords(value: unknown): string[] | undefined {
  if (Array.isArray(value)) {
    return value.filter((element) => typeof element === 'string').map(assertUnicode);
  }
  return typeof value === 'string'
    ? value.split(WHITE_SPACE).filter((word) => word !== '')
    : undefined;
}
