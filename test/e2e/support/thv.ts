/** The built command, started as a user would start it. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Finished, Program, SpawnOptions, Stage } from './stage.ts';

const BIN = fileURLToPath(new URL('../../../apps/cli/dist/bin.js', import.meta.url));
const GATEWAY = fileURLToPath(new URL('../../../apps/gateway/dist/main.js', import.meta.url));

interface NodeOptions extends SpawnOptions {
  /** Flags of Node itself. */
  readonly nodeArgs?: readonly string[];
}

/** A `thv run -f` that can be called. */
export interface Thv extends Program {
  readonly url: string;
}

/** Starts `thv run -f` and waits until it has printed its URL. */
export async function startThv(
  stage: Stage,
  args: readonly string[],
  options?: SpawnOptions,
): Promise<Thv> {
  const program = spawnThv(stage, ['run', '-f', '--format', 'json', ...args], options);
  const summary = JSON.parse(await program.until('out', /\}\n$/)) as { readonly url: string };
  return { ...program, url: summary.url };
}

/** Starts any `thv` command. */
export function spawnThv(stage: Stage, args: readonly string[], options?: SpawnOptions): Program {
  return spawnBuilt(stage, BIN, args, options);
}

/** Runs a `thv` command to its end. */
export function runThv(
  stage: Stage,
  args: readonly string[],
  options?: SpawnOptions,
): Promise<Finished> {
  return spawnThv(stage, args, options).finished;
}

/** Starts `thv-gateway`. */
export function spawnGateway(
  stage: Stage,
  args: readonly string[],
  options?: NodeOptions,
): Program {
  return spawnBuilt(stage, GATEWAY, args, options);
}

function spawnBuilt(
  stage: Stage,
  entry: string,
  args: readonly string[],
  options: NodeOptions = {},
): Program {
  if (!existsSync(entry)) {
    throw new Error(`${entry} is missing; build first`);
  }
  const { nodeArgs = [], ...rest } = options;
  return stage.spawn(process.execPath, [...nodeArgs, entry, ...args], rest);
}

/** What stands after `--` to run a fixture server; `mark` makes its process findable. */
export function serverCommand(
  fixture: 'guide-server.ts' | 'raw-stdio-server.ts',
  mark = 'e2e',
): string[] {
  const path = fileURLToPath(new URL(`../../fixtures/${fixture}`, import.meta.url));
  return ['--', process.execPath, path, 'stdio', mark];
}

/** Absolute path of a file of `test/e2e/data`. */
export function dataFile(name: string): string {
  return fileURLToPath(new URL(`../data/${name}`, import.meta.url));
}
