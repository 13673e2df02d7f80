/** The door under a path of a Hono app: ISSUER=… UPSTREAM=http://127.0.0.1:8000/mcp node hono-app.ts */
import { fileURLToPath } from 'node:url';
import { serve } from '@hono/node-server';
import { loadAuthorizer } from '@thv/authz/node';
import { createGuardedFetch } from '@thv/oidc/node';
import { createUndiciUpstream } from '@thv/proxy/node';
import { Hono } from 'hono';
import { protect } from './protect.ts';

const env = process.env;
let port = Number(env['PORT'] ?? 3000);
const proxy = protect({
  issuer: env['ISSUER'] ?? 'https://id.example.com',
  // As clients reach it: with the path of the mount.
  resource: env['RESOURCE'] ?? 'https://mcp.example.com/tools/mcp',
  upstream: createUndiciUpstream({ url: env['UPSTREAM'] ?? 'http://127.0.0.1:8000/mcp' }),
  authorize: await loadAuthorizer(fileURLToPath(new URL('authz.json', import.meta.url))),
  fetch: createGuardedFetch(),
  port: () => port,
});

// #region mount
const app = new Hono();
app.get('/', (context) => context.text('An app of its own.\n'));
app.route('/tools', proxy.app);
// Clients look for the metadata at the root of the host, wherever the server is.
app.route('/', proxy.wellKnown);
// #endregion mount

serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (address) => {
  port = address.port;
  process.stdout.write(`http://127.0.0.1:${port}/tools/mcp\n`);
});
