/** Claims of a token as Cedar attributes: `claim_<name>` and `claimset_<name>`. */
import type { CedarValueJson } from '@cedar-policy/cedar-wasm/web';
import type { CedarOptions } from './config.ts';
import { assertUnicode, type CedarRecord, createRecord, toCedarValue } from './values.ts';

type Claims = Readonly<Record<string, unknown>>;
type ClaimOptions = Pick<CedarOptions, 'multiValuedClaims' | 'numbers'>;

const CLAIM = 'claim_';
const WORDS = 'claimset_';
const PRESENT = '_present';
// Unicode white space; JavaScript's \s lacks U+0085 and has U+FEFF.
const WHITE_SPACE = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/**
 * The attributes made from claims. A number out of range leaves only `claim_<name>_present`.
 *
 * A claim listed in `multi_valued_claims` becomes a text of words and a set of them, whether the
 * provider sends `"a b"` or `["a", "b"]`.
 */
export function toClaimAttributes(claims: Claims, options: ClaimOptions): CedarRecord {
  const attributes = createRecord();
  const outOfRange: string[] = [];
  for (const [name, value] of Object.entries(claims)) {
    const key = assertUnicode(name);
    const words = options.multiValuedClaims.includes(name) ? toWords(value) : undefined;
    const converted = toClaimValue(value, words, options);
    if (converted !== undefined) {
      attributes[CLAIM + key] = converted;
    } else if (isNumber(value)) {
      outOfRange.push(key);
    }
    if (words !== undefined) {
      attributes[WORDS + key] = words;
    }
  }
  for (const key of outOfRange) {
    attributes[CLAIM + key + PRESENT] = true;
  }
  return attributes;
}

/** The name of an attribute that can be made from a claim. */
export interface ClaimName {
  /** The claim. */
  readonly name: string;
  /** True for its set of words. */
  readonly words: boolean;
  /** The claim whose being out of range makes the attribute `true`. */
  readonly marks: string | undefined;
}

/** Takes the name of an attribute apart; `undefined` when no claim makes such an attribute. */
export function parseClaimName(attribute: string): ClaimName | undefined {
  if (attribute.startsWith(WORDS)) {
    return { name: attribute.slice(WORDS.length), words: true, marks: undefined };
  }
  if (!attribute.startsWith(CLAIM)) {
    return undefined;
  }
  const name = attribute.slice(CLAIM.length);
  const marks = name.endsWith(PRESENT) ? name.slice(0, -PRESENT.length) : undefined;
  return { name, words: false, marks };
}

/** The named one among {@link toClaimAttributes}, without converting the others. */
export function readClaim(
  claims: Claims,
  { name, words, marks }: ClaimName,
  options: ClaimOptions,
): CedarValueJson | undefined {
  if (words) {
    return wordsOf(claims, name, options);
  }
  return marks !== undefined && isOutOfRange(claims, marks, options)
    ? true
    : claimValue(claims, name, options);
}

function claimValue(
  claims: Claims,
  name: string,
  options: ClaimOptions,
): CedarValueJson | undefined {
  return Object.hasOwn(claims, name)
    ? toClaimValue(claims[name], wordsOf(claims, name, options), options)
    : undefined;
}

function wordsOf(claims: Claims, name: string, options: ClaimOptions): string[] | undefined {
  return options.multiValuedClaims.includes(name) && Object.hasOwn(claims, name)
    ? toWords(claims[name])
    : undefined;
}

function toClaimValue(
  value: unknown,
  words: readonly string[] | undefined,
  { numbers }: ClaimOptions,
): CedarValueJson | undefined {
  const text = Array.isArray(value) ? words?.join(' ') : undefined;
  return toCedarValue(text ?? value, numbers);
}

/** True for a claim that is a number without a Cedar value. */
function isOutOfRange(claims: Claims, name: string, options: ClaimOptions): boolean {
  return (
    Object.hasOwn(claims, name) &&
    isNumber(claims[name]) &&
    claimValue(claims, name, options) === undefined
  );
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint';
}

function toWords(value: unknown): string[] | undefined {
  if (Array.isArray(value)) {
    return value.filter((element) => typeof element === 'string').map(assertUnicode);
  }
  return typeof value === 'string'
    ? value.split(WHITE_SPACE).filter((word) => word !== '')
    : undefined;
}
