/** What tests ask of the machine: its processes, its ports, its files. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Stage } from './stage.ts';

/** Processes whose command line holds a text. */
export async function findProcesses(mark: string): Promise<number[]> {
  const found: number[] = [];
  for (const [pid, commandLine] of await commandLines()) {
    if (pid !== process.pid && commandLine.includes(mark)) {
      found.push(pid);
    }
  }
  return found;
}

async function commandLines(): Promise<readonly (readonly [pid: number, text: string])[]> {
  const entries = await readdir('/proc').catch(() => undefined);
  if (entries === undefined) {
    const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,args=']);
    return stdout.split('\n').map((line) => [Number.parseInt(line, 10), line]);
  }
  return Promise.all(
    entries
      .filter((entry) => /^\d+$/.test(entry))
      .map(async (entry) => {
        // A process may end while we look.
        const text = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
        return [Number(entry), text] as const;
      }),
  );
}

/** A loopback port on which nothing listens; `hold` keeps it taken until the file ends. */
export async function takePort(stage: Stage, { hold = false } = {}): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const close = () => new Promise((resolve) => server.close(resolve));
  if (hold) stage.defer(close);
  else await close();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

/** Writes files into a folder that is removed with the test file; returns a function from name to path. */
export async function writeFiles(
  stage: Stage,
  files: Readonly<Record<string, string>>,
): Promise<(name: string) => string> {
  const folder = await mkdtemp(join(tmpdir(), 'e2e-'));
  stage.defer(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), text);
  }
  return (name) => join(folder, name);
}
