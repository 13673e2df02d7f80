/** MCP servers that speak over stdin and stdout, as an upstream of the proxy (D35). */

import type { Upstream } from '../upstream/upstream.ts';
import { createIsolatedUpstream } from './stdio-isolated.ts';
import { resolveStdioOptions, type StdioUpstreamOptions } from './stdio-options.ts';
import { createSharedUpstream } from './stdio-shared.ts';

/**
 * Creates an upstream that runs an MCP server as a child process.
 *
 * With `isolation: 'shared'` one process serves every client: ids and progress tokens are replaced
 * by unguessable ones and restored in the text, so that nothing reaches a client that did not ask
 * for it; sessions belong to `(issuer, subject)`; a process that dies is started again, and sessions
 * live on. Requests from the server to a client are refused. With `isolation: 'session'` every
 * session has a process of its own, which ends with it, and such requests are delivered.
 *
 * The process starts with the first `ready()` or `handle()`, without a shell, in a process group of
 * its own, with exactly the given environment. `ready()` rejects with
 * `ERR_PROXY_UPSTREAM_UNREACHABLE` saying why it could not be started. Requests are always answered:
 * failures are JSON-RPC errors with status 502, 503 or 504. After `close()` no process, timer or
 * open stream is left.
 *
 * @throws {TypeError} at once, when an option is missing or out of range.
 * @example
 * ```ts
 * const upstream = createStdioUpstream({
 *   command: 'node',
 *   args: ['server.js', 'stdio'],
 *   env: { PATH: '/usr/bin' },
 *   log: (event) => logger.info(event),
 * });
 * await upstream.ready(AbortSignal.timeout(30_000));
 * ```
 */
export function createStdioUpstream(options: StdioUpstreamOptions): Upstream {
  const settings = resolveStdioOptions(options);
  switch (settings.isolation) {
    case 'shared':
      return createSharedUpstream(settings);
    case 'session':
      return createIsolatedUpstream(settings);
    default:
      return settings.isolation satisfies never;
  }
}
