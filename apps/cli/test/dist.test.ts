import { execFile } from 'node:child_process';
import { access, constants, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runThv } from './spawn-thv.ts';

const run = promisify(execFile);
const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
// Below the package, so that its dependencies are found; `../package.json` must exist beside it.
const ROOM = join(PACKAGE, 'node_modules', '.dist-test');
const DIST = join(ROOM, 'dist');
const BIN = join(DIST, 'bin.js');
const TOO_OLD = /^thv: Node\.js \S+ is too old: 22\.12 or newer is needed; [^\n]+\n$/;

beforeAll(async () => {
  const tsdown = fileURLToPath(new URL('../../../node_modules/.bin/tsdown', import.meta.url));
  await run(tsdown, ['--out-dir', DIST, '--no-dts'], { cwd: PACKAGE });
  await writeFile(join(ROOM, 'package.json'), '{"type":"module","version":"1.2.3"}');
}, 60_000);

afterAll(() => rm(ROOM, { recursive: true, force: true }));

/** Every Node on this machine that is older than what we need. */
async function findOldNodes(): Promise<string[]> {
  const folders = new Set([
    ...(process.env['PATH'] ?? '').split(':'),
    '/usr/bin',
    '/usr/local/bin',
  ]);
  const found: string[] = [];
  for (const folder of folders) {
    const node = join(folder, 'node');
    const version = await run(node, ['--version']).then(
      ({ stdout }) => stdout.trim(),
      () => undefined,
    );
    const [major = 0, minor = 0] = (version ?? '').replace('v', '').split('.').map(Number);
    if (version !== undefined && (major < 22 || (major === 22 && minor < 12))) {
      found.push(node);
    }
  }
  return found;
}

describe('the built command', () => {
  it('is executable and runs', async () => {
    await access(BIN, constants.X_OK);
    const { stdout } = await run(BIN, ['version', '--format', 'json'], {
      env: { PATH: `${join(process.execPath, '..')}:${process.env['PATH']}` },
    });
    expect(JSON.parse(stdout)).toMatchObject({ version: '1.2.3' });
  });

  it('imports only what its package depends on, so that it can be installed', async () => {
    const manifest = JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8'));
    const allowed = Object.keys(manifest.dependencies);
    const optional = Object.keys(manifest.optionalDependencies);
    expect(allowed).not.toContain('@thv/compose');
    for (const file of (await readdir(DIST)).filter((name) => name.endsWith('.js'))) {
      const text = await readFile(join(DIST, file), 'utf8');
      for (const [found, name = ''] of text.matchAll(
        /(?:from|import)\s*\(?\s*["']([@\w][\w@/.:-]*)["']/g,
      )) {
        const packageName = name.split('/', name.startsWith('@') ? 2 : 1).join('/');
        // What may be missing is loaded where somebody sees that it is.
        const isOptional = found.startsWith('import(') && optional.includes(packageName);
        const known = name.startsWith('node:') || allowed.includes(packageName) || isOptional;
        expect(known, `${file} imports ${name}`).toBe(true);
      }
    }
  });

  it.each(['20.20.2', '22.11.0', '18.0.0', '4.9.1'])(
    'says that Node %s is too old',
    async (node) => {
      const shim = `Object.defineProperty(process,'versions',{value:{...process.versions,node:'${node}'}})`;
      const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(shim)}`];
      const { code, out, err } = await runThv(['version'], { bin: BIN, nodeArgs });
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toMatch(TOO_OLD);
      expect(err).toContain(node);
    },
  );

  it('says so on every really old Node of this machine', async () => {
    for (const node of await findOldNodes()) {
      const { code, out, err } = await runThv(['version'], { bin: BIN, node, nodeArgs: [] });
      expect({ node, code, out }).toEqual({ node, code: 2, out: '' });
      expect(err).toMatch(TOO_OLD);
    }
  });

  it.each(['22.12.0', '23.0.0', '24.1.0'])('accepts Node %s', async (node) => {
    const shim = `Object.defineProperty(process,'versions',{value:{...process.versions,node:'${node}'}})`;
    const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(shim)}`];
    expect(await runThv(['version'], { bin: BIN, nodeArgs })).toMatchObject({ code: 0, err: '' });
  });

  it.each<[string, readonly string[]]>([
    ['version', ['version']],
    ['help', ['--help']],
    ['help of run', ['run', '--help']],
    ['help about policies', ['policy', 'explain', '--help']],
    ['help about servers', ['mcp', 'call', '--help']],
    ['a usage error', ['run', '--nmae']],
    ['list', ['list']],
    ['the names for a Tab', ['__workloads']],
    ['a completion script', ['completion', 'bash']],
  ])('loads no package but the parser for %s', async (_name, args) => {
    const hook = `import{registerHooks}from'node:module';registerHooks({load(u,c,n){process.stderr.write('LOAD '+u+'\\n');return n(u,c)}})`;
    const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`];
    const { err } = await runThv(args, { bin: BIN, nodeArgs, env: { HOME: ROOM } });
    const loaded = [...err.matchAll(/^LOAD (.*)$/gm)].map(([, url = '']) => url);
    const packages = loaded
      .map((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? '')
      .filter((name) => name !== '' && name !== '.dist-test');
    expect(new Set(packages)).toEqual(new Set(['commander']));
    // Our own packages are linked, not in a node_modules: cedar and jose would come with them.
    expect(loaded.filter((url) => url.includes('/packages/'))).toEqual([]);
  });
});
