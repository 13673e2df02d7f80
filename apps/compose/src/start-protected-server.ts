/** Binds, composes and watches over one protected server. */

import { type Listener, listen } from '@thv/proxy/node';
import { type ComposedServer, composeServer } from './compose-server.ts';
import type { ProtectedServerConfig } from './config.ts';
import { urlHost } from './url-host.ts';
import { openWatchers, type Watchers } from './watchers.ts';

/** A server that listens. */
export interface RunningServer {
  readonly url: string;
  readonly port: number;
  /**
   * Resolves when callers can be served; rejects when they never will be, because the MCP server
   * cannot be reached. A provider that is down only delays it (D13), unless `providerMustAnswer`.
   */
  readonly ready: Promise<void>;
  /** What `/readyz` says: `ok`, `degraded` or `not ready`. */
  health(): Promise<string>;
  /** Resolves when it has ended. */
  readonly closed: Promise<void>;
  /** Stops accepting, finishes what is in flight, ends the MCP server (D40). */
  close(): Promise<void>;
}

/** How often an unreachable provider is asked again, in milliseconds. */
const RETRY_EVERY = 2_000;

/**
 * Starts a server.
 *
 * @throws AuthzError, TypeError when the configuration cannot be used; ProxyError when the address
 * cannot be bound. Nothing is left running then.
 */
export async function startProtectedServer(config: ProtectedServerConfig): Promise<RunningServer> {
  const watchers = await openWatchers(config, config.log);
  const closeWatchers = async (error: unknown): Promise<never> => {
    await watchers.close();
    throw error;
  };
  const listener = await listen({ ...config.listen, replaceGlobals: true }).catch(closeWatchers);
  const server = await composeServer(config, () => listener.port, { watchers }).catch(
    async (error: unknown) => {
      await listener.close(0);
      return closeWatchers(error);
    },
  );
  const { proxy } = server;
  listener.answer(proxy.fetch, (path) => (path === proxy.path ? proxy.answer : undefined));
  const stopping = new AbortController();
  const ready = becomeReady(server, config, stopping.signal);
  // Whoever starts a server reads `ready`; until then a failure must not end the process.
  ready.catch(() => undefined);

  let closing: Promise<void> | undefined;
  const closed = Promise.withResolvers<void>();
  const close = (): Promise<void> => {
    stopping.abort();
    closing ??= closeAll({ listener, server, watchers }).finally(closed.resolve);
    return closing;
  };
  return {
    url: `http://${urlHost(listener.host)}:${listener.port}/mcp`,
    port: listener.port,
    ready,
    health: async () => {
      const response = await server.proxy.fetch(new Request('http://localhost/readyz'));
      return (await response.text()).trim();
    },
    closed: closed.promise,
    close,
  };
}

async function becomeReady(
  server: ComposedServer,
  { log, providerMustAnswer = false }: ProtectedServerConfig,
  signal: AbortSignal,
): Promise<void> {
  await server.upstreamReady(signal);
  let told = '';
  for (;;) {
    try {
      await server.signInReady(signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (providerMustAnswer) throw error;
      const message = error instanceof Error ? error.message : String(error);
      if (message !== told) log({ level: 'warn', message: `sign-in is not ready: ${message}` });
      told = message;
    }
    await pause(RETRY_EVERY, signal);
  }
}

interface Parts {
  readonly listener: Listener;
  readonly server: ComposedServer;
  readonly watchers: Watchers;
}

async function closeAll({ listener, server, watchers }: Parts): Promise<void> {
  // Streams never end by themselves; requests in flight still need the server behind.
  server.stop();
  try {
    await listener.close();
    await server.close();
  } finally {
    // Last, and whatever happens: they watch what the others still do, and hold lines to be written.
    await watchers.close();
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
