/** Everything before a stdio server: RS256 tokens, ten policies, the bridge. COMMAND is JSON. */

import { createAuthorizer } from '@thv/authz';
import { loadCedar } from '@thv/authz/node';
import { createResourceServer } from '@thv/oidc';
import { createProxy } from '@thv/proxy';
import { createStdioUpstream, listen } from '@thv/proxy/node';
import { createBenchValidator, issuer, signToken } from './issuer.ts';

const token = await signToken({ roles: ['standard'] });
const call = 'action == Action::"call_tool"';
const policies = [
  `permit(principal, ${call}, resource == Tool::"echo");`,
  `permit(principal, ${call}, resource) when { principal has claim_roles && principal.claim_roles.contains("premium") };`,
  `forbid(principal, ${call}, resource) when { resource has arg_message && resource.arg_message == "forbidden" };`,
  ...Array.from(
    { length: 7 },
    (_, n) => `permit(principal == Client::"user${n}", ${call}, resource == Tool::"tool${n}");`,
  ),
];
// Safe: the benchmark that starts this writes it.
const [command = '', ...args] = JSON.parse(process.env['COMMAND'] ?? '[]') as string[];
const upstream = createStdioUpstream({
  ...{ command, args, env: { PATH: process.env['PATH'] ?? '' } },
  log: () => undefined,
});
const listener = await listen({ host: '127.0.0.1', port: 0, replaceGlobals: true });
const proxy = createProxy({
  upstream,
  authenticate: createResourceServer({
    validator: createBenchValidator(),
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
await upstream.ready(AbortSignal.timeout(60_000));
process.stdout.write(
  `${JSON.stringify({ url: `http://127.0.0.1:${listener.port}/mcp`, token })}\n`,
);
process.once('SIGTERM', () => void upstream.close().then(() => process.exit()));
