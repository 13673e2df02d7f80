/** The door on Bun: ISSUER=https://id.example.com UPSTREAM=http://127.0.0.1:8000/mcp bun bun.ts */
import { fileURLToPath } from 'node:url';
import { loadAuthorizer } from '@thv/authz/node';
import { createHttpUpstream } from '@thv/proxy';
import { protect } from './protect.ts';

/** What is used of Bun's types; with `@types/bun` this is not needed. */
declare const Bun: {
  serve(options: {
    readonly hostname: string;
    readonly port: number;
    /** Seconds without a word; event streams are silent for long. */
    readonly idleTimeout: number;
    readonly fetch: (request: Request, server: BunServer) => Promise<Response>;
  }): BunServer;
};
interface BunServer {
  readonly port: number;
  requestIP(request: Request): { readonly address: string } | null;
}

const env = process.env;
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(env['PORT'] ?? 3000),
  idleTimeout: 0,
  fetch: (request, { requestIP }) => {
    const peerAddress = requestIP.call(server, request)?.address;
    return proxy.fetch(request, peerAddress === undefined ? {} : { peerAddress });
  },
});
const proxy = protect({
  issuer: env['ISSUER'] ?? 'https://id.example.com',
  resource: env['RESOURCE'] ?? 'https://mcp.example.com/mcp',
  upstream: createHttpUpstream({ url: env['UPSTREAM'] ?? 'http://127.0.0.1:8000/mcp' }),
  authorize: await loadAuthorizer(fileURLToPath(new URL('authz.json', import.meta.url))),
  port: () => server.port,
});
process.stdout.write(`http://127.0.0.1:${server.port}/mcp\n`);
