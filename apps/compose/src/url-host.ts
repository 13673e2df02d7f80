/** The part of a URL that names a host: IPv6 addresses stand in brackets. */
export function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
