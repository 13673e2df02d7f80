/** The names under which things are kept. */

import { createHash } from 'node:crypto';

/** A hash, as short as it is silent about what it was made of. */
export function redisKey(prefix: string, text: string): string {
  return prefix + createHash('sha256').update(text).digest('base64url');
}
