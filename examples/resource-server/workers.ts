/** A protected route of a Worker; ISSUER and RESOURCE are its variables. */
import { createResourceServer, createTokenValidator, type ResourceServer } from '@thv/oidc';

interface Variables {
  readonly ISSUER: string;
  readonly RESOURCE: string;
}

let server: ResourceServer | undefined;

/** Made once per isolate: it remembers the provider's keys and the tokens it has verified. */
function protect({ ISSUER: issuer, RESOURCE: resource }: Variables): ResourceServer {
  server ??= createResourceServer({
    validator: createTokenValidator({ issuer, audiences: [resource] }),
    resource,
    authorizationServers: [issuer],
    requiredScopes: ['notes:read'],
  });
  return server;
}

async function handle(request: Request, variables: Variables): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === '/.well-known/oauth-protected-resource/notes') {
    return Response.json(protect(variables).metadata());
  }
  if (pathname !== '/notes') return new Response('not found', { status: 404 });
  const caller = await protect(variables).require(request);
  if (caller instanceof Response) return caller;
  return Response.json({ notes: [`for ${caller.subject}`] });
}

// biome-ignore lint/style/noDefaultExport: what the runtime looks for.
export default { fetch: handle };
