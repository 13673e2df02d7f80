/** Serves a server of the matrix, and the proxy with sign-in and policies in front of it. */
import { fileURLToPath } from 'node:url';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { loadAuthorizer } from '@thv/authz/node';
import { createResourceServer, createTokenValidator } from '@thv/oidc';
import { createProxy, type Upstream } from '@thv/proxy';
import { createStdioUpstream, createUndiciUpstream, listen } from '@thv/proxy/node';
import { serveNode } from '../conformance/serve-node.ts';
import { createKeys, ISSUER } from '../runtime/keys.ts';
import type { MatrixServer } from './surface.ts';

const AUDIENCE = 'matrix';
const ALLOW_ALL = fileURLToPath(new URL('../conformance/allow-all.yaml', import.meta.url));

export interface Protected {
  readonly url: string;
  readonly token: string;
  /** `GET 200`, `tools/call 200`: what went through the proxy; `GET arrived`: at the server. */
  readonly passed: string[];
  close(): Promise<void>;
}

export async function protect(server: MatrixServer): Promise<Protected> {
  const passed: string[] = [];
  const behind = await start(server, passed);
  const keys = await createKeys();
  const validator = createTokenValidator({
    issuer: ISSUER,
    audiences: [AUDIENCE],
    fetch: keys.fetch,
  });
  const listener = await listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${listener.port}/mcp`;
  const proxy = createProxy({
    upstream: behind.upstream,
    authenticate: createResourceServer({
      validator,
      resource: url,
      authorizationServers: [ISSUER],
    }),
    authorize: await loadAuthorizer(ALLOW_ALL, { serverName: 'matrix' }),
    origins: { loopbackPort: listener.port },
    onExchange: ({ method, httpMethod, status }) =>
      void passed.push(`${method ?? httpMethod} ${status}`),
  });
  listener.answer(proxy.fetch);
  return {
    url,
    passed,
    token: await keys.sign({ sub: 'matrix', aud: AUDIENCE }),
    async close() {
      proxy.endStreams();
      await listener.close(100);
      await proxy.close();
      validator.close();
      await behind.close();
    },
  };
}

interface Behind {
  readonly upstream: Upstream;
  close(): Promise<void>;
}

async function start(server: MatrixServer, passed: string[]): Promise<Behind> {
  const { fetch, process: spawned } = server;
  if (fetch !== undefined) return startHttp(fetch, passed);
  if (spawned === undefined) throw new TypeError('a server is either a fetch or a process');
  const upstream = createStdioUpstream({
    ...spawned,
    command: process.execPath,
    env: { PATH: process.env['PATH'] ?? '' },
    log: () => undefined,
  });
  await upstream.ready(AbortSignal.timeout(30_000));
  return { upstream, close: async () => undefined };
}

async function startHttp(
  fetch: (request: Request) => Promise<Response>,
  passed: string[],
): Promise<Behind> {
  const handler = toNodeHandler({
    fetch: async (request: Request) => {
      const response = await fetch(request);
      // Its head is sent with the first event, which may be long in coming.
      if (request.method === 'GET') passed.push('GET arrived');
      return response;
    },
  });
  const server = await serveNode((request, response) => {
    // Safe: the adapter's shape differs from Node's only in `method?: string` without `undefined`.
    handler(request as NodeIncomingMessageLike, response).catch(() => response.destroy());
  });
  return { upstream: createUndiciUpstream({ url: server.url }), close: () => server.close() };
}
