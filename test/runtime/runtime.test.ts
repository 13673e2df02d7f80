/** The built packages on every runtime that is at hand, each as a process with the same suite. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const HERE = fileURLToPath(new URL('.', import.meta.url));
const BUN = fileURLToPath(new URL('../node_modules/.bin/bun', import.meta.url));

describe.each([
  ['node', process.execPath, 'node.ts'],
  ['bun', BUN, 'bun.ts'],
])('the built packages on %s', (runtime, command, host) => {
  it('pass every case of the shared suite', async () => {
    const env = { PATH: process.env['PATH'], DO_NOT_TRACK: '1' };
    const { stdout, stderr } = await run(command, [host], { cwd: HERE, env, timeout: 30_000 });
    const [first, ...cases] = stdout.trimEnd().split('\n');
    expect(first, stderr).toBe(`${runtime} built`);
    expect(cases.filter((line) => !line.startsWith('ok '))).toEqual([]);
    expect(cases).toHaveLength(9);
  });
});
