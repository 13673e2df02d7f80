/** Which host names mean "only this machine". */
import { isIP } from 'node:net';

/** True for `localhost`, `127.0.0.0/8` and `::1`, with or without the brackets of a URL. */
export function isLoopbackName(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

/** True when a `Host` header names this machine, whatever the port. */
export function isLoopbackHostHeader(header: string | undefined): boolean {
  const match = header?.match(/^(\[[^\]]*\]|[^:]*)(:\d+)?$/);
  return match?.[1] !== undefined && isLoopbackName(match[1]);
}

/** True when an `Origin` header names a page of this machine. */
export function isLoopbackOrigin(origin: string): boolean {
  const url = URL.parse(origin);
  return url !== null && isLoopbackName(url.hostname);
}

/** A host as it stands in a URL: an IPv6 address gets its brackets. */
export function toUrlHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}
