/** The built packages on every runtime that is at hand, each as a process with the same suite. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RUNTIMES, type Runtime, supported } from './env.ts';
import { startLegacyServer } from './legacy-server.ts';

const run = promisify(execFile);
const HERE = fileURLToPath(new URL('.', import.meta.url));
const BUN = fileURLToPath(new URL('../node_modules/.bin/bun', import.meta.url));
// The binary itself: the command of the package is a script that does not pass signals on.
const { runInstall } = createRequire(import.meta.url)('deno/install_api.cjs') as {
  runInstall(): string;
};
/** What the packages need of Deno, and nothing beyond. The environment is asked by the YAML parser. */
const DENO_FLAGS = [
  '--no-lock',
  '--cached-only',
  '--no-check',
  '--allow-net=127.0.0.1',
  '--allow-read',
  '--allow-env=LOG_TOKENS,LOG_STREAM',
];

/** Of which one is left out for each thing that a runtime lacks; see `env.ts`. */
const CASES = 22;

const HOSTS: Readonly<Record<Runtime, readonly string[]>> = {
  node: [process.execPath, 'node.ts'],
  bun: [BUN, 'bun.ts'],
  deno: [runInstall(), 'run', ...DENO_FLAGS, 'deno.ts'],
  workerd: [process.execPath, 'workerd.ts'],
  'workerd-nodejs': [process.execPath, 'workerd.ts', '--nodejs'],
};

describe.each(RUNTIMES)('the built packages on %s', (runtime) => {
  it('pass every case of the shared suite', async () => {
    const [command = '', ...args] = HOSTS[runtime];
    const env = { PATH: process.env['PATH'], DO_NOT_TRACK: '1' };
    const legacy = await startLegacyServer();
    onTestFinished(legacy.close);
    const { stdout, stderr } = await run(command, [...args, legacy.control], {
      cwd: HERE,
      env,
      timeout: 50_000,
    });
    const [first, ...cases] = stdout.trimEnd().split('\n');
    expect(first, stderr).toBe(`${runtime} built`);
    expect(cases.filter((line) => !line.startsWith('ok '))).toEqual([]);
    const missing = Object.values(supported(runtime)).filter((isThere) => !isThere);
    expect(cases).toHaveLength(CASES - missing.length);
  });
});
