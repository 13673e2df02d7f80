/** The door that the suite calls: the built packages in front of an upstream, served by the runtime. */
import type { PolicyEngine, Upstream } from '@thv/proxy';
import type { Runtime } from './env.ts';
import { createKeys, ISSUER, type Keys } from './keys.ts';

export interface Library {
  readonly oidc: Pick<typeof import('@thv/oidc'), 'createTokenValidator' | 'createResourceServer'>;
  readonly proxy: Pick<
    typeof import('@thv/proxy'),
    'createProxy' | 'createSseUpstream' | 'createHttpUpstream' | 'createRecoveringUpstream'
  >;
  /** The guide's policies. */
  readonly authorizer: PolicyEngine;
}

/** Serves until `close`; the port is free to choose. */
export type Serve = (
  fetch: (request: Request) => Promise<Response>,
) => Promise<{ readonly port: number; readonly close: () => Promise<void> }>;

/** What a runtime gives the suite. */
export interface Host {
  readonly runtime: Runtime;
  readonly serve: Serve;
  /** Serves where one request may use the connection that another has opened. Default `serve`. */
  readonly serveConnected?: Serve;
  /** Where the server of the transport of 2024-11-05 takes orders. */
  readonly legacyControl: string;
}

export const AUDIENCE = 'runtime';

export interface Door {
  /** The endpoint. */
  readonly url: string;
  readonly keys: Keys;
  /** Tokens of two people whom the policies tell apart. */
  readonly bob: string;
  readonly alice: string;
  /** Sends a message; one without an id is a notification. */
  send(message: object, options?: SendOptions): Promise<Response>;
  close(): Promise<void>;
}

export interface SendOptions {
  readonly token?: string | undefined;
  readonly session?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A path of the same host instead of the endpoint. */
  readonly path?: string;
  /** Default: what the protocol wants, JSON and event streams. */
  readonly accept?: string;
}

export async function openDoor(library: Library, serve: Serve, upstream: Upstream): Promise<Door> {
  const { createTokenValidator, createResourceServer } = library.oidc;
  const keys = await createKeys();
  const validator = createTokenValidator({
    issuer: ISSUER,
    audiences: [AUDIENCE],
    fetch: keys.fetch,
  });
  let answer = async (_request: Request): Promise<Response> => new Response(null, { status: 503 });
  const server = await serve((request) => answer(request));
  const url = `http://127.0.0.1:${server.port}/mcp`;
  const authenticate = createResourceServer({
    validator,
    resource: url,
    authorizationServers: [ISSUER],
  });
  const proxy = library.proxy.createProxy({
    upstream,
    authenticate,
    resourceMetadata: () => ({ ...authenticate.metadata() }),
    authorize: library.authorizer,
    origins: { loopbackPort: server.port },
  });
  answer = proxy.fetch;
  return {
    url,
    keys,
    bob: await keys.sign({ sub: 'bob', aud: AUDIENCE }),
    alice: await keys.sign({ sub: 'alice123', aud: AUDIENCE }),
    send: (message, { token, session, signal, path = url, accept } = {}) =>
      fetch(new URL(path, url), {
        method: 'POST',
        ...(signal !== undefined && { signal }),
        headers: {
          ...headersOf(token, session),
          'content-type': 'application/json',
          ...(accept !== undefined && { accept }),
        },
        body: JSON.stringify({ jsonrpc: '2.0', ...message }),
      }),
    async close() {
      validator.close();
      await server.close();
    },
  };
}

/** The headers of a request, with a token and a session if there are some. */
export function headersOf(
  token: string | undefined,
  session: string | undefined,
): Record<string, string> {
  return {
    accept: 'application/json, text/event-stream',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(session !== undefined && { 'mcp-session-id': session }),
  };
}
