/** The smallest MCP server over HTTP that a proxy is content with; it answers every call with "ok". */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface UpstreamServer {
  readonly url: string;
  /** Headers of the calls that arrived. */
  readonly calls: readonly Readonly<Record<string, unknown>>[];
  close(): Promise<void>;
}

export async function startUpstreamServer(): Promise<UpstreamServer> {
  const calls: Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    json(request)
      .then((message) => {
        // Safe: only this file's tests call.
        const { id, method } = message as { id?: unknown; method?: string };
        if (id === undefined) {
          response.writeHead(202).end();
          return;
        }
        if (method === 'tools/call') {
          calls.push(request.headers);
        }
        const result =
          method === 'initialize'
            ? {
                protocolVersion: '2025-11-25',
                capabilities: { tools: {} },
                serverInfo: { name: 'tiny', version: '1.0.0' },
              }
            : { content: [{ type: 'text', text: 'ok' }] };
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
      })
      .catch(() => response.writeHead(400).end());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // Safe: a server that listens on a port has an address object.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
