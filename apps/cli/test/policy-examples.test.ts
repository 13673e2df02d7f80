/** The examples of examples/policies as a reader would use them, with the built command. */
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runThv } from './spawn-thv.ts';
import { useTempFolder } from './temp-folder.ts';

const run = promisify(execFile);
const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const EXAMPLES = fileURLToPath(new URL('../../../examples/policies', import.meta.url));
// Below the package, so that its dependencies are found; `../package.json` must exist beside it.
const ROOM = join(PACKAGE, 'node_modules', '.examples-test');
const BIN = join(ROOM, 'dist', 'bin.js');
const folder = useTempFolder();

beforeAll(async () => {
  const tsdown = fileURLToPath(new URL('../../../node_modules/.bin/tsdown', import.meta.url));
  await run(tsdown, ['--out-dir', join(ROOM, 'dist'), '--no-dts'], { cwd: PACKAGE });
  await writeFile(join(ROOM, 'package.json'), '{"type":"module","version":"1.2.3"}');
  await mkdir(join(ROOM, 'bin'));
  await symlink(BIN, join(ROOM, 'bin', 'thv'));
}, 60_000);

afterAll(() => rm(ROOM, { recursive: true, force: true }));

/** An environment in which `thv` is the built command. The sibling packages are their sources. */
function environment(): Readonly<Record<string, string>> {
  return {
    PATH: [join(ROOM, 'bin'), join(process.execPath, '..'), process.env['PATH']].join(':'),
    NODE_OPTIONS: '--conditions=@thv/source',
    HOME: folder.path,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'ann',
    GIT_AUTHOR_EMAIL: 'ann@example.com',
    GIT_COMMITTER_NAME: 'ann',
    GIT_COMMITTER_EMAIL: 'ann@example.com',
  };
}

interface Ended {
  readonly code: number;
  readonly err: string;
}

async function git(...args: readonly string[]): Promise<Ended> {
  const options = { cwd: folder.path, env: environment() };
  return run('git', args, options).then(
    ({ stderr }) => ({ code: 0, err: stderr }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ code, err: stderr }),
  );
}

describe('examples/policies', () => {
  it('passes its own check and tests, which reach every policy', async () => {
    const check = await runThv(['policy', 'check', '--strict', 'authz.yaml'], { cwd: EXAMPLES });
    expect(check).toMatchObject({ code: 0, err: '' });
    const tests = ['policy', 'test', '--coverage', 'authz.yaml', 'tests.yaml'];
    const { code, out } = await runThv(tests, { cwd: EXAMPLES });
    expect(code).toBe(0);
    expect(out).not.toContain('never decided');
  });

  it('has a hook that lets good policies in and keeps bad ones out', async () => {
    await git('init', '--quiet');
    await mkdir(join(folder.path, 'policies'));
    for (const name of ['authz.yaml', 'tests.yaml']) {
      await copyFile(join(EXAMPLES, name), join(folder.path, 'policies', name));
    }
    const hook = join(folder.path, '.git', 'hooks', 'pre-commit');
    await mkdir(join(hook, '..'), { recursive: true });
    await copyFile(join(EXAMPLES, 'pre-commit'), hook);
    await chmod(hook, 0o755);
    const commit = async (): Promise<Ended> => {
      await git('add', '--all');
      return git('commit', '--quiet', '--message', 'policies');
    };
    const good = await commit();
    expect(good.err).toContain('7 passed, 0 failed');
    expect(good.code).toBe(0);

    const file = join(folder.path, 'policies', 'authz.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('action == Action::"call_tool"', 'acton'));
    const syntax = await commit();
    expect(syntax.code).toBe(1);
    expect(syntax.err).toContain('error ERR_AUTHZ_POLICY');

    await writeFile(file, text.replace('"divide"', '"multiply"'));
    const wrong = await commit();
    expect(wrong.code).toBe(1);
    expect(wrong.err).toContain('expected deny, got allow');

    // What is staged counts, not what lies in the folder.
    await writeFile(file, text);
    const staged = await git('commit', '--quiet', '--message', 'policies');
    expect(staged.code).toBe(1);

    await git('add', '--all');
    await writeFile(join(folder.path, 'other.txt'), 'x');
    const other = await commit();
    expect(other).toEqual({ code: 0, err: '' });
  }, 60_000);

  it('has a workflow whose steps pass', async () => {
    const workflow = parse(await readFile(join(EXAMPLES, 'policies.yml'), 'utf8'));
    const { steps } = workflow.jobs.policies;
    const commands: string[] = steps.flatMap(({ run: command }: { run?: string }) =>
      command === undefined || command.startsWith('npm ') ? [] : [command],
    );
    expect(commands.length).toBeGreaterThan(1);
    for (const command of commands) {
      await run('sh', ['-ec', command], { cwd: EXAMPLES, env: environment() });
    }
    for (const { uses } of steps) {
      expect(uses ?? `@${'0'.repeat(40)}`).toMatch(/@[0-9a-f]{40}$/);
    }
  });
});
