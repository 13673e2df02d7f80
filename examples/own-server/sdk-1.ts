/** Policies in a server on SDK 1.x: ISSUER=https://id.example.com node sdk-1.ts */
import { fileURLToPath } from 'node:url';
import { serve } from '@hono/node-server';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { loadAuthorizer } from '@thv/authz/node';
import { createResourceServer, createTokenValidator, type Identity } from '@thv/oidc';
import { createGuardedFetch } from '@thv/oidc/node';
import { Hono } from 'hono';
import * as z from 'zod';
import { createGuard } from './guard.ts';

const issuer = process.env['ISSUER'] ?? 'https://id.example.com';
const resource = process.env['RESOURCE'] ?? 'https://api.example.com/mcp';
const authorizer = await loadAuthorizer(fileURLToPath(new URL('authz.json', import.meta.url)));
const resourceServer = createResourceServer({
  validator: createTokenValidator({ issuer, audiences: [resource], fetch: createGuardedFetch() }),
  resource,
  authorizationServers: [issuer],
});

/** A server for one request, with what its caller may use. */
async function createServer(identity: Identity): Promise<McpServer> {
  const server = new McpServer({ name: 'bank', version: '1.0.0' });
  const guard = createGuard(authorizer, identity);
  await guard.hide({
    balance: server.registerTool('balance', { annotations: { readOnlyHint: true } }, () =>
      guard.run('balance', {}, () => text(`${identity.subject} has 250.`)),
    ),
    pay: server.registerTool('pay', { inputSchema: { amount: z.number().int() } }, (args) =>
      guard.run('pay', args, () => text(`Paid ${args.amount}.`)),
    ),
    close_account: server.registerTool('close_account', {}, () =>
      guard.run('close_account', {}, () => text('Closed.')),
    ),
  });
  return server;
}

const app = new Hono();
app.get('/.well-known/oauth-protected-resource/mcp', (context) =>
  context.json(resourceServer.metadata()),
);
app.all('/mcp', async (context) => {
  const request = context.req.raw;
  const identity = await resourceServer.require(request);
  if (identity instanceof Response) return identity;
  // Without sessions there is nothing that a stream or its end could belong to.
  if (request.method !== 'POST') return new Response(null, { status: 405 });
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  const server = await createServer(identity);
  // Safe: it is one; only optional members are stricter under exactOptionalPropertyTypes.
  await server.connect(transport as Transport);
  return transport.handleRequest(request);
});

const port = Number(process.env['PORT'] ?? 3000);
serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (address) => {
  process.stdout.write(`http://127.0.0.1:${address.port}/mcp\n`);
});

function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] };
}
