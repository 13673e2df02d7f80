/** The door on Deno: ISSUER=… UPSTREAM=… deno run --allow-net --allow-env --allow-read deno.ts */
import { fileURLToPath } from 'node:url';
import { loadAuthorizer } from '@thv/authz/node';
import { createHttpUpstream } from '@thv/proxy';
import { protect } from './protect.ts';

/** What is used of Deno's types; Deno knows them itself. */
declare const Deno: {
  readonly env: { get(name: string): string | undefined };
  serve(
    options: {
      readonly hostname: string;
      readonly port: number;
      readonly onListen: (address: { readonly port: number }) => void;
    },
    handler: (
      request: Request,
      info: { readonly remoteAddr: { readonly hostname: string } },
    ) => Promise<Response>,
  ): { readonly addr: { readonly port: number } };
};

const env = (name: string, otherwise: string): string => Deno.env.get(name) ?? otherwise;
let port = Number(env('PORT', '3000'));
const proxy = protect({
  issuer: env('ISSUER', 'https://id.example.com'),
  resource: env('RESOURCE', 'https://mcp.example.com/mcp'),
  upstream: createHttpUpstream({ url: env('UPSTREAM', 'http://127.0.0.1:8000/mcp') }),
  authorize: await loadAuthorizer(fileURLToPath(new URL('authz.json', import.meta.url))),
  port: () => port,
});
const onListen = (address: { readonly port: number }): void => {
  port = address.port;
  // biome-ignore lint/suspicious/noConsole: how a Deno program says something.
  console.log(`http://127.0.0.1:${port}/mcp`);
};
Deno.serve({ hostname: '127.0.0.1', port, onListen }, (request, { remoteAddr }) =>
  proxy.fetch(request, { peerAddress: remoteAddr.hostname }),
);
