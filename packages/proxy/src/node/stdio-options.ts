/** What the stdio upstream can be told: one table of options with units and defaults. */

import { quietly } from '../quietly.ts';

/** When a server process that ended is started again. */
export interface StdioRestartOptions {
  /** Wait before the first restart; doubles with each further one. Milliseconds. Default 5000. */
  readonly initialDelay?: number;
  /** Longest wait between restarts. Milliseconds. Default 60 000. */
  readonly maxDelay?: number;
  /** Restarts in a row before the upstream gives up. Default 10. */
  readonly maxAttempts?: number;
  /**
   * A process that ran this long was healthy: it is restarted at once and the count starts again.
   * Milliseconds. Default 30 000.
   */
  readonly stableAfter?: number;
}

/** Options of `createStdioUpstream`. */
export interface StdioUpstreamOptions {
  /** The program to run; never passed through a shell. */
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the process: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** `shared`: one process serves everybody. `session`: one per session. Default `shared`. */
  readonly isolation?: 'shared' | 'session';
  /** Longest silence before a request is given up; progress starts it anew. Milliseconds. Default 60 000. */
  readonly requestTimeout?: number;
  /** Longest life of a request, progress or not. Milliseconds. Default 1 hour. */
  readonly maxRequestTimeout?: number;
  /** How long a process may take to answer `initialize`. Milliseconds. Default 60 000. */
  readonly startTimeout?: number;
  /** Time between SIGTERM and SIGKILL. Milliseconds. Default 5000. */
  readonly stopTimeout?: number;
  /** Sessions end when they have not been used this long. Milliseconds. Default 2 hours. */
  readonly sessionTtl?: number;
  /** Most sessions at once. Default 10 000 when shared; 100, each with a process, otherwise. */
  readonly maxSessions?: number;
  /** Longest line that the process may write. Bytes. Default 16 MiB. */
  readonly maxLineBytes?: number;
  /**
   * What may wait for a process that does not read its input. Bytes. Default 16 MiB. Four times that
   * may be held of requests that it has read and not answered.
   */
  readonly maxQueuedBytes?: number;
  /** What may wait for a client that does not read its stream. Bytes. Default 1 MiB. */
  readonly maxStreamBytes?: number;
  /** Interval of comments on silent streams. Milliseconds. Default 30 000. */
  readonly keepAlive?: number;
  readonly restart?: StdioRestartOptions;
  /** How the proxy introduces itself to the process. Default `{ name: 'thv', version: '0' }`. */
  readonly clientInfo?: { readonly name: string; readonly version: string };
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  readonly log: (event: StdioEvent) => void;
  /** Receives what the process writes to stderr, line by line. */
  readonly stderr?: (line: string) => void;
}

/** What the operator may want to know. Never holds what clients and servers said to each other. */
export type StdioEvent =
  | { readonly type: 'process-started'; readonly pid: number }
  | { readonly type: 'process-ready'; readonly pid: number; readonly version: string }
  /** `stderr`: the last lines of the process. `reason` is fit for the operator's terminal. */
  | {
      readonly type: 'process-failed' | 'process-exited';
      readonly reason: string;
      readonly stderr: readonly string[];
    }
  | { readonly type: 'restart-scheduled'; readonly attempt: number; readonly delay: number }
  | { readonly type: 'restart-abandoned'; readonly attempts: number }
  /** A client needed the 2026-07-28 revision: the server speaks it itself, or is translated. */
  | { readonly type: 'revision-found'; readonly native: boolean }
  /** The process wrote a line that is not one strictly read JSON-RPC message. */
  | { readonly type: 'line-skipped'; readonly reason: string; readonly length: number }
  /** A request was answered with a line that cannot be read; its client was told −32603. */
  | { readonly type: 'reply-withheld'; readonly method: string }
  /** An answer to nothing: late after a timeout or a cancellation, or made up. */
  | { readonly type: 'reply-unmatched' }
  | { readonly type: 'request-timed-out'; readonly method: string }
  /** A message for which there is no receiver. */
  | { readonly type: 'message-dropped'; readonly method: string; readonly reason: DropReason }
  /** A client reads its stream too slowly; the stream was closed. */
  | { readonly type: 'stream-overflow'; readonly stream: 'request' | 'session' | 'subscription' }
  | { readonly type: 'session-ended'; readonly reason: SessionEnd };

export type DropReason = 'unroutable' | 'no-receiver' | 'queue-full' | 'not-asked-for';
export type SessionEnd =
  | 'deleted'
  | 'expired'
  | 'evicted'
  | 'process-exited'
  /** The process of a new session refused `initialize`. */
  | 'refused'
  | 'closed';

/** The options with every default filled in. */
export interface StdioSettings extends Required<Omit<StdioUpstreamOptions, 'cwd' | 'restart'>> {
  readonly cwd: string | undefined;
  readonly restart: Required<StdioRestartOptions>;
}

const MIB = 1024 * 1024;
const HOUR = 3_600_000;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {TypeError} naming the option that is missing or out of range.
 */
export function resolveStdioOptions(options: StdioUpstreamOptions): StdioSettings {
  const isolation = options.isolation ?? 'shared';
  if (isolation !== 'shared' && isolation !== 'session') {
    throw new TypeError('"isolation" option must be "shared" or "session"');
  }
  if (typeof options.command !== 'string' || options.command === '') {
    throw new TypeError('"command" option must be a non-empty string');
  }
  const settings: StdioSettings = {
    command: options.command,
    args: [...options.args],
    env: { ...options.env },
    cwd: options.cwd,
    isolation,
    requestTimeout: options.requestTimeout ?? 60_000,
    maxRequestTimeout: options.maxRequestTimeout ?? HOUR,
    startTimeout: options.startTimeout ?? 60_000,
    stopTimeout: options.stopTimeout ?? 5000,
    sessionTtl: options.sessionTtl ?? 2 * HOUR,
    maxSessions: options.maxSessions ?? (isolation === 'shared' ? 10_000 : 100),
    maxLineBytes: options.maxLineBytes ?? 16 * MIB,
    maxQueuedBytes: options.maxQueuedBytes ?? 16 * MIB,
    maxStreamBytes: options.maxStreamBytes ?? MIB,
    keepAlive: options.keepAlive ?? 30_000,
    restart: {
      initialDelay: options.restart?.initialDelay ?? 5000,
      maxDelay: options.restart?.maxDelay ?? 60_000,
      maxAttempts: options.restart?.maxAttempts ?? 10,
      stableAfter: options.restart?.stableAfter ?? 30_000,
    },
    clientInfo: options.clientInfo ?? { name: 'thv', version: '0' },
    now: options.now ?? Date.now,
    log: quietly(options.log),
    stderr: quietly(options.stderr ?? (() => undefined)),
  };
  for (const [name, value] of [...Object.entries(settings), ...Object.entries(settings.restart)]) {
    if (typeof value === 'number') checkNumber(name, value);
  }
  return settings;
}

/** Compared with a clock or a counter, never given to a timer. */
const UNTIMED: ReadonlySet<string> = new Set(['sessionTtl', 'maxRequestTimeout', 'stableAfter']);
/** A timer that is asked to wait longer fires at once. */
export const MAX_TIMER: number = 2 ** 31 - 1;

function checkNumber(name: string, value: number): void {
  if (!Number.isFinite(value) || value < 0) {
    throw new TypeError(`"${name}" option must be a finite number, not negative`);
  }
  if (value > MAX_TIMER && !UNTIMED.has(name)) {
    throw new TypeError(`"${name}" option must not be above ${MAX_TIMER}`);
  }
}
