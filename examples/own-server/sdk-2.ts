/** Policies in a server on SDK 2.x, for both eras of MCP: ISSUER=https://id.example.com node sdk-2.ts */
import { fileURLToPath } from 'node:url';
import { serve } from '@hono/node-server';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
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

// #region server
/** A server for one request, with what its caller may use. */
async function createServer(identity: Identity): Promise<McpServer> {
  const server = new McpServer({ name: 'bank', version: '1.0.0' });
  const guard = createGuard(authorizer, identity);
  const amount = z.object({ amount: z.number().int() });
  await guard.hide({
    balance: server.registerTool('balance', { annotations: { readOnlyHint: true } }, () =>
      guard.run('balance', {}, () => text(`${identity.subject} has 250.`)),
    ),
    pay: server.registerTool('pay', { inputSchema: amount }, (args) =>
      guard.run('pay', args, () => text(`Paid ${args.amount}.`)),
    ),
    close_account: server.registerTool('close_account', {}, () =>
      guard.run('close_account', {}, () => text('Closed.')),
    ),
  });
  return server;
}

const handler = createMcpHandler(({ authInfo }) => createServer(identityOf(authInfo?.extra)));
// #endregion server

const app = new Hono();
app.get('/.well-known/oauth-protected-resource/mcp', (context) =>
  context.json(resourceServer.metadata()),
);
app.all('/mcp', async (context) => {
  const request = context.req.raw;
  const identity = await resourceServer.require(request);
  if (identity instanceof Response) return identity;
  const { token, scopes } = identity;
  const authInfo = { token, scopes: [...scopes], clientId: identity.subject, extra: { identity } };
  return handler.fetch(request, { authInfo });
});

const port = Number(process.env['PORT'] ?? 3000);
serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (address) => {
  process.stdout.write(`http://127.0.0.1:${address.port}/mcp\n`);
});

/** What has been put into `authInfo` above. Without it there is no caller, and no server. */
function identityOf(extra: Record<string, unknown> | undefined): Identity {
  if (extra?.['identity'] === undefined) throw new TypeError('nobody has signed in');
  return extra['identity'] as Identity;
}

function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] };
}
