/** One child process: started without a shell, spoken to in lines, stopped with its whole tree. */

import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLineReader, type LineSink } from './stdio-lines.ts';
import { endProcessTree } from './stdio-tree.ts';
import { createLineWriter, type WriteResult } from './stdio-writer.ts';

export interface StdioProcess {
  /** Undefined when the process could not be started. */
  readonly pid: number | undefined;
  /** Resolves when the process is gone and all that it wrote has been read. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Sends one line; `force` lets small control messages pass a full queue. */
  write(line: string, force?: boolean): WriteResult;
  /** Closes stdin, then SIGTERM, then SIGKILL. Resolves when the whole tree is gone. */
  stop(): Promise<void>;
}

export interface ProcessExit {
  /** For the operator: how the process ended, or why it never began. */
  readonly reason: string;
  /** The last lines that it wrote to stderr. */
  readonly stderr: readonly string[];
}

export interface StdioProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  /** Time between SIGTERM and SIGKILL. Milliseconds. */
  readonly stopTimeout: number;
  readonly maxLineBytes: number;
  readonly maxQueuedBytes: number;
  readonly stdout: LineSink;
  readonly stderr: (line: string) => void;
}

/** Lines of stderr that are kept for the log. */
const STDERR_KEPT = 20;
const STDERR_LINE_BYTES = 8192;
/** Output that is still in the pipe when the process ends; a stray descendant may hold it open. */
const DRAIN_MS = 200;
/** What a process that closed its end of a pipe gets to exit by itself. */
const LINGER_MS = 1000;

/** Starts a process. A failure to start shows in `exited`. */
export function startStdioProcess(options: StdioProcessOptions): StdioProcess {
  const child = trySpawn(options);
  if (typeof child === 'string') return neverStarted(startFailure(options, child));

  const stderr: string[] = [];
  const stdoutReader = createLineReader(options.maxLineBytes, options.stdout);
  const stderrReader = createLineReader(STDERR_LINE_BYTES, {
    line: (bytes) => noteStderr(Buffer.from(bytes).toString('utf8')),
    oversize: (length) => noteStderr(`[line of ${length} bytes]`),
  });
  const noteStderr = (line: string): void => {
    stderr.push(line);
    if (stderr.length > STDERR_KEPT) stderr.shift();
    options.stderr(line);
  };
  const writer = createLineWriter(child.stdin, options.maxQueuedBytes);
  child.stdout.on('data', (chunk: Buffer) => stdoutReader.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderrReader.push(chunk));

  let hasExited = false;
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= stopTree();
    return stopping;
  };

  const exited = new Promise<ProcessExit>((resolve) => {
    const settle = (reason: string): void => {
      if (hasExited) return;
      hasExited = true;
      stdoutReader.end();
      stderrReader.end();
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      resolve({ reason, stderr });
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      // After the start, an error is only a signal that could not be delivered.
      if (child.pid === undefined) settle(startFailure(options, error.code ?? 'unknown error'));
    });
    child.once('exit', (code, signal) => {
      const reason = `"${options.command}" ${code === null ? `was ended by ${signal}` : `exited with code ${code}`}`;
      const timer = setTimeout(settle, DRAIN_MS, reason);
      child.once('close', () => {
        clearTimeout(timer);
        settle(reason);
      });
    });
  });

  const stopTree = async (): Promise<void> => {
    writer.flush();
    child.stdin.end();
    await settlesWithin(exited, options.stopTimeout / 5);
    await endProcessTree(child, options.stopTimeout);
    await exited;
  };

  // A server without input or output can serve nobody, even if it stays.
  const onPipeLost = (): void => {
    const timer = setTimeout(() => void stop(), LINGER_MS);
    void exited.then(() => clearTimeout(timer));
  };
  child.stdin.on('error', onPipeLost);
  child.stdout.once('end', onPipeLost);

  return { pid: child.pid, exited, write: writer.write, stop };
}

type PipedChild = ChildProcess & {
  readonly stdin: NonNullable<ChildProcess['stdin']>;
  readonly stdout: NonNullable<ChildProcess['stdout']>;
  readonly stderr: NonNullable<ChildProcess['stderr']>;
};

function isPiped(child: ChildProcess): child is PipedChild {
  // The types say null, which is for streams that were not asked for; a failed spawn has undefined.
  return Boolean(child.stdin && child.stdout && child.stderr);
}

/** The child, or the code of an error that `spawn` throws instead of reporting. */
function trySpawn(options: StdioProcessOptions): PipedChild | string {
  try {
    const child = spawn(options.command, [...options.args], {
      cwd: options.cwd,
      env: { ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      shell: false,
      windowsHide: true,
      // A process group of its own: signals reach what the command starts, too.
      detached: process.platform !== 'win32',
    });
    const spawned: ChildProcess = child;
    if (isPiped(spawned)) return spawned;
    // Out of file descriptors: there are no pipes, and the error is also reported as an event.
    spawned.on('error', () => undefined);
    return 'EMFILE';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return typeof code === 'string' ? code : 'unknown error';
  }
}

function neverStarted(reason: string): StdioProcess {
  return {
    pid: undefined,
    exited: Promise.resolve({ reason, stderr: [] }),
    write: () => 'gone',
    stop: () => Promise.resolve(),
  };
}

function startFailure(options: StdioProcessOptions, code: string): string {
  const missing =
    options.cwd === undefined ? 'command not found' : 'command or directory not found';
  const why = code === 'ENOENT' ? `${missing} (ENOENT)` : code;
  return `cannot start "${options.command}": ${why}`;
}

/** Waits for a promise, but not longer than `time`, and leaves no timer behind. */
async function settlesWithin(promise: Promise<unknown>, time: number): Promise<void> {
  const timeout = new AbortController();
  const timer = sleep(time, undefined, { signal: timeout.signal }).catch(() => undefined);
  await Promise.race([promise, timer]);
  timeout.abort();
}
