/** Runs the suite on Node. */
import { serve } from '@hono/node-server';
import { describeLibrary, loadLibrary } from './library.ts';
import { runSuite } from './suite.ts';
import { createT } from './t.ts';

console.log(`node ${describeLibrary()}`);
await runSuite(
  createT((line) => console.log(line)),
  await loadLibrary(),
  {
    runtime: 'node',
    legacyControl: process.argv[2] ?? '',
    serve: (fetch) =>
      new Promise((resolve) => {
        const close = (): Promise<void> =>
          new Promise((done) => {
            server.close(() => done());
            // The clients of the suite keep theirs for a while.
            if ('closeAllConnections' in server) server.closeAllConnections();
          });
        const server = serve({ fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) =>
          resolve({ port, close }),
        );
      }),
  },
);
