/** Keeps one server process alive: starts it on first use and again, with patience, when it dies. */

import { ProxyError } from '../errors.ts';
import type { StdioConnection } from './stdio-connection.ts';
import type { Greet, Greeting } from './stdio-greeting.ts';
import type { StdioSettings } from './stdio-options.ts';

/** A process that has answered `initialize`. */
export interface LiveServer {
  readonly connection: StdioConnection;
  readonly greeting: Greeting;
}

/** `retryAfter` in seconds. */
export interface Unavailable {
  readonly retryAfter: number;
  readonly error: ProxyError;
}

export interface Supervisor {
  /** The process that serves now, if one does. */
  readonly live: LiveServer | undefined;
  /** The process, started if need be; waits while it starts, but not for a restart that is due later. */
  acquire(): Promise<LiveServer | Unavailable>;
  /** Stops the process and restarts it no more. */
  close(): Promise<void>;
}

export interface SupervisorOptions {
  readonly settings: StdioSettings;
  readonly open: () => StdioConnection;
  readonly greet: Greet;
  /** A process is ready; whatever its predecessor had been told must be told again. */
  readonly onLive: (server: LiveServer) => void;
  /** No further process will be started. */
  readonly onAbandoned?: () => void;
}

type State =
  | { readonly name: 'idle' }
  | { readonly name: 'starting'; readonly attempt: Promise<void> }
  | { readonly name: 'live'; readonly server: LiveServer }
  | { readonly name: 'waiting'; readonly until: number; readonly error: ProxyError }
  | { readonly name: 'abandoned' | 'closed'; readonly error: ProxyError };

/** What a client is told to wait when nothing will happen by itself. Seconds. */
const LONG_RETRY = 60;

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { settings } = options;
  const { restart, now, log } = settings;
  let state: State = { name: 'idle' };
  let connection: StdioConnection | undefined;
  let timer: NodeJS.Timeout | undefined;
  let failures = 0;

  const isClosed = (): boolean => state.name === 'closed';

  function start(): Promise<void> {
    const attempt = startProcess();
    state = { name: 'starting', attempt };
    return attempt;
  }

  async function startProcess(): Promise<void> {
    const started = now();
    const opened = options.open();
    connection = opened;
    const result = await options.greet(opened, settings);
    if (isClosed()) return;
    if (!result.ok) {
      await opened.stop();
      const { stderr } = await opened.exited;
      log({ type: 'process-failed', reason: result.reason, stderr });
      scheduleRestart(unreachable(result.reason), 0);
      return;
    }
    const server: LiveServer = { connection: opened, greeting: result.greeting };
    state = { name: 'live', server };
    const version = result.greeting.version ?? '2026-07-28';
    log({ type: 'process-ready', pid: opened.pid ?? 0, version });
    options.onLive(server);
    void opened.exited.then((exit) => onExit(opened, exit, now() - started));
  }

  async function onExit(
    opened: StdioConnection,
    exit: Awaited<StdioConnection['exited']>,
    uptime: number,
  ): Promise<void> {
    if (isClosed()) return;
    log({ type: 'process-exited', ...exit });
    const error = unreachable(exit.reason);
    state = { name: 'waiting', until: now(), error };
    // What the process left behind must not meet its successor.
    await opened.stop();
    scheduleRestart(error, uptime);
  }

  function scheduleRestart(error: ProxyError, uptime: number): void {
    if (isClosed()) return;
    const wasStable = uptime >= restart.stableAfter;
    if (wasStable) failures = 0;
    if (failures >= restart.maxAttempts) {
      log({ type: 'restart-abandoned', attempts: failures });
      state = { name: 'abandoned', error };
      options.onAbandoned?.();
      return;
    }
    const delay = wasStable ? 0 : Math.min(restart.initialDelay * 2 ** failures, restart.maxDelay);
    failures += 1;
    log({ type: 'restart-scheduled', attempt: failures, delay });
    state = { name: 'waiting', until: now() + delay, error };
    timer = setTimeout(() => void start(), delay);
    // Waiting for a restart is no reason to keep a program running that is done.
    timer.unref();
  }

  return {
    get live() {
      return state.name === 'live' ? state.server : undefined;
    },
    async acquire() {
      if (state.name === 'idle') await start();
      else if (state.name === 'starting') await state.attempt;
      return current();
    },
    async close() {
      state = { name: 'closed', error: unreachable('the upstream is closed') };
      clearTimeout(timer);
      await connection?.stop();
    },
  };

  function current(): LiveServer | Unavailable {
    switch (state.name) {
      case 'live':
        return state.server;
      case 'waiting':
        return { retryAfter: (state.until - now()) / 1000, error: state.error };
      case 'abandoned':
      case 'closed':
        return { retryAfter: LONG_RETRY, error: state.error };
      case 'idle':
      case 'starting':
        // Only between two states that both follow at once.
        return { retryAfter: 1, error: unreachable('the process is being started') };
      default:
        return state satisfies never;
    }
  }
}

/** True for what `acquire` gives when there is no process. */
export function isUnavailable(server: LiveServer | Unavailable): server is Unavailable {
  return 'retryAfter' in server;
}

function unreachable(reason: string): ProxyError {
  return new ProxyError('ERR_PROXY_UPSTREAM_UNREACHABLE', reason);
}
