/**
 * How long `thv` takes to say something, beside a Node that does nothing. Fresh processes, one at a
 * time, in alternating order; what is read from disk is warm.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureRounds } from '../support/rounds.ts';

const BIN = fileURLToPath(new URL('../../../apps/cli/dist/bin.js', import.meta.url));
const ROUNDS = 21;
const home = mkdtempSync(join(tmpdir(), 'thv-bench-'));
const env = { ...process.env, HOME: home, XDG_STATE_HOME: join(home, 'state') };

/** Milliseconds from the start of the process to its end. */
async function run(args: readonly string[]): Promise<number> {
  const start = process.hrtime.bigint();
  const { status } = spawnSync(process.execPath, args, { env, stdio: 'ignore' });
  const end = process.hrtime.bigint();
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
  return Number(end - start) / 1e6;
}

const BASE = 'node -e 0';
const commands = [['version'], ['--help'], ['list'], ['__workloads']];
try {
  for (const args of commands) await run([BIN, ...args]);
  const medians = await measureRounds(
    [
      { name: BASE, run: () => run(['-e', '0']) },
      ...commands.map((args) => ({
        name: `thv ${args.join(' ')}`,
        run: () => run([BIN, ...args]),
      })),
    ],
    ROUNDS,
  );
  const base = medians.get(BASE) ?? Number.NaN;
  for (const [name, milliseconds] of medians) {
    const times = (milliseconds / base).toFixed(2);
    console.log(`${name.padEnd(16)} ${milliseconds.toFixed(1).padStart(7)} ms   ${times} × node`);
  }
  console.log(`median of ${ROUNDS} interleaved rounds; a Tab asks for names with thv __workloads`);
} finally {
  rmSync(home, { recursive: true });
}
