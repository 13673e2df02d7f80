/** Runs the suite on Deno, served by `Deno.serve`. */
import { describeLibrary, loadLibrary } from './library.ts';
import { runSuite } from './suite.ts';
import { createT } from './t.ts';

/** The part of Deno's types that is used here. */
interface DenoRuntime {
  readonly args: readonly string[];
  serve(
    options: { readonly hostname: string; readonly port: number; readonly onListen: () => void },
    handler: (request: Request) => Promise<Response>,
  ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
}

// Safe: this file runs on Deno only.
const { Deno } = globalThis as unknown as { readonly Deno: DenoRuntime };

console.log(`deno ${describeLibrary()}`);
await runSuite(
  createT((line) => console.log(line)),
  await loadLibrary(),
  {
    runtime: 'deno',
    legacyControl: Deno.args[0] ?? '',
    serve: async (fetch) => {
      const options = { hostname: '127.0.0.1', port: 0, onListen: () => undefined };
      const server = Deno.serve(options, fetch);
      return { port: server.addr.port, close: () => server.shutdown() };
    },
  },
);
