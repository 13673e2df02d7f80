/** Servers in the background, in a state folder of the file's own; nothing of them outlives it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import type { Finished, Stage } from './stage.ts';
import { runThv } from './thv.ts';

export interface Workloads {
  /** Where the commands are typed. */
  readonly cwd: () => string;
  readonly env: () => Readonly<Record<string, string>>;
  /** Path of a file below the state folder. */
  readonly state: (...path: readonly string[]) => string;
  /** Types a command. */
  readonly thv: (...args: readonly string[]) => Promise<Finished>;
  /** Types a command that must succeed and print JSON. */
  readonly json: <T>(...args: readonly string[]) => Promise<T>;
  readonly write: (name: string, text: string) => Promise<void>;
}

/** As `thv list` and `thv status` print it. */
export interface Seen {
  readonly name: string;
  readonly status: string;
  readonly url: string | null;
  readonly detail: string | null;
  readonly restarts: number;
  readonly pid: number;
  readonly log: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Call it once per file, outside of tests. */
export function useWorkloads(stage: Stage): Workloads {
  let folder = '';
  const env = () => ({
    HOME: folder,
    XDG_STATE_HOME: join(folder, 'state'),
    THV_TEST_RESTART_DELAY: '50',
  });
  const thv = (...args: readonly string[]) => runThv(stage, args, { env: env(), cwd: folder });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thv-e2e-'));
    stage.defer(async () => {
      await thv('rm', '--all');
      await rm(folder, { recursive: true, force: true });
    });
  });
  return {
    cwd: () => folder,
    env,
    thv,
    state: (...path) => join(folder, 'state', 'thv', ...path),
    async json(command = '', ...args) {
      const { code, out, err } = await thv(command, '--format', 'json', ...args);
      expect(code, err).toBe(0);
      return JSON.parse(out);
    },
    write: (name, text) => writeFile(join(folder, name), text),
  };
}

/** A word that no other process has on its command line. */
export function newMark(): string {
  return `thv-e2e-${crypto.randomUUID()}`;
}
