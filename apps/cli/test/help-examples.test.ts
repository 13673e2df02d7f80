/** Every command's help has an example, and the example works. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type HttpFixture, startGuideServer } from '../../../test/fixtures/spawn-fixture.ts';
import { modelCommands } from '../src/completion/command-model.ts';
import { type DevIdp, startDevIdp } from '../src/dev-idp/index.ts';
import { widthOf } from '../src/output/text-width.ts';
import { createProgram } from '../src/program.ts';
import { createIo, runMain } from './run-main.ts';
import { runThv } from './spawn-thv.ts';
import { useTempFolder } from './temp-folder.ts';
import { putThvOnPath } from './thv-on-path.ts';

const EXAMPLES = fileURLToPath(new URL('../../../examples/policies', import.meta.url));
const folder = useTempFolder({
  'bob.json': '{"sub":"bob"}',
  'registry.json': '{"servers":{"weather":{"package":"npx://weather-mcp"}}}',
});
let idp: DevIdp;
let guide: HttpFixture;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  let path: typeof env;
  [idp, guide, path] = await Promise.all([startDevIdp(), startGuideServer(), putThvOnPath(folder)]);
  // Some commands write below it.
  env = { ...path, HOME: folder.path, XDG_STATE_HOME: join(folder.path, 'state') };
  await mkdir(join(folder.path, '.config', 'Code'), { recursive: true });
  await copyFile(join(EXAMPLES, 'authz.yaml'), join(folder.path, 'authz.yaml'));
  await copyFile(join(EXAMPLES, 'tests.yaml'), join(folder.path, 'tests.yaml'));
  await folder.write({ token: await idp.issueToken({ aud: 'my-server', sub: 'bob' }) });
}, 30_000);

afterAll(async () => {
  await runThv(['rm', '--all'], { env });
  await Promise.all([idp.close(), guide.stop()]);
});

/** Types the example; one that serves is interrupted once it has said `until`. */
async function type(example: string, until?: RegExp) {
  const command = example
    .replaceAll(/http:\/\/127\.0\.0\.1:808\d/g, new URL(guide.url).origin)
    .replaceAll('http://127.0.0.1:9000', idp.issuer)
    .replace('--port 9000', '--port 0');
  const child = spawn('sh', ['-c', `exec ${command}`], { cwd: folder.path, env: { ...env } });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    said.out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    said.err += String(chunk);
  });
  const closed = once(child, 'close');
  if (until !== undefined) {
    await vi.waitFor(() => expect(said.out, said.err).toMatch(until), { timeout: 15_000 });
    child.kill('SIGINT');
  }
  const [code] = await closed;
  return { code, ...said };
}

/** The command, what its example prints, and whether it stays until it is interrupted. */
const EXAMPLES_OF: readonly [path: string, expected: RegExp, serves?: true][] = [
  ['version', /"version"/],
  ['run', /^SIGN-IN {2}bearer token/m],
  ['list', /"name":"weather","status":"running"/],
  ['status', /^STATUS {5}running$/m],
  ['logs', /ready at/],
  ['export', /^$/],
  ['stop', /^weather: stopped$/m],
  ['start', /^weather: started, http/],
  ['restart', /^weather: restarted, http/],
  ['rm', /^weather: stopped and removed$/m],
  ['logs prune', /^deleted .*\/weather\.proxy\.log$/m],
  ['proxy', /^POLICY {3}authz\.yaml/m, true],
  ['policy check', /nothing to complain about/],
  ['policy test', /7 passed, 0 failed/],
  ['policy explain', /^DENY/],
  ['policy schema', /claim_roles\?: Set<String>/],
  ['mcp list', /^weather /m],
  ['mcp call', /The weather in Oslo is sunny/],
  ['client add', /^FILE .*\/Code\/User\/mcp\.json$/m],
  ['client list', /^vscode {2}weather/m],
  ['client remove', /^REMOVED {2}weather$/m],
  ['token inspect', /The token is accepted/],
  ['secret set', /^$/],
  ['secret get', /^ey/],
  ['secret list', /"name":"github-token","source":"store"/],
  ['secret rekey', /^$/],
  ['secret delete', /^$/],
  ['config set-registry', /^$/],
  ['config get-registry', /\/registry\.json"}$/m],
  ['config unset-registry', /^$/],
  ['dev idp', /^ISSUER/, true],
  ['completion', /^complete -F _thv thv$/m],
];

describe('the example in the help of', () => {
  it.each(EXAMPLES_OF)('thv %s works', async (path, expected, serves) => {
    const { out: help } = await runMain([...path.split(' '), '--help']);
    const example = /\nExample:\n {2}(thv (?:.*\\\n)*.*)\n$/.exec(help)?.[1] ?? '';
    expect(example).toMatch(new RegExp(`^thv ${path}\\b`));
    const { code, out, err } = await type(example, serves === true ? expected : undefined);
    expect(code, err).toBe(0);
    expect(out).toMatch(expected);
  });

  it('stands in lines of at most 80 columns, like all of the help', async () => {
    const { program } = createProgram([], createIo().io, {});
    for (const { path } of modelCommands(program)) {
      const { out } = await runMain([...path.split(' ').slice(1), '--help']);
      expect(out.split('\n').filter((line) => widthOf(line) > 80)).toEqual([]);
    }
  });

  it('lists under container images what is for them alone', async () => {
    const { out } = await runMain(['run', '--help']);
    const [, group = ''] = /^Container images:\n((?: .*\n)*)/m.exec(out) ?? [];
    const flags = [...group.matchAll(/^ +(--[a-z-]+)/gm)].map(([, flag]) => flag);
    expect(flags).toEqual(['--engine', '--target-port', '--volume', '--permission-profile']);
  });

  it('is tried for every command', () => {
    const { program } = createProgram([], createIo().io, {});
    const leaves = modelCommands(program).filter(
      ({ isAlias, commands, values }) => !isAlias && (commands.length === 0 || values.length > 0),
    );
    expect(leaves.map(({ path }) => path.replace(/^thv /, '')).sort()).toEqual(
      EXAMPLES_OF.map(([path]) => path).sort(),
    );
  });
});
