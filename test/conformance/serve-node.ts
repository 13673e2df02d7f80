/** A plain HTTP server on a free loopback port. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';

export interface HttpServer {
  /** The MCP endpoint. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export async function serveNode(listener: RequestListener): Promise<HttpServer> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // A bound TCP server has one.
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The same for what answers web requests. */
export function serveFetch(fetch: (request: Request) => Promise<Response>): Promise<HttpServer> {
  const handler = toNodeHandler({ fetch });
  return serveNode((request, response) => {
    // Safe: the adapter's shape differs from Node's only in `method?: string` without `undefined`.
    handler(request as NodeIncomingMessageLike, response).catch(() => response.destroy());
  });
}
