/** The ways on which the referee reaches the everything server. */
import { fileURLToPath } from 'node:url';
import { loadAuthorizer } from '@thv/authz/node';
import { createResourceServer, createTokenValidator } from '@thv/oidc';
import { createProxy, type Upstream } from '@thv/proxy';
import { createStdioUpstream, createUndiciUpstream, listen } from '@thv/proxy/node';
import { createKeys, ISSUER } from '../runtime/keys.ts';
import { startEverythingServer } from './everything-server.ts';
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

const AUDIENCE = 'conformance';
const ALLOW_ALL = fileURLToPath(new URL('./allow-all.yaml', import.meta.url));

/** Sign-in, a policy that permits everything, and a caller who has signed in. */
async function protect(upstream: Upstream): Promise<Target> {
  const keys = await createKeys();
  const validator = createTokenValidator({
    issuer: ISSUER,
    audiences: [AUDIENCE],
    fetch: keys.fetch,
  });
  const listener = await listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${listener.port}/mcp`;
  const authenticate = createResourceServer({
    validator,
    resource: url,
    authorizationServers: [ISSUER],
  });
  const proxy = createProxy({
    upstream,
    authenticate,
    authorize: await loadAuthorizer(ALLOW_ALL, { serverName: 'conformance' }),
    origins: { loopbackPort: listener.port },
  });
  listener.answer(proxy.fetch);
  const shim = await startTokenShim(url, () => keys.sign({ sub: 'referee', aud: AUDIENCE }));
  return {
    url: shim.url,
    async close() {
      await shim.close();
      proxy.endStreams();
      await listener.close(1000);
      await proxy.close();
      validator.close();
    },
  };
}
