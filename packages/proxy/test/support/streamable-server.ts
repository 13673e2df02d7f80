/** A streamable HTTP server made with the official SDK, one transport per session. */

import { randomUUID } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { SubscribeRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { listenHttp, type RunningServer } from './sse-servers.ts';

export interface StreamableServer extends RunningServer {
  readonly sessions: Map<string, StreamableHTTPServerTransport>;
  readonly servers: McpServer[];
  /** Names of the tools that ran, and what was subscribed to. */
  readonly done: string[];
  /** Methods in the order in which they came. */
  readonly posted: string[];
}

/** @param unknown what is said of a session that is not known; the official example says 400 */
export async function startStreamableServer(
  port = 0,
  unknown: 400 | 404 = 404,
): Promise<StreamableServer> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const servers: McpServer[] = [];
  const done: string[] = [];
  const posted: string[] = [];
  const begin = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    const server = new McpServer(
      { name: 'streamable', version: '1' },
      { capabilities: { resources: { subscribe: true }, logging: {} } },
    );
    server.registerTool('weather', {}, () => {
      done.push('weather');
      return { content: [{ type: 'text', text: 'sunny' }] };
    });
    server.registerResource('r', 'file:///r', {}, () => ({ contents: [] }));
    server.server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
      done.push(`subscribe ${params.uri}`);
      return {};
    });
    servers.push(server);
    await server.connect(transport as Parameters<McpServer['connect']>[0]);
    return transport;
  };
  const running = await listenHttp((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', async () => {
      const message = body === '' ? undefined : (JSON.parse(body) as { readonly method?: string });
      if (message?.method !== undefined) posted.push(message.method);
      const id = request.headers['mcp-session-id'];
      const known = typeof id === 'string' ? sessions.get(id) : undefined;
      const transport = known ?? (id === undefined ? await begin() : undefined);
      if (transport !== undefined) {
        await transport.handleRequest(request, response, message);
        return;
      }
      const error =
        unknown === 404
          ? { code: -32001, message: 'Session not found' }
          : { code: -32000, message: 'Bad Request: No valid session ID provided' };
      response
        .writeHead(unknown, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', error, id: null }));
    });
  }, port);
  return { ...running, url: `${running.url}/mcp`, sessions, servers, done, posted };
}
