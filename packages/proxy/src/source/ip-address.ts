/** IP addresses as numbers, so that one address has one spelling (RFC 4291, RFC 5952). */

/** An address; IPv4-mapped IPv6 is IPv4. */
export interface IpAddress {
  readonly family: 4 | 6;
  /** 16 bits each, most significant first: two for IPv4, eight for IPv6. */
  readonly groups: readonly number[];
}

/** Reads an address without port, zone or brackets; leading zeros, which some read as octal, are refused. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const dotted = parseDotted(text);
  if (dotted !== undefined) return { family: 4, groups: dotted };
  const groups = parseGroups(text);
  if (groups === undefined) return undefined;
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return isMapped ? { family: 4, groups: groups.slice(6) } : { family: 6, groups };
}

/** The one spelling of an address: dotted, or as RFC 5952 §4 writes it. */
export function formatIpAddress({ family, groups }: IpAddress): string {
  if (family === 4) return groups.map((group) => `${group >> 8}.${group & 0xff}`).join('.');
  const { start, length } = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

/** Six full groups and a dotted tail. */
const MAX_LENGTH = 45;
const byte = '(0|[1-9]\\d{0,2})';
const ipv4 = new RegExp(`^${byte}\\.${byte}\\.${byte}\\.${byte}$`);
const ipv6Group = /^[\da-f]{1,4}$/i;

function parseDotted(text: string): readonly number[] | undefined {
  const match = ipv4.exec(text);
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1).map(Number);
  return a > 255 || b > 255 || c > 255 || d > 255 ? undefined : [a * 256 + b, c * 256 + d];
}

function parseGroups(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseHalf(halves[0] ?? '', halves.length === 1);
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  const tail = parseHalf(halves[1] ?? '', true);
  // `::` stands for at least one group.
  if (tail === undefined || head.length + tail.length > 7) return undefined;
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** The groups on one side of `::`; the last of all may be dotted. */
function parseHalf(text: string, isLast: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const dotted = isLast && index === parts.length - 1 ? parseDotted(part) : undefined;
    if (dotted !== undefined) groups.push(...dotted);
    else if (ipv6Group.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

function longestZeros(groups: readonly number[]): {
  readonly start: number;
  readonly length: number;
} {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0;
    while (groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  return best;
}
