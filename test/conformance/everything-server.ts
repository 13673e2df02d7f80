#!/usr/bin/env node
/**
 * The server that the referee's scenarios ask for, of both eras, on the official SDK.
 *
 *     node everything-server.ts [--2025]     speaks over stdin and stdout; of both eras, or one
 *
 * `startEverythingServer` serves the same over streamable HTTP.
 */
import { randomUUID } from 'node:crypto';
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
import { registerOffers } from './everything-offers.ts';
import { type Progress, registerQuestions } from './everything-questions.ts';
import { type Changes, registerTools } from './everything-tools.ts';
import { type HttpServer, serveFetch } from './serve-node.ts';
import { hostSessions } from './session-host.ts';

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
  const sessions = hostSessions(async (options) => {
    const transport = new WebStandardStreamableHTTPServerTransport({
      ...options,
      retryInterval: 200,
    });
    await createEverythingServer().connect(transport);
    return transport;
  });

  async function serve(request: Request): Promise<Response> {
    const refusal =
      hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
      originValidationResponse(request, localhostAllowedOrigins());
    if (refusal !== undefined) return refusal;
    return (await isLegacyRequest(request)) ? sessions(request) : modern.fetch(request);
  }

  return serveFetch(serve);
}

if (import.meta.main) {
  if (process.argv[2] === '--2025') {
    await createEverythingServer().connect(new StdioServerTransport());
  } else serveStdio(() => createEverythingServer());
}
