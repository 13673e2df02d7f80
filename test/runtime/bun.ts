/** Runs the suite on Bun, served by `Bun.serve`. */
import { describeLibrary, loadLibrary } from './library.ts';
import { runSuite } from './suite.ts';
import { createT } from './t.ts';

/** The part of Bun's types that is used here. */
interface BunRuntime {
  serve(options: {
    readonly hostname: string;
    readonly port: number;
    readonly fetch: (request: Request) => Promise<Response>;
  }): { readonly port: number; stop(closeConnections: boolean): Promise<void> };
}

// Safe: this file runs on Bun only.
const { Bun } = globalThis as unknown as { readonly Bun: BunRuntime };

console.log(`bun ${describeLibrary()}`);
await runSuite(
  createT((line) => console.log(line)),
  await loadLibrary(),
  {
    runtime: 'bun',
    legacyControl: process.argv[2] ?? '',
    serve: async (fetch) => {
      const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch });
      return { port: server.port, close: () => server.stop(true) };
    },
  },
);
