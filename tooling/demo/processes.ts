/** Starts `thv` commands as a user would, and stops them again. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../apps/cli/dist/bin.js', import.meta.url));
const running: ChildProcess[] = [];

/** Runs `thv` with `--format json` among its arguments; returns what it prints once it is up. */
export async function startThv(args: readonly string[]): Promise<Record<string, string>> {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([
    once(lines, 'line').then(([line]) => String(line)),
    once(child, 'exit').then(() => undefined),
  ]);
  if (first === undefined) throw new Error(`thv ${args[0]} ended:\n${errors.join('')}`);
  return JSON.parse(first) as Record<string, string>;
}

/** Stops everything that was started, the last first, and waits until it is gone. */
export async function stopAll(): Promise<void> {
  for (const child of running.reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}
