/** Checks of single flag values: URLs, hosts, origins. Pure. */
import { isIP } from 'node:net';
import { usageError } from '../cli-error.ts';
import { isLoopbackName } from '../loopback.ts';

/**
 * D18: https, or http to this machine; kept as it was written, because issuers are compared exactly.
 *
 * @param plain http is allowed everywhere
 */
export function checkProviderUrl(flag: string, text: string, plain = false): void {
  const url = checkPublicUrl(flag, text);
  if (url.protocol !== 'https:' && !plain && !isLoopbackName(url.hostname)) {
    throw usageError(flag, 'must be https', 'http is for providers on this machine only');
  }
  if (flag === '--oidc-issuer' && url.search !== '') {
    throw usageError(flag, 'an issuer has no query (?…)', 'remove it');
  }
}

/** An absolute http(s) URL without credentials and fragment. */
export function checkPublicUrl(flag: string, text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const isHost = HOST_NAME.test(text.split(/[:/]/, 1)[0] ?? '') && !text.includes('://');
    throw usageError(
      flag,
      `${JSON.stringify(text)} is not an http(s) URL`,
      isHost ? `write https://${text}` : undefined,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw usageError(flag, 'holds a user name or password', 'remove them');
  }
  if (text.includes('#')) {
    throw usageError(flag, 'has a fragment (#…)', 'remove it');
  }
  return url;
}

/** RFC 6749 §3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Scopes that may stand in a challenge. */
export function checkScopes(flag: string, scopes: readonly string[] | undefined): void {
  const wrong = scopes?.find((scope) => !SCOPE.test(scope));
  if (wrong !== undefined) {
    throw usageError(
      flag,
      `${JSON.stringify(wrong)} is not a scope`,
      'separate scopes by commas; a scope has no spaces, quotes and backslashes',
    );
  }
}

const HOST_NAME = /^(?!-)[a-z0-9-]+(\.[a-z0-9-]+)*\.?$/i;

/** A name or an address to listen on. */
export function checkListenHost(text: string): string {
  const host = text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) === 0 && !HOST_NAME.test(host)) {
    throw usageError('--host', `${JSON.stringify(text)} is not a host name or address`);
  }
  return host;
}

/** D36: exact origins, as browsers send them. */
export function checkOrigins(
  origins: readonly string[] | undefined,
): readonly string[] | undefined {
  for (const origin of origins ?? []) {
    if (URL.parse(origin)?.origin !== origin) {
      throw usageError(
        '--allowed-origins',
        `${JSON.stringify(origin)} is not an origin`,
        'write it as https://host[:port], without a path',
      );
    }
  }
  return origins;
}

/** D36: names as they stand in a Host header. */
export function checkHosts(hosts: readonly string[] | undefined): readonly string[] | undefined {
  for (const host of hosts ?? []) {
    const url = URL.parse(`http://${host}`);
    // A port that is the default one vanishes from a URL.
    if (url === null || ![url.host, `${url.hostname}:80`].includes(host.toLowerCase())) {
      throw usageError(
        '--allowed-hosts',
        `${JSON.stringify(host)} is not a host`,
        'write it as name[:port]',
      );
    }
  }
  return hosts;
}
