/** Starts the process that runs a workload, and waits until it serves or has failed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, fstatSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CliError, usageError } from '../cli-error.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { prepareSocketPath } from './control-socket-path.ts';
import { ADOPTED, type Order, type Outcome, orderToJson, outcomeFromJson } from './hand-over.ts';
import { logPaths } from './log-files.ts';
import { identify } from './process-identity.ts';
import { openLog } from './rotating-log.ts';
import type { SavedRun, TypedFlags } from './saved-run.ts';
import { serverProcessesPath } from './server-processes.ts';
import { type StateFolders, toStateError } from './state-folders.ts';
import type { WorkloadProcess } from './workload-record.ts';

export interface LaunchOptions {
  readonly run: SavedRun;
  readonly values: TypedFlags;
  readonly lastPort: number | undefined;
  /** Milliseconds. */
  readonly readyTimeout: number;
  /** Resolves when the user does not want to wait any longer. */
  readonly interrupted: Promise<unknown>;
  /** Writes down that the process exists, before it does anything, and that it serves. */
  readonly note: (process: WorkloadProcess, port?: number) => Promise<void>;
}

export interface LaunchContext {
  readonly io: Io;
  readonly folders: StateFolders;
}

export interface Launched {
  /** Of the MCP endpoint. */
  readonly url: string;
}

/** Thrown when a workload did not come up; nothing of it is left running. */
export class LaunchError extends CliError {
  /** The end of its log. */
  readonly lines: readonly string[];

  constructor({ what, why, wayOut, exitCode, lines }: Failure) {
    super({ what, why, wayOut, exitCode: toExitCode(exitCode) });
    this.lines = lines;
  }
}

type Failure = Omit<Extract<Outcome, { readonly type: 'failed' }>, 'type'>;

/** What a process that is told to stop gets before it is killed. Milliseconds. */
const STOP_GRACE = 15_000;
const LINES = 20;

/** @throws {LaunchError} */
export async function launchWorkload(
  options: LaunchOptions,
  { io, folders }: LaunchContext,
): Promise<Launched> {
  const { run, values, lastPort, note } = options;
  const { name } = run;
  const logs = logPaths(folders, name);
  const mark = randomBytes(16).toString('hex');
  const token = randomBytes(32).toString('hex');
  const socket = await prepareSocketPath(folders, name, io.env);
  const { child, logStart } = spawnSupervisor({ run, mark, log: logs.proxy, env: io.env });
  try {
    const pid = child.pid;
    const identity = pid === undefined ? undefined : await identify(pid, mark);
    if (identity === undefined) {
      const lines = tail(logs.proxy, logStart);
      const why = 'its process could not be started';
      throw new LaunchError({ what: name, why, exitCode: EXIT.failed, lines });
    }
    const startedAt = new Date().toISOString();
    const process: WorkloadProcess = { ...identity, token, socket, startedAt, url: undefined };
    await note(process);
    const order: Order = {
      ...{ run, values, token, mark, socket, lastPort },
      serverLog: logs.server,
      proxyLog: logs.proxy,
      serverProcesses: serverProcessesPath(folders, name),
    };
    child.send(orderToJson(order));
    const outcome = await waitForOutcome(child, options);
    if (outcome.type === 'failed') {
      const lines = outcome.lines.length > 0 ? outcome.lines : tail(logs.proxy, logStart);
      throw new LaunchError({ ...outcome, lines });
    }
    const { url, port } = outcome;
    await note({ ...process, url }, port);
    child.send(ADOPTED);
    await once(child, 'disconnect');
    child.unref();
    return { url };
  } catch (error) {
    await end(child);
    throw error;
  }
}

interface SpawnInput {
  readonly run: SavedRun;
  readonly mark: string;
  readonly log: string;
  readonly env: Io['env'];
}

/** A session of its own: it outlives the terminal, and a Ctrl-C there is not meant for it. */
function spawnSupervisor({ run, mark, log, env }: SpawnInput): {
  readonly child: ChildProcess;
  readonly logStart: number;
} {
  const entry = process.argv[1];
  if (entry === undefined) {
    throw new Error('this program does not know its own file');
  }
  if (!statSync(run.workingDirectory, { throwIfNoEntry: false })?.isDirectory()) {
    throw usageError(
      run.name,
      `its working directory ${run.workingDirectory} is not there`,
      'create it again, or run the server from another one',
    );
  }
  let file: number;
  try {
    file = openLog(log);
  } catch (error) {
    throw toStateError(error, log);
  }
  try {
    const logStart = fstatSync(file).size;
    const child = spawn(
      process.execPath,
      [...process.execArgv, entry, 'supervise', run.name, mark],
      {
        cwd: run.workingDirectory,
        env: { ...env },
        detached: true,
        stdio: ['ignore', file, file, 'ipc'],
      },
    );
    // Told by `pid`, or by the end of the channel.
    child.on('error', () => undefined);
    return { child, logStart };
  } finally {
    closeSync(file);
  }
}

async function waitForOutcome(
  child: ChildProcess,
  { run, readyTimeout, interrupted }: LaunchOptions,
): Promise<Outcome> {
  const failed = (why: string, wayOut?: string): Outcome => ({
    ...{ type: 'failed', what: run.name, why, wayOut },
    ...{ exitCode: EXIT.failed, lines: [] },
  });
  const waiting = new AbortController();
  const { signal } = waiting;
  const told = new Promise<Outcome>((resolve) => {
    child.on('message', (message) => {
      const outcome = outcomeFromJson(message);
      if (outcome !== undefined) {
        resolve(outcome);
      }
    });
    child.once('exit', (code, name) => {
      resolve(failed(`its process ended (${name ?? `exit code ${code}`}) before it was ready`));
    });
  });
  const late = sleep(readyTimeout, undefined, { signal }).then(
    () =>
      failed(
        `not ready within ${readyTimeout / 1000}s`,
        'give it longer with --ready-timeout; a download takes its time',
      ),
    // Something else was first.
    () => told,
  );
  try {
    return await Promise.race([told, late, interrupted.then(() => failed('interrupted'))]);
  } finally {
    waiting.abort();
  }
}

/** It is our own child that nobody else waits for, so its pid cannot be anybody else's yet. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const gone = once(child, 'exit');
  // The process stops, in order, when it loses the channel before it was adopted.
  if (child.connected) {
    child.disconnect();
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE);
  await gone;
  clearTimeout(timer);
}

function toExitCode(code: number): ExitCode {
  return Object.values(EXIT).find((known) => known === code) ?? EXIT.failed;
}

/** The last lines that a log was given since `start`. */
function tail(path: string, start: number): readonly string[] {
  try {
    const text = readFileSync(path).subarray(start).toString('utf8').trimEnd();
    return text === '' ? [] : text.split('\n').slice(-LINES);
  } catch {
    // The reason is told without them.
    return [];
  }
}
