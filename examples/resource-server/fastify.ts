/** A protected route of a Fastify app: ISSUER=https://id.example.com node fastify.ts */
import { createResourceServer, createTokenValidator } from '@thv/oidc';
import { createGuardedFetch, toWebRequest } from '@thv/oidc/node';
import { fastify } from 'fastify';

const issuer = process.env['ISSUER'] ?? 'https://id.example.com';
const resource = process.env['RESOURCE'] ?? 'https://api.example.com/notes';

const server = createResourceServer({
  validator: createTokenValidator({ issuer, audiences: [resource], fetch: createGuardedFetch() }),
  resource,
  authorizationServers: [issuer],
  requiredScopes: ['notes:read'],
});

const app = fastify();

app.get('/.well-known/oauth-protected-resource/notes', async () => server.metadata());

app.get('/notes', async (request, reply) => {
  const caller = await server.require(toWebRequest(request.raw));
  // Fastify sends a Web Response as it is.
  if (caller instanceof Response) return reply.send(caller);
  return { notes: [`for ${caller.subject}`] };
});

const port = Number(process.env['PORT'] ?? 3000);
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port })}/notes\n`);
