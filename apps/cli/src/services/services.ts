/** What the commands need from elsewhere; tests give their own, everyone else the real ones. */
import type { startProtectedServer } from '@thv/compose';

export type StartProtectedServer = typeof startProtectedServer;

export interface Services {
  /** Default: `startProtectedServer` of `@thv/compose`, loaded when a server is started. */
  readonly startProtectedServer?: StartProtectedServer;
  /** Milliseconds to wait for a server to be ready before saying that it is not. Default 3000. */
  readonly readyGrace?: number;
}

export async function loadStartProtectedServer({
  startProtectedServer: own,
}: Services): Promise<StartProtectedServer> {
  return own ?? (await import('@thv/compose')).startProtectedServer;
}
