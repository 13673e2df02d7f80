/** Everything that stands before an upstream: RS256 tokens, ten policies. Says in a line where it is. */

import { createAuthorizer } from '@thv/authz';
import { loadCedar } from '@thv/authz/node';
import { createResourceServer } from '@thv/oidc';
import { createProxy, type Upstream } from '@thv/proxy';
import { listen } from '@thv/proxy/node';
import { createBenchValidator, issuer, signToken } from './issuer.ts';

/** The call that is permitted, and the value of its argument that is not. */
export interface Call {
  readonly tool: string;
  readonly argument: string;
  readonly forbidden: string;
}

export async function serveFull(upstream: Upstream, call: Call): Promise<void> {
  const token = await signToken({ roles: ['standard'] });
  const listener = await listen({ host: '127.0.0.1', port: 0, replaceGlobals: true });
  const proxy = createProxy({
    upstream,
    authenticate: createResourceServer({
      validator: createBenchValidator(),
      resource: 'https://mcp.example/mcp',
      authorizationServers: [issuer],
    }),
    authorize: createAuthorizer(
      { version: '1.0', type: 'cedarv1', cedar: { policies: policiesFor(call) } },
      { cedar: await loadCedar() },
    ),
    origins: { loopbackPort: listener.port },
    // As a server in use has them.
    onExchange: () => undefined,
    onError: () => undefined,
  });
  listener.answer(proxy.fetch, (path) => (path === proxy.path ? proxy.answer : undefined));
  const url = `http://127.0.0.1:${listener.port}/mcp`;
  process.stdout.write(`${JSON.stringify({ url, token })}\n`);
}

function policiesFor({ tool, argument, forbidden }: Call): readonly string[] {
  const call = 'action == Action::"call_tool"';
  return [
    `permit(principal, ${call}, resource == Tool::"${tool}");`,
    `permit(principal, ${call}, resource) when { principal has claim_roles && principal.claim_roles.contains("premium") };`,
    `forbid(principal, ${call}, resource) when { resource has arg_${argument} && resource.arg_${argument} == "${forbidden}" };`,
    ...Array.from(
      { length: 7 },
      (_, n) => `permit(principal == Client::"user${n}", ${call}, resource == Tool::"tool${n}");`,
    ),
  ];
}
