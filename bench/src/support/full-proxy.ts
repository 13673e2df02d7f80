/** Everything before the HTTP server at UPSTREAM, over undici. */

import { createUndiciUpstream } from '@thv/proxy/node';
import { serveFull } from './full.ts';

await serveFull(createUndiciUpstream({ url: process.env['UPSTREAM'] ?? '' }), {
  tool: 'weather',
  argument: 'city',
  forbidden: 'Atlantis',
});

// For whoever wants to know what is kept.
process.on('SIGUSR2', () => {
  globalThis.gc?.();
  process.stdout.write(`${process.memoryUsage().heapUsed}\n`);
});

// Ends in order, so that a profiler can write what it saw.
process.once('SIGTERM', () => process.exit());
