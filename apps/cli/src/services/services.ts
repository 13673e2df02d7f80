/** What the commands need from elsewhere; tests give their own, everyone else the real ones. */
import type { ProtectedServerConfig } from '../../../compose/src/config.ts';

export type {
  LogEvent,
  ProtectedServerConfig,
  SignInConfig,
  UpstreamConfig,
} from '../../../compose/src/config.ts';

/** A server that listens. */
export interface RunningServer {
  readonly url: string;
  /** Resolves when callers can be served; rejects when they never will be. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended, asked or not. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

export type StartProtectedServer = (config: ProtectedServerConfig) => Promise<RunningServer>;

export interface Services {
  /** Default: `startProtectedServer` of `@thv/compose`, loaded when a server is started. */
  readonly startProtectedServer?: StartProtectedServer;
  /** Milliseconds to wait for a server to be ready before saying that it is not. Default 3000. */
  readonly readyGrace?: number;
}

export async function loadStartProtectedServer({
  startProtectedServer,
}: Services): Promise<StartProtectedServer> {
  if (startProtectedServer !== undefined) {
    return startProtectedServer;
  }
  const compose: string = '@thv/compose';
  // Safe: this is the one export of the package that the command uses.
  const module = (await import(compose)) as { startProtectedServer: StartProtectedServer };
  return module.startProtectedServer;
}
