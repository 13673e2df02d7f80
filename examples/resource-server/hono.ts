/** A protected route of a Hono app on Node: ISSUER=https://id.example.com node hono.ts */
import { serve } from '@hono/node-server';
import { createResourceServer, createTokenValidator } from '@thv/oidc';
import { createGuardedFetch } from '@thv/oidc/node';
import { Hono } from 'hono';

const issuer = process.env['ISSUER'] ?? 'https://id.example.com';
const resource = process.env['RESOURCE'] ?? 'https://api.example.com/notes';

const server = createResourceServer({
  validator: createTokenValidator({ issuer, audiences: [resource], fetch: createGuardedFetch() }),
  resource,
  authorizationServers: [issuer],
  requiredScopes: ['notes:read'],
});

const app = new Hono();

app.get('/.well-known/oauth-protected-resource/notes', (context) =>
  context.json(server.metadata()),
);

app.get('/notes', async (context) => {
  const caller = await server.require(context.req.raw);
  if (caller instanceof Response) return caller;
  return context.json({ notes: [`for ${caller.subject}`] });
});

const port = Number(process.env['PORT'] ?? 3000);
serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (address) => {
  process.stdout.write(`http://127.0.0.1:${address.port}/notes\n`);
});
