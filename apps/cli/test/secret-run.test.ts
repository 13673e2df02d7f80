/** `thv run --secret`: servers get secrets, and nothing else does. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCommandLines } from './command-lines.ts';
import { runThv, startThv } from './spawn-thv.ts';
import { useTempFolder } from './temp-folder.ts';

const VALUE = 'hunter2-of-the-store';
/** Says on stderr what it was given, letter by letter turned round, and is the guide's server. */
const GUIDE = fileURLToPath(new URL('../../../test/fixtures/guide-server.ts', import.meta.url));
const SERVER = `
const { API_KEY = '', THV_SECRETS_KEY_FILE, THV_SECRET_OTHER } = process.env;
console.error('given:' + [...API_KEY].reverse().join(''), THV_SECRETS_KEY_FILE, THV_SECRET_OTHER);
await import(process.env.GUIDE);
`;
const folder = useTempFolder({ 'server.mjs': SERVER });
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  env = {
    XDG_CONFIG_HOME: join(folder.path, 'config'),
    XDG_STATE_HOME: join(folder.path, 'state'),
    THV_SECRETS_KEY_FILE: join(folder.path, 'key'),
    THV_SECRET_OTHER: 'hunter2-other',
    GUIDE,
  };
  const set = startThv(['secret', 'set', 'api-key'], { env });
  set.child.stdin.end(`${VALUE}\n`);
  const { code, err } = await set.finished;
  expect(code, err).toBe(0);
}, 30_000);

afterAll(async () => {
  await runThv(['rm', '--all'], { env });
}, 30_000);

const run = (name: string, ...args: readonly string[]) =>
  runThv(
    [
      ...['run', '--name', name, ...args, '-e', 'GUIDE', '--'],
      ...[process.execPath, '--conditions=@thv/source', 'server.mjs', 'stdio'],
    ],
    { env, cwd: folder.path },
  );

/** All that thv has written down. */
async function written(): Promise<string> {
  const files = await readdir(folder.path, { recursive: true, withFileTypes: true });
  const texts = files
    .filter((file) => file.isFile())
    .map((file) => readFile(join(file.parentPath, file.name), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

describe('thv run --secret', () => {
  it('gives it to the server at every start, and keeps the reference only', async () => {
    const { code, out, err } = await run('keeper', '--secret', 'api-key,target=API_KEY');
    expect(code, err).toBe(0);
    const restarted = await runThv(['restart', 'keeper'], { env });
    expect(restarted.code, restarted.err).toBe(0);
    const given = `given:${[...VALUE].reverse().join('')} undefined undefined`;
    const all = await written();
    expect(all.split(given)).toHaveLength(3);
    expect(all).toContain('api-key,target=API_KEY');
    const processes = (await readCommandLines()).join('\n');
    for (const text of [all, processes, out, err, restarted.out, restarted.err]) {
      expect(text).not.toContain(VALUE);
    }
  }, 60_000);

  it('goes on when it is to be restarted and its secrets cannot be read', async () => {
    const { code, err } = await run('steady', '--secret', 'api-key,target=API_KEY');
    expect(code, err).toBe(0);
    const unlocked = { ...env, THV_SECRETS_KEY_FILE: join(folder.path, 'server.mjs') };
    const restarted = await runThv(['restart', 'steady'], { env: unlocked });
    expect(restarted).toMatchObject({ code: 2, out: '' });
    expect(restarted.err).toContain('server.mjs holds no key of thv');
    const { out } = await runThv(['status', 'steady', '--format', 'json'], { env });
    expect(JSON.parse(out)).toMatchObject({ status: 'running' });
  }, 60_000);

  it.each([[[]], [['-f']]])('does not start without it, and says its name: %j', async (flags) => {
    const args = [...flags, '--secret', 'nothing,target=API_KEY'];
    const { code, out, err } = await run('missing', ...args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('secret nothing');
    expect(err).toContain('thv secret set nothing');
    expect(await readdir(join(folder.path, 'state/thv/workloads'))).not.toContain('missing.json');
  });
});
