/** What goes wrong outside of thv: each with its exit code and a reason in one line. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runMain } from './run-main.ts';
import { BIN } from './spawn-thv.ts';
import { authz, useTempFolder } from './temp-folder.ts';

const folder = useTempFolder({
  'authz.json': authz('permit(principal, action, resource);'),
  'bob.json': '{"sub":"bob"}',
});
const BAD = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]);
const SERVER = 'http://127.0.0.1:9/mcp';
const PROVIDER = ['--oidc-issuer', 'https://idp.invalid', '--oidc-audience', 'a'];
const THV = `'${process.execPath}' --conditions=@thv/source '${BIN}'`;

beforeAll(async () => {
  for (const name of ['bad', 'bad.json', 'bad.yaml']) {
    await writeFile(join(folder.path, name), BAD);
  }
});

const run = (...args: readonly string[]) =>
  runMain(args, { cwd: folder.path, env: { HOME: folder.path } });

/** A shell with a command line; nothing of it is quoted again. */
async function sh(line: string) {
  const child = spawn('sh', ['-c', line], { cwd: folder.path, env: { PATH: process.env['PATH'] } });
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk) => said.push(chunk));
  const [code] = await once(child, 'close');
  return { code, err: Buffer.concat(said).toString() };
}

describe('text that is no UTF-8 is refused, not repaired', () => {
  const explain = ['policy', 'explain', 'authz.json', '--tool', 'x'];
  it.each<[string, readonly string[], string]>([
    ['claims', [...explain, '--claims', 'bad.json'], '--claims: bad.json'],
    ['a token', [...explain, '--token-file', 'bad'], '--token-file: bad'],
    ['policies', ['policy', 'check', 'bad.yaml'], 'bad.yaml'],
    ['policy tests', ['policy', 'test', 'authz.json', 'bad.yaml'], 'bad.yaml'],
    [
      'arguments',
      ['mcp', 'call', 'x', '--server', SERVER, '--args-file', 'bad.json'],
      '--args-file: bad.json',
    ],
    ['a saved run', ['run', '-f', '--from-config', 'bad.json'], '--from-config: bad.json'],
    [
      'variables',
      ['run', '-f', '--env-file', 'bad', '--name', 'x', '--', 'true'],
      '--env-file: bad',
    ],
    ['names of tools', ['run', '-f', '--tools-override', 'bad', SERVER], '--tools-override: bad'],
    ['an audit file', ['run', '-f', '--audit-config', 'bad', SERVER], '--audit-config: bad'],
    [
      'permissions',
      ['run', '-f', '--permission-profile', 'bad.json', 'localhost/x:1'],
      '--permission-profile: bad.json',
    ],
  ])('%s', async (_name, args, where) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^thv: [^\n]*not UTF-8[^\n]*\n$/);
    expect(err).toContain(where);
  });

  it('stdin', async () => {
    const { code, err } = await sh(`${THV} token inspect - ${PROVIDER.join(' ')} < bad`);
    expect(code).toBe(2);
    expect(err).toBe('thv: stdin: what it holds is not UTF-8 text; save it as UTF-8\n');
  });
});

describe('odd names and long words', () => {
  it.each([
    ['200 characters', 'n'.repeat(200)],
    ['Unicode', '天気'],
    ['a path', '../x'],
    ['a line end', 'a\nb'],
  ])('a name of %s: exit code 2', async (_name, name) => {
    for (const args of [
      ['run', '-f', '--name', name, SERVER],
      ['proxy', name, '--target-uri', SERVER],
      ['status', name],
    ]) {
      const { code, err } = await run(...args);
      expect(code).toBe(2);
      expect(err).toMatch(/^thv: [^\n]* is not a name; use letters, digits[^\n]*\n$/);
    }
  });

  it('tools may have any name', async () => {
    const explain = ['policy', 'explain', 'authz.json', '--claims', 'bob.json', '--tool'];
    const { code, out } = await run(...explain, '天気');
    expect({ code, out }).toMatchObject({ code: 0 });
    expect(out).toMatch(/^ALLOW {2}Client::"bob" call_tool Tool::"天気"$/m);
    expect((await run(...explain, 'n'.repeat(100_000))).code).toBe(0);
  });

  it.each([
    ['a server', ['run', '-f', 'x'.repeat(100_000)]],
    ['a flag', [`--${'x'.repeat(100_000)}`]],
    ['a file', ['policy', 'check', 'x'.repeat(100_000)]],
    ['a command', ['x'.repeat(100_000)]],
    ['a value', ['run', '--proxy-port', '9'.repeat(100_000), SERVER]],
  ])('%s of 100,000 characters: exit code 2, and a reason that can be seen', async (_n, args) => {
    const { code, err } = await run(...args);
    expect(code).toBe(2);
    expect(err).toMatch(/^thv: [^\n]+…[^\n]+\n$/);
    expect(err.length).toBeLessThan(400);
  });
});

describe('without', () => {
  it.each<[string, readonly string[], number, RegExp]>([
    [
      'a network',
      ['mcp', 'list', 'tools', '--server', 'https://mcp.invalid/mcp'],
      1,
      /^thv: mcp list tools: https:\/\/mcp\.invalid\/mcp: (?:there is no such host|the host name cannot be looked up)[^\n]*\n$/,
    ],
    [
      'a port that clients call',
      ['mcp', 'list', 'tools', '--server', 'http://127.0.0.1:1'],
      1,
      /never call this port; choose another\n$/,
    ],
    ['a home', ['client', 'list'], 0, /^$/],
  ])('%s', async (_name, args, expected, reason) => {
    const env = { HOME: join(folder.path, 'none') };
    const { code, err } = await runMain(args, { cwd: folder.path, env });
    expect(err).toMatch(reason);
    expect(code).toBe(expected);
  });

  it.each([
    ['HOME', `unset HOME; ${THV} version && ${THV} list`, 0, ''],
    ['stdin', `${THV} token inspect ${PROVIDER.join(' ')} <&-`, 2, 'thv: token: there is none;'],
    ['a reader of stdout', `${THV} completion bash | head -c 0`, 0, ''],
    ['stderr', `${THV} versoin 2>&-`, 2, ''],
    [
      'a working directory',
      `mkdir gone; cd gone; rmdir ../gone; ${THV} policy check x`,
      2,
      'thv: working directory: it is not there any more; go to another one: cd\n',
    ],
    [
      'a working directory that it needs',
      `mkdir gone; cd gone; rmdir ../gone; ${THV} version`,
      0,
      '',
    ],
  ])('%s', async (_name, line, expected, reason) => {
    const { code, err } = await sh(line);
    expect(err.slice(0, reason.length || undefined)).toBe(reason);
    expect(code).toBe(expected);
  });

  it.runIf(process.platform === 'linux')('room on the disk of stdout', async () => {
    const { code, err } = await sh(`${THV} version > /dev/full`);
    expect(err).toBe('thv: stdout: what it is for cannot be written there (ENOSPC)\n');
    expect(code).toBe(1);
  });
});
