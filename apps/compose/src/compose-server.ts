/** Wires sign-in, policies and the proxy together. The one place where the three packages meet. */

import { isLoopbackHost } from '@thv/oidc';
import {
  assertToolOptions,
  assertTrustedProxies,
  createMemorySessionStore,
  createProxy,
  type McpProxy,
  type RateLimits,
  type SessionStore,
} from '@thv/proxy';
import type { LogEvent, ProtectedServerConfig } from './config.ts';
import { describeExchange } from './exchange-log.ts';
import { createLimits } from './limits.ts';
import type { IntrospectionCacheFactory } from './open-issuers.ts';
import { loadPolicies } from './policies.ts';
import { findIdleServing } from './serving-config.ts';
import { createSignIn } from './sign-in.ts';
import { createUpstream } from './upstream.ts';
import { urlHost } from './url-host.ts';
import type { Watchers } from './watchers.ts';

/** A protected server without a socket. */
export interface ComposedServer {
  readonly proxy: McpProxy;
  /** Resolves once the MCP server can serve; rejects with a `ProxyError` when it cannot. */
  readonly upstreamReady: (signal: AbortSignal) => Promise<void>;
  /** Resolves once tokens can be judged; rejects with an `OidcError` when they cannot (D13). */
  readonly signInReady: (signal: AbortSignal) => Promise<void>;
  /**
   * The first step of closing: ends the streams of clients and what the MCP server is still waiting
   * for, so that requests in flight can be answered.
   */
  readonly stop: () => void;
  readonly close: () => Promise<void>;
}

/** What several servers have in common. */
export interface SharedParts {
  /** In place of the server's own. */
  readonly limits?: RateLimits;
  /** In place of memory. @param ttl milliseconds without use; default two hours */
  readonly sessions?: (ttl: number | undefined) => SessionStore;
  readonly introspectionCache?: IntrospectionCacheFactory;
  /** Required, so that no audit log that `config` names is forgotten. Whoever opened them closes them. */
  readonly watchers: Watchers;
}

/**
 * Builds everything that `config` describes; nothing listens yet.
 *
 * @param boundPort the port, once it is known: the default resource URL and the Host check need it
 * @param shared what it has in common with other servers
 * @throws AuthzError when the authorization file cannot be used, TypeError when the choice of tools
 * contradicts itself or a credential for the server cannot be read; before any process is started
 */
export async function composeServer(
  config: ProtectedServerConfig,
  boundPort: () => number,
  shared: SharedParts,
): Promise<ComposedServer> {
  const { log, listen, upstream: server } = config;
  if (config.tools !== undefined) assertToolOptions(config.tools);
  const { serving = {} } = config;
  const idle = findIdleServing(serving, server.kind === 'hosted' ? server.upstream : server);
  if (idle !== undefined) throw new TypeError(`"${idle.key}" means nothing: ${idle.why}`);
  assertTrustedProxies(config.trustedProxies ?? []);
  const { watchers } = shared;
  const limits = shared.limits ?? createLimits(config.limits ?? {}, config.signIn);
  const policies =
    config.authorization === undefined
      ? undefined
      : await loadPolicies({ file: config.authorization.file, serverName: config.name, log });
  const resource = (): string =>
    `http://${urlHost(listen.host)}:${boundPort()}${config.path ?? '/mcp'}`;
  const { introspectionCache } = shared;
  const signIn = await createSignIn(config.signIn, { resource, log, introspectionCache });
  if (signIn.validator !== undefined) watchers.watchSignIn(config.name, signIn.validator);
  const stopping = new AbortController();
  const upstream = await createUpstream(config, stopping.signal).catch((error: unknown) => {
    policies?.close();
    signIn.close();
    throw error;
  });
  const { sessionTtl } = serving;
  const { allowedOrigins, allowedHosts, bodyLimit, trustedProxies } = config;
  const proxy = createProxy({
    upstream,
    authenticate: signIn.authenticator,
    authorize: policies?.engine ?? 'anything-authenticated',
    origins: () => ({
      ...(isLoopbackHost(listen.host) && { loopbackPort: boundPort() }),
      ...(allowedOrigins !== undefined && { allowedOrigins }),
      ...(allowedHosts !== undefined && { allowedHosts }),
    }),
    limits,
    sessions:
      shared.sessions?.(sessionTtl) ??
      createMemorySessionStore(sessionTtl === undefined ? {} : { ttl: sessionTtl }),
    readiness: [signIn.ready, watchers.ready],
    degraded: () => (policies?.degraded() ?? false) || watchers.degraded(),
    onExchange: (report) => log(describeExchange(report)),
    onError: (error, where) => log(describeError(error, where)),
    ...(signIn.resourceMetadata !== undefined && { resourceMetadata: signIn.resourceMetadata }),
    ...(bodyLimit !== undefined && { bodyLimit }),
    ...(trustedProxies !== undefined && { trustedProxies }),
    ...(config.path !== undefined && { path: config.path }),
    ...(config.tools !== undefined && { tools: config.tools }),
    ...(serving.stateless !== undefined && { stateless: serving.stateless }),
    ...watchers.optionsFor(config.name),
  });
  return {
    proxy,
    upstreamReady: (signal) => upstream.ready(signal),
    signInReady: signIn.ready,
    stop: () => {
      stopping.abort();
      proxy.endStreams();
    },
    close: async () => {
      stopping.abort();
      policies?.close();
      signIn.close();
      await proxy.close();
    },
  };
}

const LEVELS: Readonly<Record<string, LogEvent['level']>> = { readiness: 'debug', tools: 'warn' };

function describeError(error: unknown, where: string): LogEvent {
  const message = error instanceof Error ? error.message : String(error);
  return { level: LEVELS[where] ?? 'error', message: `${where}: ${message}` };
}
