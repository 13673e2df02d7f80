/** The other processes of a benchmark: started, listened to, and ended with it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

/** A process that has said, in one line of JSON, where it is. */
export interface Child {
  readonly said: Readonly<Record<string, string>>;
  readonly process: ChildProcess;
  /** The next line that it writes. */
  nextLine(): Promise<string>;
}

const children: ChildProcess[] = [];
process.once('exit', () => {
  for (const child of children) child.kill();
});

/** Starts a program of this folder. */
export async function startChild(
  name: string,
  env: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
): Promise<Child> {
  const child = spawn(process.execPath, [...flags, join(import.meta.dirname, name)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout });
  const said = JSON.parse(await nextLine(lines)) as Record<string, string>; // A program of ours.
  return { said, process: child, nextLine: () => nextLine(lines) };
}

async function nextLine(lines: Interface): Promise<string> {
  const [line] = await once(lines, 'line');
  return String(line);
}
