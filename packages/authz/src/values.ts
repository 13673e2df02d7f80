/**
 * Turns untrusted JSON values, from tokens and call arguments, into Cedar values (D22, D26).
 *
 * Cedar's JSON form gives a meaning to objects whose only key is `__entity`, `__extn` or `__expr`.
 * In an untrusted value such an object is data: it gets a second key, `__data: true`, and Cedar
 * then reads it as a plain record (`assertUsableCedar` checks that it does).
 */
import type { CedarValueJson } from '@cedar-policy/cedar-wasm/web';
import type { NumberMode } from './config.ts';
import { AuthzError } from './errors.ts';

/** A record that is safe to key by untrusted text. */
export type CedarRecord = Record<string, CedarValueJson>;

const MAX_DEPTH = 10;
const MAX_DECIMAL = 2n ** 63n - 1n;
const ESCAPES: ReadonlySet<string> = new Set(['__entity', '__extn', '__expr']);

/**
 * Records made by a constructor whose prototype is empty: no key means anything but itself, as with
 * `Object.create(null)`, but engines give them the compact layout of ordinary objects.
 */
const EmptyRecord = function (this: object): void {} as unknown as {
  new (): CedarRecord;
  prototype: object;
};
EmptyRecord.prototype = Object.freeze(Object.create(null) as object);

/** An empty record in which no key means anything but itself. */
export function createRecord(): CedarRecord {
  return new EmptyRecord();
}

/**
 * The Cedar value of a JSON value, or `undefined` when there is none: null, numbers out of range,
 * and what nests deeper than ten. Elements and members without a value are left out.
 *
 * @throws {AuthzError} `ERR_AUTHZ_REQUEST` for text that is not valid Unicode.
 */
export function toCedarValue(
  value: unknown,
  numbers: NumberMode,
  depth = 0,
): CedarValueJson | undefined {
  if (depth > MAX_DEPTH) {
    return undefined;
  }
  switch (typeof value) {
    case 'string':
      return assertUnicode(value);
    case 'boolean':
      return value;
    case 'number':
      return toCedarNumber(value, numbers);
    case 'bigint':
      return toCedarNumber(Number(value), numbers);
    case 'object':
      break;
    default:
      return undefined;
  }
  if (value === null) {
    return undefined;
  }
  if (Array.isArray(value)) {
    return value
      .map((element: unknown) => toCedarValue(element, numbers, depth + 1))
      .filter((element) => element !== undefined);
  }
  return toRecord(value, numbers, depth);
}

/** The Cedar value of a number: Long or decimal, by the number mode (D22). */
export function toCedarNumber(value: number, numbers: NumberMode): CedarValueJson | undefined {
  if (numbers === 'cedar' && Number.isInteger(value)) {
    // `+ 0` turns -0 into 0.
    return Number.isSafeInteger(value) ? value + 0 : undefined;
  }
  if (!Number.isFinite(value)) {
    return undefined;
  }
  const scaled = numbers === 'cedar' ? roundHalfEven(value) : truncate(value);
  if (scaled > MAX_DECIMAL || scaled < -MAX_DECIMAL) {
    return undefined;
  }
  return { __extn: { fn: 'decimal', arg: formatDecimal(scaled) } };
}

/** Returns the text when Cedar can hold it. A lone surrogate has no UTF-8 form. */
export function assertUnicode(text: string): string {
  if (!text.isWellFormed()) {
    throw new AuthzError('ERR_AUTHZ_REQUEST', 'the request holds text that is not valid Unicode');
  }
  return text;
}

/**
 * Makes sure that {@link toCedarValue} would not throw, without converting: most of what a token says
 * is read by no policy.
 *
 * @throws {AuthzError} `ERR_AUTHZ_REQUEST` for text that is not valid Unicode.
 */
export function assertUnicodeValue(value: unknown, depth = 0): void {
  if (depth > MAX_DEPTH) {
    return;
  }
  if (typeof value === 'string') {
    assertUnicode(value);
  } else if (typeof value === 'object' && value !== null) {
    assertUnicodeMembers(value, depth);
  }
}

function assertUnicodeMembers(value: object, depth: number): void {
  if (Array.isArray(value)) {
    for (const element of value) {
      assertUnicodeValue(element, depth + 1);
    }
    return;
  }
  for (const key of Object.keys(value)) {
    assertUnicode(key);
    assertUnicodeValue((value as Record<string, unknown>)[key], depth + 1);
  }
}

function toRecord(value: object, numbers: NumberMode, depth: number): CedarRecord {
  const record = createRecord();
  let members = 0;
  let escaped = false;
  for (const [key, member] of Object.entries(value)) {
    assertUnicode(key);
    const converted = toCedarValue(member, numbers, depth + 1);
    if (converted !== undefined) {
      record[key] = converted;
      members += 1;
      escaped ||= ESCAPES.has(key);
    }
  }
  if (escaped && members === 1) {
    record['__data'] = true;
  }
  return record;
}

/** `value × 10000` cut toward zero, in floating point as the earlier system did it. */
function truncate(value: number): bigint {
  const scaled = Math.trunc(value * 10_000);
  return Number.isFinite(scaled) ? BigInt(scaled) : MAX_DECIMAL + 1n;
}

/** `value × 10000` rounded half to even, on the shortest decimal form, which is what was written. */
function roundHalfEven(value: number): bigint {
  const [mantissa = '0', exponent = '0'] = Math.abs(value).toString().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const digits = whole + fraction;
  const drop = fraction.length - Number(exponent) - 4;
  if (drop > digits.length) {
    return 0n;
  }
  const sign = value < 0 ? -1n : 1n;
  if (drop <= 0) {
    return sign * BigInt(digits) * 10n ** BigInt(-drop);
  }
  const kept = BigInt(digits.slice(0, digits.length - drop) || '0');
  const rest = BigInt(digits.slice(digits.length - drop));
  const half = 5n * 10n ** BigInt(drop - 1);
  const up = rest > half || (rest === half && kept % 2n === 1n);
  return sign * (kept + (up ? 1n : 0n));
}

function formatDecimal(scaled: bigint): string {
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(5, '0');
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`;
}
