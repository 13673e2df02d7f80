import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import {
  identify,
  isAlive,
  isFromEarlierBoot,
  type ProcessIdentity,
  signal,
} from '../src/workloads/process-identity.ts';

const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
  }
});

async function startMarked(mark: string) {
  const child = spawn('sh', ['-c', 'while :; do sleep 600; done', mark], { stdio: 'ignore' });
  children.push(child);
  await once(child, 'spawn');
  const identity = await identify(child.pid ?? 0, mark);
  if (identity === undefined) throw new Error('the process is not there');
  return { child, identity };
}

describe('a process', () => {
  it('is itself until it ends', async () => {
    const { child, identity } = await startMarked('mark-one');
    expect(await isAlive(identity)).toBe(true);
    const gone = once(child, 'exit');
    expect(await signal(identity, 'SIGTERM')).toBe(true);
    await gone;
    expect(await isAlive(identity)).toBe(false);
    expect(await signal(identity, 'SIGTERM')).toBe(false);
  });

  it.each<[string, (own: ProcessIdentity) => ProcessIdentity]>([
    ['started at another time', (own) => ({ ...own, start: `${own.start}1` })],
    ['has another mark', (own) => ({ ...own, mark: 'mark-two' })],
    ['lived before the machine was started', (own) => ({ ...own, boot: 'of-yesterday' })],
    ['has another pid', (own) => ({ ...own, pid: process.pid })],
  ])(
    'is somebody else when the one that is meant %s, and is not signalled',
    async (_name, change) => {
      const { child, identity } = await startMarked('mark-one');
      expect(await isAlive(change(identity))).toBe(false);
      expect(await signal(change(identity), 'SIGKILL')).toBe(false);
      expect(child.signalCode).toBeNull();
      expect(await isAlive(identity)).toBe(true);
    },
  );

  it('that has ended and was not taken note of is gone', async () => {
    // The shell's child ends, and the shell, which is stopped, does not look.
    const shell = spawn('sh', ['-c', 'sleep 600 & echo $!; kill -STOP $$'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(shell);
    const [line] = await once(shell.stdout, 'data');
    const pid = Number(String(line));
    // Without a mark, as for the owner of a lock.
    const identity = await identify(pid, '');
    expect(identity).toBeDefined();
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => identity && isAlive(identity)).toBe(false);
  });
});

describe('isFromEarlierBoot', () => {
  it('knows this boot', async () => {
    const me = await identify(process.pid, '');
    expect(isFromEarlierBoot(me?.boot ?? '', new Date().toISOString())).toBe(false);
    expect(isFromEarlierBoot('of-yesterday', new Date().toISOString())).toBe(true);
  });
});
