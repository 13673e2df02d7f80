/** Where a registry is: a file, or a URL that nobody on the way can change. Pure. */
import { isAbsolute, resolve } from 'node:path';
import { usageError } from '../cli-error.ts';
import { isLoopbackName } from '../loopback.ts';

export type RegistryPlace =
  | { readonly kind: 'file'; readonly path: string; readonly shown: string }
  /** `shown` is without the query, which may hold a key. */
  | { readonly kind: 'url'; readonly url: URL; readonly shown: string };

/**
 * @param cwd where a relative path starts; undefined where there may be none
 * @throws {CliError} with exit code 2
 */
export function parseRegistryPlace(text: string, cwd: string | undefined): RegistryPlace {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    if (text === '' || (cwd === undefined && !isAbsolute(text))) {
      throw usageError('registry', `${JSON.stringify(text)} is neither a file nor a URL`, AGAIN);
    }
    const path = cwd === undefined ? text : resolve(cwd, text);
    return { kind: 'file', path, shown: path };
  }
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw usageError('registry', 'is no https URL', 'give a file or an https URL');
  }
  if (url.protocol === 'http:' && !isLoopbackName(url.hostname)) {
    throw usageError(
      'registry',
      `${url.origin} is not encrypted: anybody on the way could choose what runs here`,
      'use https',
    );
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    throw usageError('registry', 'its URL holds a user name, a password or a #', 'remove them');
  }
  const query = url.search === '' ? '' : '?…';
  return { kind: 'url', url, shown: `${url.origin}${url.pathname}${query}` };
}

const AGAIN = 'set it anew: thv config set-registry FILE|URL';
