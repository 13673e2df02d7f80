/** Puts the routes together: the door that everything else stands behind. */

import { Hono } from 'hono';
import { type Exchange, runStages, type Stage } from './exchange.ts';
import { type Answer, toResponse } from './http/answer.ts';
import { fromWebRequest, type ProxyRequest } from './http/request.ts';
import { createRateLimits } from './limit/rate-limits.ts';
import { INVALID_REQUEST } from './mcp/json-rpc.ts';
import { replyError } from './mcp/reply.ts';
import type { ProxyOptions, ResolvedOptions } from './options.ts';
import { buildPipeline } from './pipeline.ts';
import { quietly } from './quietly.ts';
import { createReadiness, word } from './routes/health.ts';
import { legacyPathsOf } from './routes/legacy-paths.ts';
import { answerWellKnown, createWellKnownApp } from './routes/well-known.ts';
import { createMemorySessionStore } from './session/memory-store.ts';
import { createSourceFinder, type PeerInfo } from './source/request-source.ts';
import { createToolNames } from './tools/tool-names.ts';

/** A protected MCP server. */
export interface McpProxy {
  /**
   * Answers one request; give it to any server that speaks Web `Request` and `Response`.
   *
   * @param peer who is at the other end of the connection, for reports and limits by address
   */
  readonly fetch: (request: Request, peer?: PeerInfo) => Promise<Response>;
  /**
   * The same for a server that can do without `Request` and `Response`, such as `listen` of
   * `@thv/proxy/node`: answers what is sent to the MCP endpoint, and nothing else.
   */
  readonly answer: (request: ProxyRequest, peer?: PeerInfo) => Promise<Answer>;
  /** Path of the MCP endpoint. */
  readonly path: string;
  /**
   * The same as a Hono app, to mount in one of your own, at the root or under a path. It knows no
   * source addresses, unless the bindings that your app is given have a `peerAddress`.
   */
  readonly app: Hono;
  /**
   * The RFC 9728 document alone, where clients look for it: at the root of the host, by the path of
   * the resource. Mount it with `route('/', …)` when `app` stands under a path.
   */
  readonly wellKnown: Hono;
  /** Ends the open GET streams, which would outlast any wait for requests in flight (D40). */
  readonly endStreams: () => void;
  /** Closes the upstream. */
  readonly close: () => Promise<void>;
}

const MIB = 1024 * 1024;
const METHODS = ['GET', 'POST', 'DELETE', 'OPTIONS'];
const STATELESS_METHODS = ['POST', 'OPTIONS'];

/**
 * Creates a proxy that authenticates, reads, authorizes and filters everything on its route, and on
 * the two of the 2024 transport where the upstream speaks it.
 *
 * Only declared paths and methods exist (D6); the rest is 404 or 405. Nothing reaches the upstream
 * that has not passed every stage of `pipeline.ts`.
 *
 * @throws {TypeError} at once, when an option is missing or out of range.
 */
export function createProxy(options: ProxyOptions): McpProxy {
  const resolved = resolveOptions(options);
  const ending = new AbortController();
  const stages = buildPipeline(resolved, ending.signal);
  const { path, upstream, now, onError, resourceMetadata } = resolved;
  const checks = [(signal: AbortSignal) => upstream.ready(signal), ...resolved.readiness];
  const readiness = createReadiness({ checks, degraded: resolved.degraded, onError, now });

  const app = new Hono();
  const answerOn =
    (methods: readonly string[], isLegacy: boolean): McpProxy['answer'] =>
    async (request, peer) => {
      const peerAddress = peerAddressOf(peer);
      const exchange: Exchange = { request, isLegacy, startedAt: now(), peerAddress };
      const isDeclared = methods.includes(request.method);
      return runStages(isDeclared ? stages : [stages[0], refuseMethod(methods)], exchange);
    };
  const serve = (route: string, answer: McpProxy['answer']): void => {
    app.all(route, async ({ req, env }) =>
      // The request itself is looked at: the router takes HEAD for GET.
      toResponse(await answer(fromWebRequest(req.raw), env as PeerInfo | undefined)),
    );
  };
  const answer = answerOn(resolved.stateless ? STATELESS_METHODS : METHODS, false);
  serve(path, answer);
  if (upstream.legacy !== undefined) {
    const { stream, messages } = legacyPathsOf(path);
    if (path === stream || path === messages) throw new TypeError(`path ${path} is one of its own`);
    serve(stream, answerOn(['GET', 'OPTIONS'], true));
    serve(messages, answerOn(['POST', 'OPTIONS'], true));
  }
  app.get('/healthz', () => word(200, 'ok'));
  app.get('/readyz', () => readiness());
  app.all('/.well-known/*', (context) =>
    answerWellKnown(context.req.raw, { document: resourceMetadata, path }),
  );
  app.notFound(() => Response.json({ error: 'not_found' }, { status: 404 }));
  app.onError((error) => {
    onError(error, 'route');
    return Response.json({ error: 'internal_error' }, { status: 500 });
  });

  return {
    app,
    answer,
    path,
    wellKnown: createWellKnownApp(resourceMetadata),
    fetch: async (request, peer) => app.fetch(request, peer),
    endStreams: () => ending.abort(),
    close: () => upstream.close(),
  };
}

/** What a Hono app is given as bindings may be anything. */
function peerAddressOf(bindings: PeerInfo | undefined): string | undefined {
  const address: unknown = bindings?.peerAddress;
  return typeof address === 'string' ? address : undefined;
}

function refuseMethod(methods: readonly string[]): Stage {
  return async (exchange) => {
    exchange.reason = 'http-method';
    return replyError({
      status: 405,
      code: INVALID_REQUEST,
      message: 'Method not allowed',
      headers: { allow: methods.join(', ') },
    });
  };
}

function resolveOptions(options: ProxyOptions): ResolvedOptions {
  const { origins } = options;
  if (options.authorize === undefined) {
    throw new TypeError(
      'authorize is required; say "anything-authenticated" to leave policies out',
    );
  }
  const path = options.path ?? '/mcp';
  if (!/^\/[\w./-]*\w$/.test(path))
    throw new TypeError('path must begin with / and not end with it');
  const bodyLimit = checkPositive('bodyLimit', options.bodyLimit ?? 8 * MIB);
  const bodyBudget = options.bodyBudget ?? Math.max(128 * MIB, 4 * bodyLimit);
  if (!(bodyBudget >= 2 * bodyLimit))
    throw new TypeError('bodyBudget must be twice bodyLimit or more');
  return {
    upstream: options.upstream,
    authenticate: options.authenticate,
    authorize: options.authorize,
    origins: typeof origins === 'function' ? origins : () => origins,
    resourceMetadata: options.resourceMetadata,
    tools: options.tools === undefined ? undefined : createToolNames(options.tools),
    path,
    stateless: options.stateless ?? false,
    bodyLimit,
    bodyBudget,
    answerLimit: checkPositive('answerLimit', options.answerLimit ?? 16 * MIB),
    streamLeeway: options.streamLeeway ?? 30,
    sourceOf: createSourceFinder(options.trustedProxies ?? []),
    limits: options.limits ?? createRateLimits({}),
    sessions: options.sessions ?? createMemorySessionStore(),
    readiness: options.readiness ?? [],
    degraded: options.degraded ?? (() => false),
    onExchange: options.onExchange,
    audit: options.audit,
    observer: options.observer,
    onError: quietly(options.onError ?? (() => undefined)),
    now: options.now ?? Date.now,
  };
}

function checkPositive(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value <= 0)
    throw new TypeError(`${name} must be a positive integer`);
  return value;
}
