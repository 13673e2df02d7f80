/** Runs `thv` as a user would: a process with arguments, streams and an exit code. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const BIN = fileURLToPath(new URL('../src/bin.ts', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface SpawnOptions {
  readonly node?: string;
  readonly nodeArgs?: readonly string[];
  readonly bin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface RunningThv {
  readonly child: ChildProcessWithoutNullStreams;
  /** What stdout and stderr have said so far. */
  readonly said: { out: string; err: string };
  readonly finished: Promise<Finished>;
}

export function startThv(args: readonly string[], options: SpawnOptions = {}): RunningThv {
  const { node = process.execPath, nodeArgs = ['--conditions=@thv/source'], bin = BIN } = options;
  const child = spawn(node, [...nodeArgs, bin, ...args], {
    env: { PATH: process.env['PATH'], ...options.env },
    cwd: options.cwd,
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    said.out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    said.err += String(chunk);
  });
  const finished = once(child, 'close').then(([code]) => ({ code, ...said }));
  return { child, said, finished };
}

export function runThv(args: readonly string[], options?: SpawnOptions): Promise<Finished> {
  return startThv(args, options).finished;
}
