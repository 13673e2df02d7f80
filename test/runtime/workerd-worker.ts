/**
 * The Worker that runs the suite: asked for `/run` it calls itself, and reports line by line.
 *
 * Everything is the packages' neutral entries; Cedar comes as a WebAssembly module.
 */
import { createAuthorizer, createCedar, parseAuthzConfig } from '@thv/authz';
import * as oidc from '@thv/oidc';
import * as proxy from '@thv/proxy';
import policies from '../e2e/data/authz-basic.json' with { type: 'json' };
import cedarModule from './cedar.wasm';
import type { Runtime } from './env.ts';
import { type Library, runSuite } from './suite.ts';
import { createT } from './t.ts';

let serve = async (_request: Request): Promise<Response> => new Response(null, { status: 503 });

export default {
  async fetch(request: Request, { RUNTIME }: { readonly RUNTIME: Runtime }): Promise<Response> {
    const { pathname, port } = new URL(request.url);
    return pathname === '/run' ? report(RUNTIME, Number(port)) : serve(request);
  },
};

async function report(runtime: Runtime, port: number): Promise<Response> {
  const lines: string[] = [];
  await runSuite(
    createT((line) => lines.push(line)),
    await startLibrary(),
    {
      runtime,
      serve: async (fetch) => {
        serve = fetch;
        return { port, close: async () => undefined };
      },
    },
  );
  return new Response(`${lines.join('\n')}\n`);
}

async function startLibrary(): Promise<Library> {
  const cedar = createCedar(cedarModule);
  const config = parseAuthzConfig(policies);
  return { oidc, proxy, authorizer: createAuthorizer(config, { cedar, serverName: 'runtime' }) };
}
