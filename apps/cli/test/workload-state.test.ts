/** The state folder and the names in it, without a process. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { endLeftServers } from '../src/workloads/server-processes.ts';
import { findStateFolders } from '../src/workloads/state-folders.ts';
import { runMain } from './run-main.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder();
const workloads = (...name: readonly string[]) => join(folder.path, 'thv', 'workloads', ...name);
const thv = (...args: readonly string[]) =>
  runMain(args, { env: { XDG_STATE_HOME: folder.path }, cwd: folder.path });
const GOOD = {
  schema_version: 1,
  name: 'good',
  server: 'http://127.0.0.1:9/mcp',
  working_directory: '/',
  flags: { label: ['a=1,b=2', 'c='] },
  created_at: '2026-11-25T21:30:00.000Z',
  process: null,
};

beforeEach(() => {
  rmSync(join(folder.path, 'thv'), { recursive: true, force: true });
  mkdirSync(workloads(), { recursive: true });
  writeFileSync(workloads('good.json'), JSON.stringify(GOOD));
});

describe('state', () => {
  it.each([
    ['cut off', '{"schema_version": 1, "na'],
    ['empty', ''],
    ['of another shape', JSON.stringify({ ...GOOD, name: 'broken', sever: 'x' })],
    ['of another name', JSON.stringify({ ...GOOD, name: 'other' })],
    [
      'of a process without a mark',
      JSON.stringify({ ...GOOD, name: 'broken', process: { pid: 4 } }),
    ],
  ])('that is %s is kept under another name, and the rest works', async (_name, text) => {
    writeFileSync(workloads('broken.json'), text);
    const { code, out, err } = await thv('list', '--all');
    expect(code).toBe(0);
    expect(out).toMatch(/^good +stopped/m);
    const kept = readdirSync(workloads()).find((name) => name !== 'good.json') ?? '';
    expect(kept).toMatch(/^broken\.json\.damaged-\d{8}T\d+$/);
    expect(err).toContain(`the state of broken is damaged; it is kept as ${workloads(kept)}`);
    expect(readFileSync(workloads(kept), 'utf8')).toBe(text);
  });

  it.each(['', 'n', 'node', 'x'.repeat(32)])(
    'whose mark %j any process may have is damaged',
    async (mark) => {
      const process = {
        ...{ pid: 4242, start: '1', mark, boot: 'b', token: 't', socket: '/s' },
        ...{ started_at: GOOD.created_at, url: null },
      };
      writeFileSync(workloads('forged.json'), JSON.stringify({ ...GOOD, name: 'forged', process }));
      expect((await thv('stop', 'forged')).out).toContain('there is no server of this name');
      expect(readdirSync(workloads()).join()).toMatch(/forged\.json\.damaged-/);
    },
  );

  it.each<[string, (path: string) => unknown]>([
    ['a folder', (path) => mkdirSync(path)],
    ['a pipe', (path) => execFileSync('mkfifo', [path])],
    ['a device', (path) => symlinkSync('/dev/zero', path)],
    ['a socket', (path) => once(createServer().unref().listen(path), 'listening')],
  ])('that is %s is named, and the rest works', async (what, make) => {
    await make(workloads('odd.json'));
    const { code, out, err } = await thv('list', '--all');
    expect(code).toBe(0);
    expect(out).toMatch(/^good +stopped/m);
    expect(err).toContain(`${workloads('odd.json')} cannot be used: it is ${what}`);
    for (const args of [
      ['status', 'odd'],
      ['start', 'odd'],
      ['run', '--name', 'odd', GOOD.server],
    ]) {
      const tried = await thv(...args);
      expect(tried.code, args.join(' ')).toBe(1);
      expect(tried.err).toContain(`cannot be used: it is ${what}`);
    }
  });

  it('may be elsewhere, behind a link', async () => {
    const elsewhere = join(folder.path, 'thv', 'elsewhere.json');
    renameSync(workloads('good.json'), elsewhere);
    symlinkSync(elsewhere, workloads('good.json'));
    expect((await thv('list', '--all')).out).toMatch(/^good +stopped/m);
  });

  it('that is a pipe where a list of processes belongs is not waited for', async () => {
    const path = workloads('good.servers.json');
    execFileSync('mkfifo', [path]);
    await endLeftServers(path);
    expect(readdirSync(workloads())).toEqual(['good.json']);
  });

  it('that is a pipe where a log belongs is not waited for', async () => {
    mkdirSync(join(folder.path, 'thv', 'logs'));
    execFileSync('mkfifo', [join(folder.path, 'thv', 'logs', 'good.proxy.log')]);
    const shown = await thv('logs', 'good', '--proxy');
    expect(shown.code).toBe(1);
    expect(shown.err).toContain('good.proxy.log cannot be used: it is a pipe');
    const started = await thv('start', 'good');
    expect(started.code).toBe(1);
    expect(started.err).toContain('good.proxy.log cannot be used: it is a pipe');
  });

  it('of a newer thv is left alone', async () => {
    writeFileSync(workloads('newer.json'), '{"schema_version":2}');
    expect((await thv('list', '--all')).err).toContain('was written by a newer thv');
    const { code, err } = await thv('run', '--name', 'newer', 'http://127.0.0.1:9/mcp');
    expect(code).toBe(1);
    expect(err).toContain('its file cannot be read by this thv');
    expect(readFileSync(workloads('newer.json'), 'utf8')).toBe('{"schema_version":2}');
  });

  it('is shown with every label', async () => {
    const { out } = await thv('list', '-a', '--format', 'json');
    expect(JSON.parse(out)).toEqual([
      {
        ...{ name: 'good', status: 'stopped', url: null, transport: 'streamable-http' },
        ...{ server: GOOD.server, labels: { a: '1', b: '2', c: '' }, created_at: GOOD.created_at },
        log: join(folder.path, 'thv', 'logs', 'good.proxy.log'),
        proxy_log: join(folder.path, 'thv', 'logs', 'good.proxy.log'),
        detail: null,
      },
    ]);
    expect(JSON.parse((await thv('list', '-a', '-l', 'b=1', '--format', 'json')).out)).toEqual([]);
  });
});

describe('state of another user', () => {
  const somebodyElse = () =>
    vi.spyOn(process, 'getuid').mockReturnValue((process.getuid?.() ?? 0) + 1);

  it.each([
    [['list']],
    [['status', 'good']],
    [['logs', 'good', '--proxy']],
    [['logs', 'prune']],
    [['export', 'good', '-']],
    [['mcp', 'list', 'tools', '--server', 'good']],
    [['client', 'add', 'cursor', 'good']],
    [['stop', 'good']],
    [['run', '--name', 'new', GOOD.server]],
  ])('is not believed: thv %j', async (args) => {
    const spy = somebodyElse();
    try {
      const { code, out, err } = await thv(...args);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toMatch(/thv cannot be used: something that is no folder of this user/);
    } finally {
      spy.mockRestore();
    }
  });

  it('is left out where the folder is one’s own', async () => {
    const path = workloads('planted.json');
    if (process.getuid?.() === 0) {
      writeFileSync(path, JSON.stringify({ ...GOOD, name: 'planted' }));
      chownSync(path, 12_345, 12_345);
    } else {
      symlinkSync('/etc/passwd', path);
    }
    const { code, out, err } = await thv('list', '--all');
    expect(code).toBe(0);
    expect(out).toMatch(/^good +stopped/m);
    expect(out).not.toContain('planted');
    expect(err).toContain(`${path} cannot be used: it belongs to another user`);
  });
});

describe('a command', () => {
  it.each<[string, readonly string[], number, RegExp]>([
    ['without a server', ['stop'], 2, /^thv: stop: no server is named; give names, or --all$/m],
    ['with names and --all', ['rm', '--all', 'good'], 2, /--all: means nothing beside names/],
    ['with a value for several', ['start', 'a', 'b', '-e', 'K=1'], 2, /--env: is for one server/],
    [
      'to start what is not there',
      ['start', 'goo'],
      1,
      /goo: there is no server of this name; did you mean good\?/,
    ],
    [
      'to show what is not there',
      ['status', 'nope'],
      1,
      /nope: there is no server of this name; see thv list --all/,
    ],
    [
      'to export what is not there',
      ['export', 'nope', '-'],
      1,
      /nope: there is no server of this name/,
    ],
    [
      'to export to nowhere',
      ['export', 'good', 'none/x.json'],
      1,
      /none\/x\.json: cannot be written \(ENOENT\)/,
    ],
    ['for the log of a server that runs elsewhere', ['logs', 'good'], 1, /thv logs good --proxy/],
    [
      'to ask a server that does not run',
      ['mcp', 'list', 'tools', '--server', 'good'],
      1,
      /good: it cannot be asked: it is stopped; start it with thv start good/,
    ],
    [
      'to ask a server that is not there',
      ['mcp', 'list', 'tools', '--server', 'goo'],
      2,
      /--server: "goo" is not a URL, and no server in the background; did you mean good\?/,
    ],
    [
      'for a name that is taken',
      ['run', '--name', 'good', 'http://127.0.0.1:9/mcp'],
      1,
      /good: there is a server of this name already \(stopped\)/,
    ],
    [
      'with a label that is none',
      ['run', '--label', 'a', 'http://x/mcp'],
      2,
      /--label: "a" is not NAME=VALUE/,
    ],
    [
      'with a patience that is none',
      ['run', '--ready-timeout', '2d', 'http://x/mcp'],
      2,
      /--ready-timeout: "2d" is not a duration/,
    ],
  ])('%s', async (_name, args, expected, said) => {
    const { code, out, err } = await thv(...args);
    expect({ code, out }).toEqual({ code: expected, out: '' });
    expect(err).toMatch(said);
  });

  it('to start without the variable that holds a secret', async () => {
    const secret = { ...GOOD, environment: ['THV_OIDC_CLIENT_SECRET'] };
    writeFileSync(workloads('good.json'), JSON.stringify(secret));
    const { code, err } = await thv('start', 'good');
    expect({ code, err }).toEqual({
      code: 2,
      err: 'thv: good: THV_OIDC_CLIENT_SECRET: is not set here, and good needs it; set it, and try again\n',
    });
  });

  it('to stop what is not there, or does not run, is done', async () => {
    const { code, out } = await thv('stop', 'good', 'nope', 'goood');
    expect({ code, out }).toEqual({
      code: 0,
      out: 'good: was not running\nnope: there is no server of this name\ngoood: there is no server of this name; did you mean good?\n',
    });
    expect((await thv('rm', 'nope')).code).toBe(0);
  });
});

describe('export', () => {
  it('never replaces what is no file, such as a device', async () => {
    const { code, err } = await thv('export', 'good', 'thv');
    expect(code).toBe(2);
    expect(err).toBe('thv: thv: is there already, and is no file; choose a file; - is stdout\n');
    expect(readdirSync(folder.path)).toEqual(['thv']);
  });
});

describe('a name', () => {
  it.each([
    ['of 200 characters', 'n'.repeat(200)],
    ['in Unicode', 'wetter-für-oslo'],
    ['that is a path', '../../evil'],
    ['that is a folder', '..'],
  ])('%s is refused by every command that takes one', async (_name, name) => {
    const URL = 'http://127.0.0.1:9/mcp';
    const commands = [
      ['run', '--name', name, URL],
      ['status', name],
      ['logs', name],
      ['export', name, 'x'],
    ];
    for (const command of [
      ...commands,
      ...['stop', 'start', 'restart', 'rm'].map((one) => [one, name]),
    ]) {
      const { code, err } = await thv(...command);
      expect({ code, err }).toEqual({
        code: 2,
        err: expect.stringContaining(
          'is not a name; use letters, digits and . _ - only, at most 100',
        ),
      });
    }
  });

  it.each(['a.proxy', 'a.audit', 'prune'])('%s would be mistaken in the logs', async (name) => {
    const { code, err } = await thv('run', '--name', name, 'http://127.0.0.1:9/mcp');
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringMatching(/choose another name\n$/),
    });
  });
});

describe('findStateFolders', () => {
  it.each<[string, Record<string, string>, string]>([
    ['in XDG_STATE_HOME', { XDG_STATE_HOME: '/xdg', HOME: '/home/ann' }, '/xdg/thv'],
    ['at home', { HOME: '/home/ann' }, '/home/ann/.local/state/thv'],
    [
      'at home when XDG_STATE_HOME is relative',
      { XDG_STATE_HOME: 'x', HOME: '/h' },
      '/h/.local/state/thv',
    ],
    ['where the system says that home is', {}, join(userInfo().homedir, '.local/state/thv')],
  ])('looks %s', (_name, env, root) => {
    expect(findStateFolders(env).root).toBe(root);
  });
});
