/** Servers in the background when things are not as they should be. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { findProcesses } from './support/machine.ts';
import { useStage } from './support/stage.ts';
import { runThv, serverCommand } from './support/thv.ts';
import { newMark, type Seen, useWorkloads } from './support/workloads.ts';

const stage = useStage();
const { cwd, thv, json, state, env } = useWorkloads(stage);
const rawServer = (mark: string) => serverCommand('raw-stdio-server.ts', mark);
// Twenty commands at once.
process.setMaxListeners(50);
const SOON = { timeout: 15_000, interval: 100 };

type SavedState = Readonly<Record<string, unknown>> & {
  readonly process: Readonly<Record<string, unknown>>;
};

async function readState(name: string): Promise<SavedState> {
  return JSON.parse(await readFile(state('workloads', `${name}.json`), 'utf8'));
}

async function changeState(name: string, change: (saved: SavedState) => unknown): Promise<void> {
  const saved = await readState(name);
  await writeFile(state('workloads', `${name}.json`), JSON.stringify(change(saved)));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a pid that belongs to somebody else by now', () => {
  it.each<[string, (theirs: SavedState['process']) => SavedState['process']]>([
    ['which started at another time', ({ pid }) => ({ pid })],
    ['which started in the same moment', ({ pid, start }) => ({ pid, start })],
  ])('%s, is never signalled', async (_name, stolen) => {
    const name = 'recycled';
    const bystander = spawn('sleep', ['600'], { stdio: 'ignore' });
    stage.defer(async () => bystander.kill('SIGKILL'));
    expect((await thv('run', '--name', name, ...rawServer(newMark()))).code).toBe(0);
    const { process: own } = await readState(name);
    process.kill(Number(own['pid']), 'SIGKILL');
    const theirs = { ...own, pid: bystander.pid, start: await startOf(bystander.pid) };
    await changeState(name, (saved) => ({ ...saved, process: { ...own, ...stolen(theirs) } }));
    expect(await json<Seen>('status', name)).toMatchObject({ status: 'unhealthy' });
    expect((await thv('stop', name)).out).toBe(`${name}: was not running\n`);
    await changeState(name, (saved) => ({ ...saved, process: { ...own, ...stolen(theirs) } }));
    expect((await thv('start', name)).code).toBe(0);
    expect((await thv('rm', name)).code).toBe(0);
    expect(isAlive(bystander.pid ?? 0)).toBe(true);
    bystander.kill('SIGKILL');
    await once(bystander, 'exit');
  });
});

/** When a process started, as the system says it. */
async function startOf(pid: number | undefined): Promise<string> {
  if (process.platform !== 'linux') {
    const options = { env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } };
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', `${pid}`], options);
    return stdout.trim();
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

describe('a proxy', () => {
  it('that is killed leaves no server beside the next one', async () => {
    const mark = newMark();
    // It does not care that its input has ended.
    const stubborn = 'setInterval(() => {}, 1e6); import(process.argv[1])';
    const [, node = '', raw = ''] = rawServer(mark);
    const server = ['--', node, '-e', stubborn, raw, mark];
    expect((await thv('run', '--name', 'stubborn', ...server)).code).toBe(0);
    const [first] = await findProcesses(mark);
    process.kill((await json<Seen>('status', 'stubborn')).pid, 'SIGKILL');
    expect((await thv('start', 'stubborn')).code).toBe(0);
    const second = await findProcesses(mark);
    expect(second).toHaveLength(1);
    expect(second).not.toContain(first);
    process.kill((await json<Seen>('status', 'stubborn')).pid, 'SIGKILL');
    expect((await thv('rm', 'stubborn')).code).toBe(0);
    expect(await findProcesses(mark)).toEqual([]);
    expect(await readdir(state('sockets'))).toEqual([]);
  });

  it('whose state was lost is not run beside another one', async () => {
    const mark = newMark();
    expect((await thv('run', '--name', 'lost', ...rawServer(mark))).code).toBe(0);
    const saved = await readState('lost');
    await writeFile(state('workloads', 'lost.json'), '{"schema_version": 1, "na');
    const { code, err } = await thv('run', '--name', 'lost', ...rawServer(mark));
    expect(code).toBe(1);
    expect(err).toContain('the state of lost is damaged; it is kept as');
    expect(err).toMatch(
      /^thv: lost: a proxy of this name still runs, although its state was lost; /m,
    );
    expect(await findProcesses(mark)).toHaveLength(1);
    await writeFile(state('workloads', 'lost.json'), JSON.stringify(saved));
    expect((await thv('rm', 'lost')).out).toBe('lost: stopped and removed\n');
  });

  it('goes on when it is to be restarted with policies that cannot be used', async () => {
    const path = join(cwd(), 'restart.yaml');
    const policy = 'permit(principal, action, resource);';
    await writeFile(path, `{version: "1.0", type: cedarv1, cedar: {policies: ['${policy}']}}`);
    const flags = ['--name', 'edited', '--authz-config', path];
    expect((await thv('run', ...flags, ...rawServer(newMark()))).code).toBe(0);
    await writeFile(path, 'version: 1.0');
    const { code, err } = await thv('restart', 'edited');
    expect(code).toBe(2);
    expect(err).toContain('restart.yaml:1:10: "version" must be a string');
    expect(await json<Seen>('status', 'edited')).toMatchObject({ status: 'running' });
    await thv('rm', 'edited');
  });

  it('whose port was taken in the meantime says that it is elsewhere', async () => {
    expect((await thv('run', '--name', 'moving', ...rawServer(newMark()))).code).toBe(0);
    const { port } = new URL((await json<Seen>('status', 'moving')).url ?? '');
    await thv('stop', 'moving');
    expect((await thv('start', 'moving')).err).not.toContain('taken');
    await thv('stop', 'moving');
    const other = createServer().listen(Number(port), '127.0.0.1');
    await once(other, 'listening');
    const { code, err } = await thv('start', 'moving');
    expect(code).toBe(0);
    expect(err).toContain(
      `thv: warning: moving: port ${port} is taken by now; tell its clients the new URL`,
    );
    await thv('rm', 'moving');
    other.close();
    const fixed = ['--name', 'fixed', '--proxy-port', port];
    expect((await thv('run', ...fixed, ...rawServer(newMark()))).code).toBe(0);
    await thv('stop', 'fixed');
    const another = createServer().listen(Number(port), '127.0.0.1');
    await once(another, 'listening');
    const stays = await thv('start', 'fixed');
    another.close();
    expect(stays.code).toBe(1);
    // What thv start does not know would be no way out.
    expect(stays.err).toContain('thv rm fixed and run it with another --proxy-port');
    await thv('rm', 'fixed');
  });

  it('that the system ends is stopped, not unhealthy', async () => {
    expect((await thv('run', '--name', 'ended', ...rawServer(newMark()))).code).toBe(0);
    process.kill((await json<Seen>('status', 'ended')).pid, 'SIGTERM');
    await vi.waitFor(async () => {
      expect(await json<Seen>('status', 'ended')).toMatchObject({
        status: 'stopped',
        detail: null,
      });
    }, SOON);
    await thv('rm', 'ended');
  });
});

describe('state', () => {
  it('of before the machine was started means stopped, and start works', async () => {
    const mark = newMark();
    expect((await thv('run', '--name', 'rebooted', ...rawServer(mark))).code).toBe(0);
    const { process: own } = await readState('rebooted');
    process.kill(Number(own['pid']), 'SIGKILL');
    await vi.waitFor(async () => expect(await findProcesses(mark)).toEqual([]), SOON);
    // The pid of a process that lives, to be sure that it is not taken for ours.
    await changeState('rebooted', (saved) => ({
      ...saved,
      process: {
        ...own,
        pid: process.pid,
        boot: 'of-yesterday',
        started_at: '2020-01-01T00:00:00Z',
      },
    }));
    expect(await json<readonly Seen[]>('list', '--all')).toMatchObject([
      { name: 'rebooted', status: 'stopped', detail: 'the machine was restarted' },
    ]);
    expect((await thv('start', 'rebooted')).code).toBe(0);
    await thv('rm', 'rebooted');
  });
});

describe('many commands on one name', () => {
  it('end in a consistent state: one server or none', async () => {
    const mark = newMark();
    const commands = Array.from({ length: 20 }, (_, at) =>
      at % 2 === 0 ? ['run', '--name', 'busy', ...rawServer(mark)] : ['stop', 'busy'],
    );
    const finished = await Promise.all(commands.map((command) => thv(...command)));
    const runs = finished.filter((_, at) => at % 2 === 0);
    expect(runs.filter(({ code }) => code === 0)).toHaveLength(1);
    for (const { code, err } of runs.filter((run) => run.code !== 0)) {
      expect({ code, err }).toEqual({
        code: 1,
        err: expect.stringMatching(/^thv: busy: there is a server of this name already/m),
      });
    }
    expect(finished.filter((_, at) => at % 2 === 1).map(({ code }) => code)).toEqual(
      Array.from({ length: 10 }, () => 0),
    );
    const { status } = await json<Seen>('status', 'busy');
    expect(await findProcesses(mark)).toHaveLength(status === 'running' ? 1 : 0);
    expect(await readdir(state('locks'))).toEqual([]);
    expect((await thv('rm', 'busy')).code).toBe(0);
    expect(await findProcesses(mark)).toEqual([]);
  });
});

describe('a state folder', () => {
  const run = (home: string, name = 'odd', mark = newMark()) =>
    runThv(stage, ['run', '--name', name, ...rawServer(mark)], {
      env: { ...env(), XDG_STATE_HOME: home },
      cwd: cwd(),
    });

  it('that cannot be written is said to be so, and nothing is started', async (test) => {
    const mounted = await mount('ro,size=64k');
    if (mounted === undefined) {
      if (process.getuid?.() === 0) test.skip('root may write anywhere, and cannot mount here');
      await mkdir(join(cwd(), 'sealed'));
      await chmod(join(cwd(), 'sealed'), 0o500);
    }
    const folder = mounted ?? join(cwd(), 'sealed');
    const { code, out, err } = await run(folder);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(
      /^thv: state directory: .* cannot be used: (it is read-only|this user may not write there); /,
    );
    const list = await runThv(stage, ['list'], { env: { ...env(), XDG_STATE_HOME: folder } });
    expect(list).toMatchObject({ code: 0, out: 'No servers are running.\n' });
  });

  it('on a full disk is said to be so, and what runs goes on and can be stopped', async (test) => {
    const folder = await mount('size=256k');
    if (folder === undefined) {
      test.skip('only root can make a small disk');
      return;
    }
    const mark = newMark();
    expect((await run(folder, 'first', mark)).code).toBe(0);
    const fill = promisify(execFile)('sh', ['-c', `cat /dev/zero > ${folder}/zeros`]);
    await expect(fill).rejects.toThrow();
    const { code, err } = await run(folder, 'second');
    expect(code).toBe(1);
    expect(err).toContain('the disk is full');
    const there = { env: { ...env(), XDG_STATE_HOME: folder } };
    const { out } = await runThv(stage, ['list'], there);
    expect(out).toMatch(/^first +running/m);
    await runThv(stage, ['stop', 'first'], there);
    expect(await findProcesses(mark)).toEqual([]);
    await promisify(execFile)('rm', [`${folder}/zeros`]);
    expect((await runThv(stage, ['rm', 'first'], there)).code).toBe(0);
  });

  it('may have a path that is too long for a socket', async () => {
    const folder = join(cwd(), 'deep'.repeat(20), 'deeper'.repeat(10));
    const there = { env: { ...env(), XDG_STATE_HOME: folder } };
    expect((await run(folder)).code).toBe(0);
    const { out } = await runThv(stage, ['list'], there);
    expect(out).toMatch(/^odd +running/m);
    const stopped = await runThv(stage, ['rm', 'odd'], there);
    expect(stopped).toMatchObject({ code: 0, out: 'odd: stopped and removed\n' });
  });

  /** A file system of its own; undefined when this user cannot have one. */
  async function mount(options: string): Promise<string | undefined> {
    const folder = join(cwd(), `mount-${options.replace(/\W/g, '-')}`);
    await mkdir(folder);
    const args = ['-t', 'tmpfs', '-o', options, 'tmpfs', folder];
    try {
      await promisify(execFile)('mount', args);
    } catch {
      return undefined;
    }
    stage.defer(() => promisify(execFile)('umount', ['-l', folder]));
    return folder;
  }
});

describe('a name', () => {
  it('of 100 characters works', async () => {
    const name = `${'n'.repeat(98)}.1`;
    expect((await thv('run', '--name', name, ...rawServer(newMark()))).code).toBe(0);
    expect(await json<Seen>('status', name)).toMatchObject({ status: 'running' });
    expect((await thv('rm', name)).code).toBe(0);
  });
});
