/** Servers of the 2024-11-05 transport: one made with the official SDK, and one that can misbehave. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { z } from 'zod';

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export async function listenHttp(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  port = 0,
): Promise<RunningServer> {
  const server: Server = createServer(handle);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

export interface SdkSseServer extends RunningServer {
  /** Servers, one per connection, newest last. */
  readonly connections: McpServer[];
  /** Names of the tools that ran. */
  readonly calls: string[];
  /** Methods that were posted. */
  readonly posted: string[];
}

/** `weather`, `admin_tool`, `ask` (asks its client back) and `slow` (reports progress). */
export async function startSdkSseServer(port = 0): Promise<SdkSseServer> {
  const transports = new Map<string, SSEServerTransport>();
  const connections: McpServer[] = [];
  const calls: string[] = [];
  const posted: string[] = [];
  const running = await listenHttp((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    if (request.method === 'GET' && url.pathname === '/sse') {
      const transport = new SSEServerTransport('/message', response);
      transports.set(transport.sessionId, transport);
      const server = createSdkServer(calls);
      connections.push(server);
      void server.connect(transport);
      return;
    }
    const transport = transports.get(url.searchParams.get('sessionId') ?? '');
    if (request.method !== 'POST' || url.pathname !== '/message' || transport === undefined) {
      response.writeHead(404, { connection: 'close' }).end();
      return;
    }
    whenRead(request, (body) => {
      const message = JSON.parse(body) as { readonly method?: string };
      if (message.method !== undefined) posted.push(message.method);
      void transport.handlePostMessage(request, response, message);
    });
  }, port);
  return { ...running, url: `${running.url}/sse`, connections, calls, posted };
}

/** A request that breaks off is nobody's. */
function whenRead(request: IncomingMessage, use: (body: string) => void): void {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => use(body));
}

function createSdkServer(calls: string[]): McpServer {
  const server = new McpServer(
    { name: 'legacy', version: '1' },
    { capabilities: { logging: {}, resources: { subscribe: true } } },
  );
  for (const name of ['weather', 'admin_tool']) {
    server.registerTool(name, { inputSchema: { mark: z.string().optional() } }, ({ mark }) => {
      calls.push(name);
      return { content: [{ type: 'text', text: `${name} ${mark ?? ''}` }] };
    });
  }
  server.registerTool('ask', {}, async () => {
    const { roots } = await server.server.listRoots();
    return { content: [{ type: 'text', text: `roots ${roots.map(({ uri }) => uri).join()}` }] };
  });
  server.registerTool('slow', {}, async ({ _meta, sendNotification }) => {
    const progressToken = _meta?.progressToken;
    for (const progress of [1, 2]) {
      if (progressToken === undefined) break;
      await sendNotification({
        method: 'notifications/progress',
        params: { progressToken, progress },
      });
      // The client of the SDK forgets who wants progress when the result comes in the same moment.
      await server.server.ping();
    }
    return { content: [{ type: 'text', text: 'done' }] };
  });
  return server;
}

export interface ScriptedServer extends RunningServer {
  /** Bodies that were posted, to whatever path. */
  readonly posts: { readonly path: string; readonly body: string }[];
  readonly headers: NodeJS.Dict<string | string[]>[];
  /** Streams that are open, oldest first. */
  readonly streams: ServerResponse[];
  /** Writes to the newest stream. */
  write(text: string): void;
}

export interface Script {
  /** The first bytes of a stream. Default: an endpoint of its own. */
  readonly greeting?: string;
  /** Answers a POST after it was recorded. Default: 202, and `{}` as the result on the stream. */
  readonly onPost?: (body: string, stream: ServerResponse | undefined) => number | Promise<number>;
}

export const event = (data: string, name = 'message'): string =>
  `event: ${name}\ndata: ${data}\n\n`;

/** A server that says what the test wants. */
export async function startScriptedServer(script: Script = {}, port = 0): Promise<ScriptedServer> {
  const posts: ScriptedServer['posts'] = [];
  const headers: ScriptedServer['headers'] = [];
  const streams: ServerResponse[] = [];
  const running = await listenHttp((request, response) => {
    headers.push(request.headers);
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(script.greeting ?? event(`/message?n=${streams.length}`, 'endpoint'));
      streams.push(response);
      response.on('close', () => streams.splice(streams.indexOf(response), 1));
      return;
    }
    whenRead(request, (body) => {
      posts.push({ path: request.url ?? '', body });
      const finish = (status: number): void => void response.writeHead(status).end('Accepted');
      const status = (script.onPost ?? answer)(body, streams.at(-1));
      if (typeof status === 'number') finish(status);
      else void status.then(finish);
    });
  }, port);
  return {
    ...running,
    url: `${running.url}/sse`,
    posts,
    headers,
    streams,
    write: (text) => void streams.at(-1)?.write(text),
  };
}

/** Answers every request with an empty result, and `initialize` as the protocol wants it. */
export function answer(body: string, stream: ServerResponse | undefined): number {
  const { id, method } = JSON.parse(body) as { id?: unknown; method?: string };
  if (id === undefined || method === undefined) return 202;
  const result =
    method === 'initialize'
      ? { protocolVersion: '2024-11-05', capabilities: {}, serverInfo: { name: 's', version: '1' } }
      : {};
  stream?.write(event(JSON.stringify({ jsonrpc: '2.0', id, result })));
  return 202;
}
