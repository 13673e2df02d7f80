/** Which address a request comes from; no header can say so unless a trusted proxy wrote it. */

import type { Exchange } from '../exchange.ts';
import { parseNode, readForwarded, readForwardedFor } from './forwarded.ts';
import { formatIpAddress, type IpAddress } from './ip-address.ts';
import { type IpRanges, parseIpRanges } from './ip-ranges.ts';

/** What whoever accepts connections knows of the other side. */
export interface PeerInfo {
  /** Address of the other end of the connection, IPv4 or IPv6, never from a header. */
  readonly peerAddress?: string | undefined;
}

/** The source address of an exchange, in its one spelling; undefined where nobody knows it. */
export type SourceFinder = (exchange: Exchange) => string | undefined;

/**
 * Creates a finder. The source is the peer, or, when the peer is a trusted proxy, the right-most
 * address in its forwarding header that is not one. What stands further left can be chosen by the
 * caller and is never looked at.
 *
 * @throws {TypeError} naming a range that cannot be used
 */
export function createSourceFinder(trustedProxies: readonly string[]): SourceFinder {
  const isTrusted = parseIpRanges(trustedProxies);
  const readPeer = rememberPeers();
  return (exchange) => {
    if (exchange.source !== undefined || exchange.peerAddress === undefined) return exchange.source;
    const peer = readPeer(exchange.peerAddress);
    if (peer === undefined) return undefined;
    const isProxy = trustedProxies.length > 0 && isTrusted(peer.address);
    exchange.source = isProxy ? behindProxy(exchange.request, peer, isTrusted) : peer.text;
    return exchange.source;
  };
}

interface Peer {
  readonly address: IpAddress;
  readonly text: string;
}

/**
 * A proxy passes on the header that it does not know, so a caller can choose it. Where both are there
 * and say different things, neither is believed and the proxy itself is the source.
 */
function behindProxy({ headers }: Exchange['request'], peer: Peer, isTrusted: IpRanges): string {
  const forwardedFor = headers.get('x-forwarded-for');
  const forwarded = headers.get('forwarded');
  const found = [
    forwardedFor === null ? undefined : walk(readForwardedFor(forwardedFor), peer, isTrusted),
    forwarded === null ? undefined : walk(readForwarded(forwarded), peer, isTrusted),
  ].filter((text) => text !== undefined);
  const [source = peer.text, other = source] = found;
  return source === other ? source : peer.text;
}

/** Follows the proxies back to the first address that is none, or to the last one that can be read. */
function walk(entries: Iterable<IpAddress | undefined>, peer: Peer, isTrusted: IpRanges): string {
  let { address } = peer;
  for (const entry of entries) {
    if (entry === undefined) break;
    address = entry;
    if (!isTrusted(address)) break;
  }
  return formatIpAddress(address);
}

/** Most addresses remembered. */
const MAX_PEERS = 4096;

/** A connection brings many requests, and its address is text that has to be taken apart. */
function rememberPeers(): (text: string) => Peer | undefined {
  const known = new Map<string, Peer>();
  return (text) => {
    const remembered = known.get(text);
    if (remembered !== undefined) return remembered;
    // The zone of a link-local address names an interface of this machine.
    const address = parseNode(text.replace(/%.*$/, ''));
    if (address === undefined) return undefined;
    const peer = { address, text: formatIpAddress(address) };
    if (known.size >= MAX_PEERS) known.clear();
    known.set(text, peer);
    return peer;
  };
}
