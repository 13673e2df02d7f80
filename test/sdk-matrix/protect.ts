/** Serves a server of the matrix, and the proxy with sign-in and policies in front of it. */
import type { Upstream } from '@thv/proxy';
import { createStdioUpstream, createUndiciUpstream } from '@thv/proxy/node';
import { startFront } from '../conformance/front.ts';
import { serveFetch } from '../conformance/serve-node.ts';
import type { MatrixServer } from './surface.ts';

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
  const front = await startFront('matrix', behind.upstream, {
    onExchange: ({ method, httpMethod, status }) =>
      void passed.push(`${method ?? httpMethod} ${status}`),
  });
  return {
    url: front.url,
    passed,
    token: await front.sign('matrix'),
    async close() {
      await front.close(100);
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
  const server = await serveFetch(async (request) => {
    const response = await fetch(request);
    // Its head is sent with the first event, which may be long in coming.
    if (request.method === 'GET') passed.push('GET arrived');
    return response;
  });
  return { upstream: createUndiciUpstream({ url: server.url }), close: () => server.close() };
}
