import { createResourceServer, createTokenValidator } from '@thv/oidc';

const issuer = 'https://id.example.com';
const resource = 'https://mcp.example.com/mcp';
const validator = createTokenValidator({ issuer, audiences: [resource] });
const server = createResourceServer({ validator, resource, authorizationServers: [issuer] });

export async function handle(request: Request): Promise<Response> {
  const caller = await server.require(request);
  return caller instanceof Response ? caller : new Response(`Hello ${caller.subject}`);
}
