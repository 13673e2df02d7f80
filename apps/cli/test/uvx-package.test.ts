/** `uvx://` servers, with a `uvx` of the test's own: nothing is downloaded. */
import { chmod } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { resolveUvxCommand } from '../src/services/uvx-package.ts';
import { type RunningThv, runThv, startThv } from './spawn-thv.ts';
import { useTempFolder } from './temp-folder.ts';

const GUIDE = fileURLToPath(new URL('../../../test/fixtures/guide-server.ts', import.meta.url));
/** Says how it was called on stderr, and is the guide's server. */
const FAKE = `#!/bin/sh\necho "called: $0 $*" >&2\nexec '${process.execPath}' '${GUIDE}' stdio\n`;
const folder = useTempFolder({
  'both/uvx': FAKE,
  'both/uv': FAKE,
  'only-uv/uv': FAKE,
  'none/uvx': 'not a program',
  'folder/uvx/x': '',
});
const running: RunningThv[] = [];

beforeAll(() =>
  Promise.all(['both/uvx', 'both/uv', 'only-uv/uv'].map((name) => chmod(at(name), 0o755))),
);

afterEach(async () => {
  for (const { child, finished } of running.splice(0)) {
    child.kill('SIGKILL');
    await finished;
  }
});

function at(name: string): string {
  return `${folder.path}/${name}`;
}

const PACKAGE = { kind: 'uvx', packageName: 'mcp-time', version: '1.2', args: ['-x'] } as const;

describe('resolveUvxCommand', () => {
  it('prefers uvx, and knows uv', async () => {
    expect(await resolveUvxCommand(PACKAGE, `${at('none')}:${at('both')}`)).toEqual({
      command: at('both/uvx'),
      args: ['mcp-time@1.2', '-x'],
    });
    const unpinned = { ...PACKAGE, version: undefined };
    expect(await resolveUvxCommand(unpinned, `${at('folder')}:${at('only-uv')}`)).toEqual({
      command: at('only-uv/uv'),
      args: ['tool', 'run', 'mcp-time', '-x'],
    });
  });

  it.each([undefined, '', '.:both', 'none'])(
    'never looks in relative folders: %s',
    async (path) => {
      await expect(resolveUvxCommand(PACKAGE, path)).rejects.toMatchObject({ exitCode: 1 });
    },
  );
});

describe('thv run -f uvx://…', () => {
  it('runs the package with its arguments and variables', async () => {
    await folder.write({ 'vars.env': 'FROM_FILE=1\n' });
    const thv = startThv(
      [
        ...['run', '-f', '--debug', '--format', 'json', '--env-file', at('vars.env')],
        ...['uvx://mcp-time@1.2', '--', '--local-timezone', 'Europe/Oslo'],
      ],
      { env: { PATH: `${at('both')}:/usr/bin:/bin`, MY_SECRET: 'hunter2' } },
    );
    running.push(thv);
    await vi.waitFor(() => expect(thv.said.out, thv.said.err).toMatch(/\}\n$/), {
      timeout: 15_000,
    });
    const { name, url } = JSON.parse(thv.said.out);
    expect(name).toBe('mcp-time');
    expect(thv.said.err).toContain(
      `called: ${at('both/uvx')} mcp-time@1.2 --local-timezone Europe/Oslo`,
    );
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{}}}',
    });
    const seen = await answer.text();
    expect(seen).toContain('FROM_FILE');
    expect(seen).not.toContain('MY_SECRET');
  });

  it('says what to install', async () => {
    const { code, out, err } = await runThv(['run', '-f', 'time'], { env: { PATH: at('none') } });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('uvx://mcp-server-time');
    expect(err).toContain('uvx is not installed here');
    expect(err).toContain('pip install uv');
  });
});
