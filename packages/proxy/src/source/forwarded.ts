/** The addresses that proxies add to a request, the nearest one first. */

import { type IpAddress, parseIpAddress } from './ip-address.ts';

/**
 * The entries of an `X-Forwarded-For`, from the right. `undefined` stands for one that is no address;
 * what is left of it is for nobody to believe.
 */
export function* readForwardedFor(value: string): Generator<IpAddress | undefined> {
  let end = value.length;
  while (end >= 0) {
    const comma = end === 0 ? -1 : value.lastIndexOf(',', end - 1);
    yield parseNode(value.slice(comma + 1, end).trim());
    end = comma;
  }
}

/**
 * The `for` of every element of a `Forwarded` (RFC 7239 §4), from the right. A quoted text may hold
 * commas, so the whole field is read from its beginning: one that is not well-formed has no entries.
 */
export function* readForwarded(value: string): Generator<IpAddress | undefined> {
  const elements = readElements(value);
  for (const node of elements?.reverse() ?? [undefined]) {
    yield node === undefined ? undefined : parseNode(node);
  }
}

/** An address with or without port, as RFC 7239 §6 and the older header write it. */
export function parseNode(text: string): IpAddress | undefined {
  const [, bracketed] = /^\[([^\]]*)\](?::[\w.-]{1,32})?$/.exec(text) ?? [];
  if (bracketed !== undefined) {
    return bracketed.includes(':') ? parseIpAddress(bracketed) : undefined;
  }
  const [, host, port] = /^([\d.]+)(?::([\w.-]{1,32}))?$/.exec(text) ?? [];
  return parseIpAddress(host !== undefined && port !== undefined ? host : text);
}

/** A parameter; brackets and colons stand unquoted in what some proxies write. */
const pair =
  /[ \t]*([!#$%&'*+.^_`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~\w:[\]-]+))[ \t]*/y;

function readElements(value: string): (string | undefined)[] | undefined {
  const elements: (string | undefined)[] = [];
  let names = new Set<string>();
  let node: string | undefined;
  let at = 0;
  for (;;) {
    pair.lastIndex = at;
    const match = pair.exec(value);
    if (match === null) return undefined;
    const name = match[1]!.toLowerCase(); // Both are there where the pattern matches.
    // RFC 7239 §4: each parameter once in an element.
    if (names.has(name)) return undefined;
    names.add(name);
    if (name === 'for') node = match[2]?.replaceAll(/\\(.)/g, '$1') ?? match[3];
    at = pair.lastIndex;
    const separator = value[at];
    at += 1;
    if (separator === ';') continue;
    elements.push(node);
    if (separator === undefined) return elements;
    if (separator !== ',') return undefined;
    node = undefined;
    names = new Set();
  }
}
