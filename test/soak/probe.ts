/** Loaded into the gateway with `--import`: at SIGUSR2 it says on fd 3 what the process holds. */

import { writeSync } from 'node:fs';

/** What is alive after a collection. */
export interface Holdings {
  /** Bytes. */
  readonly heap: number;
  readonly rss: number;
  /** Open handles by kind: sockets, timers, child processes. */
  readonly resources: Readonly<Record<string, number>>;
}

/** What is held weakly goes a turn after the collection that finds it, and its holder at the next one. */
const COLLECTIONS = 3;

process.on('SIGUSR2', async () => {
  for (let times = 1; times < COLLECTIONS; times += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  // Nothing may run between the last one and the look: a turn under load makes up to 14 MiB.
  globalThis.gc?.();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const { heapUsed, rss } = process.memoryUsage();
  const holdings: Holdings = { heap: heapUsed, rss, resources };
  writeSync(3, `${JSON.stringify(holdings)}\n`);
});
