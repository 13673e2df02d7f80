/** Everything: RS256 tokens, ten policies, the HTTP upstream over undici. */

import { createAuthorizer } from '@thv/authz';
import { loadCedar } from '@thv/authz/node';
import { createResourceServer } from '@thv/oidc';
import { createProxy } from '@thv/proxy';
import { createUndiciUpstream, listen } from '@thv/proxy/node';
import { createBenchValidator, issuer, signToken } from './issuer.ts';

const token = await signToken({ roles: ['standard'] });
const validator = createBenchValidator();
const call = 'action == Action::"call_tool"';
const policies = [
  `permit(principal, ${call}, resource == Tool::"weather");`,
  `permit(principal, ${call}, resource) when { principal has claim_roles && principal.claim_roles.contains("premium") };`,
  `forbid(principal, ${call}, resource) when { resource has arg_city && resource.arg_city == "Atlantis" };`,
  ...Array.from(
    { length: 7 },
    (_, n) => `permit(principal == Client::"user${n}", ${call}, resource == Tool::"tool${n}");`,
  ),
];
const listener = await listen({ host: '127.0.0.1', port: 0, replaceGlobals: true });
const proxy = createProxy({
  upstream: createUndiciUpstream({ url: process.env['UPSTREAM'] ?? '' }),
  authenticate: createResourceServer({
    validator,
    resource: 'https://mcp.example/mcp',
    authorizationServers: [issuer],
  }),
  authorize: createAuthorizer(
    { version: '1.0', type: 'cedarv1', cedar: { policies } },
    { cedar: await loadCedar() },
  ),
  origins: { loopbackPort: listener.port },
  // As a server in use has them.
  onExchange: () => undefined,
  onError: () => undefined,
});
listener.answer(proxy.fetch, (path) => (path === proxy.path ? proxy.answer : undefined));
process.stdout.write(
  `${JSON.stringify({ url: `http://127.0.0.1:${listener.port}/mcp`, token })}\n`,
);

// For whoever wants to know what is kept.
process.on('SIGUSR2', () => {
  globalThis.gc?.();
  process.stdout.write(`${process.memoryUsage().heapUsed}\n`);
});

// Ends in order, so that a profiler can write what it saw.
process.once('SIGTERM', () => process.exit());
