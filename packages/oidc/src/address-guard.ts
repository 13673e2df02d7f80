/** Which provider URLs may be asked at all (D18), judged by the URL; `/node` judges connections. */
import { isLoopbackAddress, isSpecialAddress, parseIpv4, parseIpv6 } from './address-ranges.ts';
import { OidcError } from './errors.ts';

/** What the operator has allowed. */
export interface AddressPolicy {
  readonly allowInsecureHttp: boolean;
  readonly allowPrivateAddresses: boolean;
}

/** An {@link AddressPolicy} for one endpoint. */
export interface EndpointPolicy extends AddressPolicy {
  /** The operator configured a loopback name for this endpoint, so loopback and http are meant. */
  readonly loopback: boolean;
}

/**
 * True for a host that is loopback by its name: `localhost` in any case, 127.0.0.0/8, `::1`.
 * Nothing is resolved; `localhost.` and `x.localhost` do not count.
 */
export function isLoopbackHost(hostname: string): boolean {
  const host = unbracket(hostname);
  return host.toLowerCase() === 'localhost' || isLoopbackAddress(host);
}

/**
 * Refuses a URL that is not https, holds credentials, or names a private or special address.
 *
 * @throws {OidcError} `ERR_OIDC_ADDRESS`
 */
export function assertEndpoint(url: URL, policy: EndpointPolicy): void {
  const host = unbracket(url.hostname);
  const loopback = isLoopbackHost(host);
  const meant = loopback && policy.loopback;
  if (url.protocol === 'http:') {
    if (!meant && !policy.allowInsecureHttp) throw refused('plain http');
  } else if (url.protocol !== 'https:') {
    throw refused('not https');
  }
  if (url.username !== '' || url.password !== '') throw refused('credentials in the URL');
  if (meant || policy.allowPrivateAddresses) return;
  const literal = parseIpv4(host) !== undefined || parseIpv6(host) !== undefined;
  if (loopback || (literal && isSpecialAddress(host))) throw refused('private address');
}

function refused(reason: string): OidcError {
  return new OidcError('ERR_OIDC_ADDRESS', `Provider address refused: ${reason}`, { reason });
}

function unbracket(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
