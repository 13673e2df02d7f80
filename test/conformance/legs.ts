/** The ways on which the referee reaches the everything server. */
import { fileURLToPath } from 'node:url';
import type { Upstream } from '@thv/proxy';
import { createStdioUpstream, createUndiciUpstream } from '@thv/proxy/node';
import { startEverythingServer } from './everything-server.ts';
import { startFront } from './front.ts';
import { SUITES, type Suite } from './referee.ts';
import { startTokenShim } from './token-shim.ts';

/**
 * `direct`: nothing between. `http`: through the proxy. `stdio`: through the proxy and the bridge,
 * to one process for everybody. `stdio-2025`: the same with a server that knows 2025 revisions only,
 * so that the bridge has to translate. `stdio-session`: with one process per session, or per identity where there are none.
 */
export const LEGS = ['direct', 'http', 'stdio', 'stdio-2025', 'stdio-session'] as const;
export type Leg = (typeof LEGS)[number];

/** For the 2025 revisions a server of theirs alone is no other case. */
export function suitesOf(leg: Leg): readonly Suite[] {
  return SUITES.filter(({ revision }) => leg !== 'stdio-2025' || revision > '2026');
}

export interface Target {
  readonly url: string;
  close(): Promise<void>;
}

export async function startLeg(leg: Leg): Promise<Target> {
  switch (leg) {
    case 'direct':
      return startEverythingServer();
    case 'http': {
      const server = await startEverythingServer();
      const proxy = await protect(createUndiciUpstream({ url: server.url }));
      return { url: proxy.url, close: () => proxy.close().then(() => server.close()) };
    }
    case 'stdio':
      return protect(startBridge('shared'));
    case 'stdio-2025':
      return protect(startBridge('shared', ['--2025']));
    case 'stdio-session':
      return protect(startBridge('session'));
    default:
      return leg satisfies never;
  }
}

const SERVER = fileURLToPath(new URL('./everything-server.ts', import.meta.url));

function startBridge(isolation: 'shared' | 'session', flags: readonly string[] = []): Upstream {
  return createStdioUpstream({
    command: process.execPath,
    args: [SERVER, ...flags],
    env: { PATH: process.env['PATH'] ?? '' },
    isolation,
    log: () => undefined,
  });
}

/** A caller who has signed in, and may do everything. */
async function protect(upstream: Upstream): Promise<Target> {
  const front = await startFront('conformance', upstream);
  const shim = await startTokenShim(front.url, () => front.sign('referee'));
  return {
    url: shim.url,
    async close() {
      await shim.close();
      await front.close(1000);
    },
  };
}
