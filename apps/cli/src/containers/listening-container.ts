/** A container whose server listens: started, waited for, and started again when it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostReports, ServerHost } from '@thv/compose';

export interface ListeningOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** For messages. */
  readonly label: string;
  /** Where it answers once it serves. */
  readonly url: string;
  readonly explain: (reason: string) => unknown;
  /** Wait before the first restart; doubles with each further one. Milliseconds. Default 5000. */
  readonly firstDelay?: number;
}

const POLL_MS = 100;
const ASK_MS = 2_000;
const START_MS = 60_000;
const STDERR_KEPT = 20;
const FIRST_DELAY_MS = 5_000;
const LONGEST_DELAY_MS = 60_000;
const MOST_RESTARTS = 10;
/** A container that served this long was healthy: the count starts again. */
const STABLE_MS = 30_000;

export function startListening(options: ListeningOptions): ServerHost {
  const { firstDelay = FIRST_DELAY_MS } = options;
  const closing = new AbortController();
  let child: Running | undefined;

  const supervise = async (reports: HostReports): Promise<void> => {
    const { log } = reports;
    for (let attempt = 0; !closing.signal.aborted; ) {
      const startedAt = performance.now();
      const reason = await child?.ended;
      if (closing.signal.aborted) {
        return;
      }
      child?.logLastLines();
      attempt = performance.now() - startedAt > STABLE_MS ? 1 : attempt + 1;
      if (attempt > MOST_RESTARTS) {
        log({
          level: 'error',
          message: `${options.label}: not started again: ${MOST_RESTARTS} failures`,
        });
        return;
      }
      const delay = Math.min(firstDelay * 2 ** (attempt - 1), LONGEST_DELAY_MS);
      log({
        level: 'warn',
        message: `${options.label}: ${reason}; started again in ${delay / 1000} s`,
      });
      await sleep(delay, undefined, { signal: closing.signal }).catch(() => undefined);
      if (!closing.signal.aborted) {
        child = run(options, reports);
      }
    }
  };

  return {
    async start(reports, stopping) {
      child = run(options, reports);
      await answers(child, options, stopping);
      void supervise(reports);
    },
    async close() {
      closing.abort();
      child?.end();
      await child?.ended;
    },
  };
}

/** A port that was free a moment ago; the engine says so if it is taken meanwhile. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

interface Running {
  /** How it ended. Never rejects. */
  readonly ended: Promise<string>;
  /** What it said last, as errors. */
  readonly logLastLines: () => void;
  readonly end: () => void;
}

function run(
  { command, args, env, cwd, label }: ListeningOptions,
  { log, serverLog }: HostReports,
): Running {
  const child: ChildProcess = spawn(command, [...args], {
    env: { ...env },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const lastLines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) {
      createInterface({ input: stream }).on('line', (line) => {
        lastLines.push(line);
        if (lastLines.length > STDERR_KEPT) {
          lastLines.shift();
        }
        serverLog(line);
      });
    }
  }
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`cannot be started: ${error.message}`));
    child.once('close', (code, signal) =>
      resolve(code === null ? `was ended by ${signal}` : `exited with code ${code}`),
    );
  });
  log({ level: 'debug', message: `started ${label}`, detail: { pid: child.pid } });
  return {
    ended,
    logLastLines: () => {
      for (const line of lastLines) {
        log({ level: 'error', message: `server: ${line}` });
      }
    },
    end: () => void child.kill('SIGTERM'),
  };
}

/** Any answer will do: what the server says to a GET without credentials is its own affair. */
async function answers(
  child: Running,
  options: ListeningOptions,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + START_MS;
  let end: string | undefined;
  void child.ended.then((reason) => {
    end = reason;
  });
  while (!signal.aborted) {
    const isUp = await fetch(options.url, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]),
    }).then(
      () => true,
      // Nobody listens yet, or it does not answer yet.
      () => false,
    );
    if (end !== undefined) {
      child.logLastLines();
      throw options.explain(end);
    }
    if (isUp) {
      return;
    }
    if (performance.now() > until) {
      child.end();
      throw options.explain('no answer in time');
    }
    await sleep(POLL_MS);
  }
  throw new Error('stopped while starting');
}
