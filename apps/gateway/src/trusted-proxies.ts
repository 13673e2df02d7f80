/** Addresses and CIDR ranges, as the proxy takes them. */

import { assertTrustedProxies } from '@thv/proxy';
import { configError } from './config-error.ts';
import { readTexts } from './config-reader.ts';

/** @throws GatewayConfigError naming the entry that cannot be used */
export function readTrustedProxies(value: unknown, path: string): readonly string[] {
  const ranges = readTexts(value, path);
  if (ranges.length === 0) throw configError(path, 'names nobody; leave it out');
  try {
    assertTrustedProxies(ranges);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw configError(path, error.message.replace('"trustedProxies": ', ''));
  }
  return ranges;
}
