/**
 * Runs the benchmarks one after another, each in a process of its own: `pnpm bench [NAME…]`.
 * Numbers are only worth something beside the base of the same run; budgets are ratios.
 */

import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem } from 'node:os';
import { basename, join } from 'node:path';

const wanted = process.argv.slice(2);
const files = globSync('{micro,http,startup}/*.ts', { cwd: import.meta.dirname }).sort();
const chosen = files.filter(
  (file) => wanted.length === 0 || wanted.includes(basename(file, '.ts')),
);
if (chosen.length === 0) {
  process.stderr.write(
    `no such benchmark; there are: ${files.map((file) => basename(file, '.ts')).join(', ')}\n`,
  );
  process.exit(2);
}

const cpu = cpus();
process.stdout.write(
  `${cpu[0]?.model ?? 'unknown CPU'} × ${cpu.length}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${arch()}, ${release()}\n` +
    `Node ${process.versions.node}, V8 ${process.versions.v8}, load ${loadavg()[0]?.toFixed(2)}\n`,
);
let failed = false;
for (const file of chosen) {
  process.stdout.write(`\n${file}\n`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, file)], {
    stdio: 'inherit',
  });
  failed ||= status !== 0;
}
process.exitCode = failed ? 1 : 0;
