/** Ranges of addresses in CIDR form (RFC 4632, RFC 4291 §2.3). */

import { formatIpAddress, type IpAddress, parseIpAddress } from './ip-address.ts';

/** Says whether an address is in one of the ranges. */
export type IpRanges = (address: IpAddress) => boolean;

/**
 * Reads addresses and ranges, such as `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.7`.
 *
 * @throws {TypeError} naming the entry that cannot be used
 */
export function parseIpRanges(entries: readonly string[]): IpRanges {
  const ranges = entries.map(parseRange);
  return (address) => ranges.some((range) => isIn(address, range));
}

/**
 * Checks what is to be given to `createProxy` as `trustedProxies`, before anything is started.
 *
 * @throws {TypeError} naming the entry that cannot be used
 */
export function assertTrustedProxies(entries: readonly string[]): void {
  parseIpRanges(entries);
}

interface Range {
  readonly start: IpAddress;
  /** Bits that count. */
  readonly length: number;
}

function parseRange(entry: string): Range {
  const [, text = '', digits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const start = parseIpAddress(text);
  const fail = (problem: string): never => {
    throw new TypeError(`"trustedProxies": ${JSON.stringify(entry)} ${problem}`);
  };
  if (start === undefined) return fail('is not an IP address or range, such as 10.0.0.0/8');
  const bits = start.groups.length * 16;
  // The length of a range that was written as mapped IPv6 counts from the start of that.
  const written = text.includes(':') ? 128 : 32;
  const length = digits === undefined ? bits : Number(digits) - (written - bits);
  if (length > bits || length < 0) return fail(`needs a length of at most ${written}`);
  if (length === 0) return fail('is every address there is: any caller could choose its own');
  const masked = { ...start, groups: mask(start.groups, length) };
  if (masked.groups.some((group, index) => group !== start.groups[index])) {
    return fail(`names a host in the range; write ${formatIpAddress(masked)}/${length}`);
  }
  return { start, length };
}

function isIn(address: IpAddress, { start, length }: Range): boolean {
  if (address.family !== start.family) return false;
  return mask(address.groups, length).every((group, index) => group === start.groups[index]);
}

/** The groups with all but the first `length` bits cleared. */
function mask(groups: readonly number[], length: number): readonly number[] {
  return groups.map((group, index) => {
    const kept = Math.min(16, Math.max(0, length - index * 16));
    return group & (0xffff << (16 - kept)) & 0xffff;
  });
}
