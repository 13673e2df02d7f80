/** Starts the programs of one test file and makes sure that none of them outlives it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll } from 'vitest';

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Program {
  readonly pid: number;
  /** What stdout and stderr have said so far. */
  readonly said: { readonly out: string; readonly err: string };
  readonly finished: Promise<Finished>;
  /** Resolves once a stream has said something that fits; rejects when the program ends before. */
  until(stream: 'out' | 'err', pattern: RegExp): Promise<string>;
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Finished>;
}

export interface SpawnOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Stage {
  spawn(command: string, args: readonly string[], options?: SpawnOptions): Program;
  /** Runs at the end of the file, the last first, also when a test has failed. */
  defer(cleanup: () => Promise<unknown>): void;
}

/** Patience with a program that does not say what it should. */
const PATIENCE = 30_000;
/** A program that ignores SIGTERM this long is killed. */
const GRACE = 10_000;

/** Call it once per file, outside of tests. */
export function useStage(): Stage {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterAll(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) {
      await cleanup();
    }
  });
  return {
    spawn(command, args, options) {
      const program = startProgram(command, args, options);
      cleanups.push(() => program.stop());
      return program;
    },
    defer(cleanup) {
      cleanups.push(cleanup);
    },
  };
}

function startProgram(
  command: string,
  args: readonly string[],
  { cwd, env }: SpawnOptions = {},
): Program {
  const child = spawn(command, args, { cwd, env: { PATH: process.env['PATH'], ...env } });
  child.stdin.end();
  const endWithUs = () => child.kill('SIGTERM');
  process.once('exit', endWithUs);
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  const finished = once(child, 'close').then(([code]): Finished => {
    process.off('exit', endWithUs);
    return { code, ...said };
  });
  return {
    pid: child.pid ?? -1,
    said,
    finished,
    until: (stream, pattern) => waitForWords(child, { said, stream, pattern }),
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), GRACE);
      const result = await finished;
      clearTimeout(timer);
      return result;
    },
  };
}

interface Awaited {
  readonly said: { readonly out: string; readonly err: string };
  readonly stream: 'out' | 'err';
  readonly pattern: RegExp;
}

function waitForWords(
  child: ChildProcessWithoutNullStreams,
  { said, stream, pattern }: Awaited,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const source = stream === 'out' ? child.stdout : child.stderr;
    const settle = (failure?: string): void => {
      clearTimeout(timer);
      source.off('data', look);
      child.off('close', onClose);
      if (failure === undefined) resolve(said[stream]);
      else reject(new Error(`${failure} without saying ${pattern}:\n${said.out}\n${said.err}`));
    };
    const look = () => {
      if (pattern.test(said[stream])) settle();
    };
    const onClose = () => settle('the program ended');
    const timer = setTimeout(settle, PATIENCE, `${PATIENCE} ms passed`);
    source.on('data', look);
    child.once('close', onClose);
    look();
  });
}
