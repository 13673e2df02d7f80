/**
 * How thv talks to a workload that runs: one line of JSON each way on a socket that only this user
 * can reach. Both sides show that they mean the same run of the same workload: who asks knows the
 * token, who answers the mark.
 */
import { timingSafeEqual } from 'node:crypto';
import { chmod, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { isRecord, parseJson } from '../services/json-value.ts';
import type { TypedFlags } from './saved-run.ts';
import type { WorkloadProcess } from './workload-record.ts';

export type ControlCommand = 'status' | 'stop' | 'values';

/** What a workload says about itself. */
export interface WorkloadReport {
  readonly status: 'starting' | 'running' | 'unhealthy' | 'error' | 'stopping';
  /** Why it is not running; null when it is. */
  readonly detail: string | null;
  /** `ok`, `degraded` or `not ready`. */
  readonly health: string;
  /** How often the server was started again. */
  readonly restarts: number;
}

export interface ControlAnswers {
  readonly status: () => Promise<WorkloadReport>;
  /** Begins to stop; does not wait for it. */
  readonly stop: () => void;
  /** The values that are not saved, for whoever starts it again. */
  readonly values: () => TypedFlags;
}

export interface ControlServerOptions extends ControlAnswers {
  readonly path: string;
  readonly token: string;
  readonly mark: string;
}

const MAX_LINE = 4096;
const PATIENCE_MS = 5000;

/**
 * Listens on the socket of a workload. Whoever started it holds the workload's lock.
 *
 * @throws {CliError} when somebody listens there, whom nothing that is written down knows of.
 */
export async function openControlServer(
  name: string,
  options: ControlServerOptions,
): Promise<{ close(): Promise<void> }> {
  if (await isListening(options.path)) {
    throw new CliError({
      exitCode: EXIT.failed,
      what: name,
      why: 'a proxy of this name still runs, although its state was lost',
      wayOut: `end it first; ps ax | grep 'supervise ${name}' finds it`,
    });
  }
  const server = createServer((socket) => void serve(socket, options));
  // What a run that was killed has left.
  await rm(options.path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.path, resolve);
  });
  await chmod(options.path, 0o600);
  server.unref();
  return { close: () => closeServer(server) };
}

/**
 * Asks a workload.
 *
 * @returns undefined when nobody answers, or not whom it is meant for.
 */
export async function askWorkload(
  process: WorkloadProcess,
  command: ControlCommand,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const socket = connect(process.socket);
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  try {
    socket.write(`${JSON.stringify({ token: process.token, command })}\n`);
    const answer = parseJson((await readLine(socket, Number.POSITIVE_INFINITY)) ?? '');
    return isRecord(answer) && answer['mark'] === process.mark ? answer : undefined;
  } finally {
    socket.destroy();
  }
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function serve(socket: Socket, options: ControlServerOptions): Promise<void> {
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  const request = parseJson((await readLine(socket, MAX_LINE)) ?? '');
  if (!isRecord(request) || !isToken(request['token'], options.token)) {
    socket.destroy();
    return;
  }
  const answer = await answerTo(request['command'], options).catch(() => undefined);
  if (answer === undefined) {
    socket.destroy();
    return;
  }
  socket.end(`${JSON.stringify({ mark: options.mark, ...answer })}\n`);
  if (request['command'] === 'stop') {
    options.stop();
  }
}

async function answerTo(command: unknown, { status, values }: ControlServerOptions) {
  switch (command) {
    case 'status':
      return status();
    case 'stop':
      return {};
    case 'values':
      return { values: values() };
    default:
      return undefined;
  }
}

function isToken(given: unknown, expected: string): boolean {
  const [left, right] = [Buffer.from(String(given)), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The first line; undefined when there is none, or it is longer than `max`. Never rejects. */
function readLine(socket: Socket, max: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) {
        resolve(text.slice(0, end));
      } else if (text.length > max) {
        socket.destroy();
      }
    });
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(undefined));
  });
}

/** Closing removes the file, too. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
