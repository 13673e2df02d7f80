/** The door on Node: ISSUER=https://id.example.com UPSTREAM=http://127.0.0.1:8000/mcp node node.ts */
import { fileURLToPath } from 'node:url';
import { loadAuthorizer } from '@thv/authz/node';
import { createGuardedFetch } from '@thv/oidc/node';
import { createUndiciUpstream, listen } from '@thv/proxy/node';
import { protect } from './protect.ts';

const env = process.env;
// #region node
const listener = await listen({ host: '127.0.0.1', port: Number(env['PORT'] ?? 3000) });
const proxy = protect({
  issuer: env['ISSUER'] ?? 'https://id.example.com',
  resource: env['RESOURCE'] ?? 'https://mcp.example.com/mcp',
  upstream: createUndiciUpstream({ url: env['UPSTREAM'] ?? 'http://127.0.0.1:8000/mcp' }),
  authorize: await loadAuthorizer(fileURLToPath(new URL('authz.json', import.meta.url))),
  fetch: createGuardedFetch(),
  port: () => listener.port,
});
listener.answer(proxy.fetch);
// #endregion node
process.stdout.write(`http://127.0.0.1:${listener.port}/mcp\n`);

process.once('SIGTERM', async () => {
  proxy.endStreams();
  await listener.close();
  await proxy.close();
});
