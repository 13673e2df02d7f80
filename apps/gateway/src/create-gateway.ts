/** Many protected servers behind one address, each on a path of its own. */

import {
  type ComposedServer,
  composeServer,
  createLimits,
  type DangerCode,
  type LogEvent,
  listDangers,
  openWatchers,
  type SharedParts,
} from '@thv/compose';
import type { McpProxy, PeerInfo } from '@thv/proxy';
import type { GatewayConfig, ServerConfig } from './config.ts';
import { openStores, type SharedStores } from './stores/open-stores.ts';

export interface GatewayOptions {
  readonly log: (event: LogEvent) => void;
  /** The port, once it is known; needed when the configuration has no `public_url`. */
  readonly boundPort: () => number;
}

export interface Gateway {
  readonly fetch: (request: Request, peer?: PeerInfo) => Promise<Response>;
  /** What answers POSTs to exactly this path, for `listen`. */
  readonly direct: (path: string) => McpProxy['answer'] | undefined;
  /** Rejects with the first server that cannot serve. Providers may still be down (D13). */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** The first step of closing; see `ComposedServer`. */
  readonly stop: () => void;
  readonly close: () => Promise<void>;
}

const METADATA = '/.well-known/oauth-protected-resource';

/**
 * Composes every server of the configuration.
 *
 * @throws AuthzError when an authorization file cannot be used
 */
export async function createGateway(
  config: GatewayConfig,
  options: GatewayOptions,
): Promise<Gateway> {
  for (const line of describeDangers(config)) options.log({ level: 'warn', message: line });
  const stores = await openStores(config.store, options.log);
  // One for all servers: an allowance of each would be as many as there are servers.
  const limits = createLimits(
    { ...config.limits.rates, ...(hasRate(config) && stores && { store: stores.rateLimits }) },
    { kind: 'oidc' },
  );
  const watchers = await openWatchers(config, options.log);
  const shared = { limits, watchers };
  const servers = await composeAll(config, { ...options, shared, stores }).catch(
    async (error: unknown) => {
      stores?.close();
      await watchers.close();
      throw error;
    },
  );
  const all = [...servers.values()];
  const byPath = new Map(all.map(({ proxy }) => [proxy.path, proxy.answer]));
  return {
    fetch: (request, peer) => route(request, peer, { servers, stores }),
    direct: (path) => byPath.get(path),
    ready: async (signal) => {
      await stores?.connect(signal);
      await Promise.all([...servers].map(([name, server]) => serverReady(name, server, signal)));
    },
    stop: () => {
      for (const server of all) server.stop();
    },
    close: async () => {
      try {
        await Promise.all(all.map((server) => server.close()));
        stores?.close();
      } finally {
        await watchers.close();
      }
    },
  };
}

interface ComposeOptions extends GatewayOptions {
  readonly shared: SharedParts;
  readonly stores: SharedStores | undefined;
}

function hasRate({ limits }: GatewayConfig): boolean {
  return limits.rates.identity !== undefined;
}

async function composeAll(
  config: GatewayConfig,
  options: ComposeOptions,
): Promise<ReadonlyMap<string, ComposedServer>> {
  const servers = new Map<string, ComposedServer>();
  for (const server of config.servers) {
    servers.set(server.name, await compose(config, server, options));
  }
  return servers;
}

/** Says which of the servers it is, by its name in the file. */
async function serverReady(
  name: string,
  server: ComposedServer,
  signal: AbortSignal,
): Promise<void> {
  try {
    await server.upstreamReady(signal);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`servers.${name}: ${why}`, { cause: error });
  }
}

