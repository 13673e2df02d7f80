/**
 * Addresses that no public identity provider has: private, special-purpose and embedded forms
 * (IANA special-purpose registries, RFC 6890; NAT64 RFC 6052, RFC 8215; 6to4 RFC 3056).
 */

const IPV4_RANGES: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** First groups and prefix length. The local NAT64 prefix has several layouts, so all of it. */
const IPV6_RANGES: readonly (readonly [readonly number[], number])[] = [
  [[0x64, 0xff9b, 1], 48],
  [[0x100, 0, 0, 0], 64],
  [[0x2001], 23],
  [[0x2001, 0xdb8], 32],
  [[0x3fff], 20],
  [[0x5f00], 16],
  [[0xfc00], 7],
  [[0xfe80], 10],
  [[0xfec0], 10],
  [[0xff00], 8],
];

/** The four bytes of a dotted IPv4 address as one number, or `undefined`. */
export function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  let value = 0;
  for (const part of match.slice(1)) {
    const byte = Number(part);
    if (byte > 255) return undefined;
    value = value * 256 + byte;
  }
  return value;
}

/** The eight groups of an IPv6 address (a zone is ignored), or `undefined`. */
export function parseIpv6(text: string): readonly number[] | undefined {
  let [address = ''] = text.split('%', 1);
  const lastColon = address.lastIndexOf(':');
  if (lastColon < 0) return undefined;
  if (address.includes('.')) {
    const tail = parseIpv4(address.slice(lastColon + 1));
    if (tail === undefined) return undefined;
    const high = Math.floor(tail / 65_536).toString(16);
    address = `${address.slice(0, lastColon + 1)}${high}:${(tail % 65_536).toString(16)}`;
  }
  const halves = address.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array<string>(missing).fill('0'), ...(tail ?? [])];
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined;
  return groups.map((group) => Number.parseInt(group, 16));
}

/**
 * True for an address that is private or special, or that is no address at all. Forms that embed
 * an IPv4 address (mapped, compatible, NAT64, 6to4) are judged by that address.
 */
export function isSpecialAddress(address: string): boolean {
  const ipv4 = parseIpv4(address);
  if (ipv4 !== undefined) return isSpecialIpv4(ipv4);
  const groups = parseIpv6(address);
  if (groups === undefined) return true;
  const embedded = embeddedIpv4(groups);
  if (embedded !== undefined) return isSpecialIpv4(embedded);
  return IPV6_RANGES.some(([start, length]) => isInPrefix(groups, start, length));
}

/** True for 127.0.0.0/8, ::1 and the mapped form of the former. */
export function isLoopbackAddress(address: string): boolean {
  const groups = parseIpv6(address);
  const ipv4 = parseIpv4(address) ?? (groups && isMapped(groups) ? lastIpv4(groups) : undefined);
  if (ipv4 !== undefined) return Math.floor(ipv4 / 2 ** 24) === 127;
  return groups?.join(':') === '0:0:0:0:0:0:0:1';
}

function isSpecialIpv4(address: number): boolean {
  return IPV4_RANGES.some(([start, length]) => {
    const size = 2 ** (32 - length);
    return Math.floor(address / size) === Math.floor((parseIpv4(start) ?? 0) / size);
  });
}

/** `::`, `::1` and other compatible forms decode to 0.0.0.0/8, which is special. */
function embeddedIpv4(groups: readonly number[]): number | undefined {
  const zeros = (from: number, to: number) => groups.slice(from, to).every((group) => group === 0);
  if (zeros(0, 6) || isMapped(groups)) return lastIpv4(groups);
  if (groups[0] === 0x64 && groups[1] === 0xff9b && zeros(2, 6)) return lastIpv4(groups);
  if (groups[0] === 0x2002) return (groups[1] ?? 0) * 65_536 + (groups[2] ?? 0);
  return undefined;
}

function isMapped(groups: readonly number[]): boolean {
  return groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
}

function lastIpv4(groups: readonly number[]): number {
  return (groups[6] ?? 0) * 65_536 + (groups[7] ?? 0);
}

function isInPrefix(groups: readonly number[], start: readonly number[], length: number): boolean {
  for (let bit = 0; bit < length; bit += 16) {
    const kept = Math.min(16, length - bit);
    const mask = (0xffff << (16 - kept)) & 0xffff;
    const index = bit / 16;
    if (((groups[index] ?? 0) & mask) !== ((start[index] ?? 0) & mask)) return false;
  }
  return true;
}
