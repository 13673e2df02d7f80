#!/usr/bin/env node
/**
 * The server that the referee's scenarios ask for, of both eras, on the official SDK.
 *
 *     node everything-server.ts [--2025]     speaks over stdin and stdout; of both eras, or one
 *
 * `startEverythingServer` serves the same over streamable HTTP.
 */
import { randomUUID } from 'node:crypto';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  createRequestStateCodec,
  hostHeaderValidationResponse,
  isLegacyRequest,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  McpServer,
  originValidationResponse,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { createEventStore } from './event-store.ts';
import { registerOffers } from './everything-offers.ts';
import { type Progress, registerQuestions } from './everything-questions.ts';
import { type Changes, registerTools } from './everything-tools.ts';
import { type HttpServer, serveNode } from './serve-node.ts';

/** Lives as long as the process: it serves every round of every flow. */
const codec = createRequestStateCodec<Progress>({ key: randomUUID() + randomUUID() });

/** One server instance: for a process, a session, or (2026-07-28) a single request. */
function createEverythingServer(changes?: Changes): McpServer {
  const server = new McpServer(
    { name: 'everything-server', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        completions: {},
        logging: {},
      },
      requestState: { verify: codec.verify },
    },
  );
  registerTools(server, changes);
  registerQuestions(server, (progress) => codec.mint(progress));
  registerOffers(server);
  return server;
}

/** Serves both eras at `/mcp` on a free loopback port. */
export function startEverythingServer(): Promise<HttpServer> {
  const modern = createMcpHandler(() => createEverythingServer(modern.notify), {
    legacy: 'reject',
  });
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();

  async function serve(request: Request): Promise<Response> {
    const refusal =
      hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
      originValidationResponse(request, localhostAllowedOrigins());
    if (refusal !== undefined) return refusal;
    if (!(await isLegacyRequest(request))) return modern.fetch(request);
    const id = request.headers.get('mcp-session-id');
    if (id === null) return (await openSession()).handleRequest(request);
    return sessions.get(id)?.handleRequest(request) ?? replyUnknownSession();
  }

  async function openSession(): Promise<WebStandardStreamableHTTPServerTransport> {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      eventStore: createEventStore(),
      retryInterval: 200,
      onsessioninitialized: (id) => {
        sessions.set(id, transport);
      },
      onsessionclosed: (id) => {
        sessions.delete(id);
      },
    });
    await createEverythingServer().connect(transport);
    return transport;
  }

  const handler = toNodeHandler({ fetch: serve });
  return serveNode((request, response) => {
    // Safe: the adapter's shape differs from Node's only in `method?: string` without `undefined`.
    handler(request as NodeIncomingMessageLike, response).catch(() => response.destroy());
  });
}

function replyUnknownSession(): Response {
  const error = { code: -32001, message: 'Session not found' };
  return Response.json({ jsonrpc: '2.0', id: null, error }, { status: 404 });
}

if (import.meta.main) {
  if (process.argv[2] === '--2025') {
    await createEverythingServer().connect(new StdioServerTransport());
  } else serveStdio(() => createEverythingServer());
}
