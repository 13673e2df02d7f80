/** The upstream for servers of the 2024-11-05 transport on Node, over a connection pool. */

import type { SseUpstreamOptions } from '../upstream/sse-options.ts';
import { createSseUpstream } from '../upstream/sse-upstream.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { openPool } from './undici-upstream.ts';

/**
 * Creates an upstream for an HTTP+SSE server, over an undici `Pool`.
 *
 * @throws {TypeError} at once, naming the option that cannot be used.
 */
export function createUndiciSseUpstream(
  options: Omit<SseUpstreamOptions, 'exchange' | 'close'>,
): Upstream {
  return createSseUpstream({ ...options, ...openPool(options) });
}
