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
import type { Library } from './door.ts';
import type { Runtime } from './env.ts';
import { runSuite } from './suite.ts';
import { createT } from './t.ts';

interface Bindings {
  readonly RUNTIME: Runtime;
  readonly LEGACY_CONTROL: string;
  readonly DOORS: {
    getByName(name: string): { fetch(request: Request): Promise<Response> };
  };
}

type Handler = (request: Request) => Promise<Response>;

let serve: Handler = async () => new Response(null, { status: 503 });

/** A Worker may not use in one request what another has opened; within one Durable Object it may. */
export class Door {
  fetch = (request: Request): Promise<Response> => serveConnected(request);
}

let serveConnected = serve;

export default {
  async fetch(request: Request, bindings: Bindings): Promise<Response> {
    const { pathname, port } = new URL(request.url);
    return pathname === '/run' ? report(bindings, Number(port)) : serve(request);
  },
};

async function report(bindings: Bindings, port: number): Promise<Response> {
  const lines: string[] = [];
  const served = { port, close: async () => undefined };
  await runSuite(
    createT((line) => lines.push(line)),
    await startLibrary(),
    {
      runtime: bindings.RUNTIME,
      legacyControl: bindings.LEGACY_CONTROL,
      serve: async (fetch) => {
        serve = fetch;
        return served;
      },
      serveConnected: async (fetch) => {
        serveConnected = fetch;
        serve = (request) => bindings.DOORS.getByName('door').fetch(request);
        return served;
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