function compose(
  config: GatewayConfig,
  server: ServerConfig,
  { log, boundPort, shared, stores }: ComposeOptions,
): Promise<ComposedServer> {
  const { issuers, publicUrl, scopeImplies, trustedProxies } = config;
  const { bodyBytes } = config.limits;
  const { audiences } = server;
  const path = `/${server.name}/mcp`;
  return composeServer(
    {
      name: server.name,
      path,
      listen: config.listen,
      upstream: server.upstream,
      serving: server.serving,
      signIn: {
        kind: 'oidc',
        // Audiences of a server replace those of every issuer, also where any would do.
        issuers: issuers.map(({ config: issuer }) =>
          audiences === undefined ? issuer : { ...issuer, audiences },
        ),
        ...(publicUrl !== undefined && { resourceUrl: `${publicUrl}${path}` }),
        ...(scopeImplies !== undefined && { scopeImplies }),
      },
      ...(server.authorization !== undefined && { authorization: { file: server.authorization } }),
      ...(server.tools !== undefined && { tools: server.tools }),
      ...(config.publicUrl !== undefined && {
        allowedHosts: [new URL(config.publicUrl).host],
        allowedOrigins: [new URL(config.publicUrl).origin],
      }),
      ...(trustedProxies !== undefined && { trustedProxies }),
      ...(bodyBytes !== undefined && { bodyLimit: bodyBytes }),
      log: (event) => log({ ...event, detail: { server: server.name, ...event.detail } }),
    },
    boundPort,
    {
      ...shared,
      ...(stores !== undefined && {
        sessions: (ttl) => stores.sessionsOf(server.name, ttl),
        introspectionCache: stores.introspectionCache,
      }),
    },
  );
}

const DANGER_KEYS: Readonly<Record<DangerCode, string>> = {
  'any-audience': 'allow_insecure_any_audience',
  'any-issuer': 'no issuer',
  'insecure-http': 'allow_insecure_http',
  'private-addresses': 'allow_private_addresses',
  'any-service-account': 'no kubernetes.namespace',
};

/** Said once, although every server has the same issuers. */
function describeDangers({ issuers, servers }: GatewayConfig): readonly string[] {
  const forwarding = servers.filter(
    ({ upstream }) => upstream.kind === 'http' && upstream.forwardToken === true,
  );
  const dangers = listDangers({ kind: 'oidc', issuers: issuers.map(({ config }) => config) });
  return [
    ...dangers.map(
      ({ code, issuer, consequence }) =>
        `issuer ${issuers[issuer]?.name}: ${DANGER_KEYS[code]}: ${consequence}`,
    ),
    ...forwarding.map(
      ({ name }) =>
        `servers.${name}: forward_token: the server gets every token of a caller, and can act as the caller`,
    ),
    ...servers
      .filter(({ authorization }) => authorization === undefined)
      .map(
        ({ name }) => `servers.${name}: no authorization: everyone who signs in may do everything`,
      ),
  ];
}

interface Behind {
  readonly servers: ReadonlyMap<string, ComposedServer>;
  readonly stores: SharedStores | undefined;
}

/** Every path belongs to one server or to none; the server's own proxy judges it from there. */
async function route(
  request: Request,
  peer: PeerInfo | undefined,
  { servers, stores }: Behind,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === '/healthz') return word(200, 'ok');
  if (pathname === '/readyz') return readiness(request, { servers, stores });
  const path = pathname.startsWith(`${METADATA}/`) ? pathname.slice(METADATA.length) : pathname;
  // The routes beside the endpoint exist where the server speaks the transport of 2024.
  const name = (/^\/([^/]+)\/mcp$/.exec(path) ??
    /^\/([^/]+)\/(?:sse|messages)$/.exec(pathname))?.[1];
  const server = name === undefined ? undefined : servers.get(name);
  return server === undefined
    ? Response.json({ error: 'not_found' }, { status: 404 })
    : server.proxy.fetch(request, peer);
}

async function readiness(request: Request, { servers, stores }: Behind): Promise<Response> {
  const answers = await Promise.all(
    [...servers.values()].map((server) => server.proxy.fetch(request)),
  );
  if (!answers.every((answer) => answer.ok)) return word(503, 'not ready');
  const words = await Promise.all(answers.map((answer) => answer.text()));
  // Without its store a replica still decides, and another one would have no store either.
  const isWhole = words.every((text) => text === 'ok\n') && stores?.isReady() !== false;
  return word(200, isWhole ? 'ok' : 'degraded');
}

function word(status: number, text: string): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
  });
}
