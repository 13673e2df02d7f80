/** A protected route of an Express app: ISSUER=https://id.example.com node express.ts */
import { createResourceServer, createTokenValidator } from '@thv/oidc';
import { createGuardedFetch, toWebRequest } from '@thv/oidc/node';
import express from 'express';

const issuer = process.env['ISSUER'] ?? 'https://id.example.com';
const resource = process.env['RESOURCE'] ?? 'https://api.example.com/notes';

const server = createResourceServer({
  validator: createTokenValidator({ issuer, audiences: [resource], fetch: createGuardedFetch() }),
  resource,
  authorizationServers: [issuer],
  requiredScopes: ['notes:read'],
});

const app = express();

app.get('/.well-known/oauth-protected-resource/notes', (_request, response) => {
  response.json(server.metadata());
});

app.get('/notes', async (request, response) => {
  const caller = await server.require(toWebRequest(request));
  if (caller instanceof Response) {
    response.status(caller.status).set(Object.fromEntries(caller.headers));
    response.send(await caller.text());
    return;
  }
  response.json({ notes: [`for ${caller.subject}`] });
});

const port = Number(process.env['PORT'] ?? 3000);
const listener = app.listen(port, '127.0.0.1', () => {
  const address = listener.address();
  const bound = typeof address === 'object' ? address?.port : port;
  process.stdout.write(`http://127.0.0.1:${bound}/notes\n`);
});
