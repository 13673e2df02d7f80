import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { identify } from '../src/workloads/process-identity.ts';
import { findStateFolders, type StateFolders } from '../src/workloads/state-folders.ts';
import { withLock } from '../src/workloads/workload-lock.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder();
const PATIENT = { patience: 10_000 };
let folders: StateFolders;

beforeAll(() => {
  folders = findStateFolders({ XDG_STATE_HOME: folder.path });
  mkdirSync(folders.locks, { recursive: true });
});

const lockOf = (name: string) => join(folders.locks, `${name}.lock`);

/** The lock of a process that has ended. */
async function leaveLock(path: string): Promise<void> {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  const identity = await identify(child.pid ?? 0, '600');
  child.kill('SIGKILL');
  await once(child, 'exit');
  symlinkSync(JSON.stringify(identity), path);
}

describe('withLock', () => {
  it('lets one work at a time, and leaves nothing behind', async () => {
    let working = 0;
    let most = 0;
    const work = async () => {
      working += 1;
      most = Math.max(most, working);
      await new Promise((resolve) => setImmediate(resolve));
      working -= 1;
    };
    await Promise.all(Array.from({ length: 20 }, () => withLock(folders, 'a', work, PATIENT)));
    expect(most).toBe(1);
    expect(readdirSync(folders.locks)).toEqual([]);
  });

  it('is released when the work fails', async () => {
    const failed = withLock(folders, 'b', () => Promise.reject(new Error('no')), PATIENT);
    await expect(failed).rejects.toThrow('no');
    expect(await withLock(folders, 'b', async () => 'next', PATIENT)).toBe('next');
  });

  it('takes over from a process that has ended, for one at a time', async () => {
    await leaveLock(lockOf('c'));
    let working = 0;
    const work = async () => {
      working += 1;
      expect(working).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      working -= 1;
    };
    await Promise.all(Array.from({ length: 10 }, () => withLock(folders, 'c', work, PATIENT)));
    expect(readdirSync(folders.locks)).toEqual([]);
  });

  it('takes over from one that ended while it took over', async () => {
    await leaveLock(lockOf('d'));
    await leaveLock(`${lockOf('d')}.guard`);
    expect(await withLock(folders, 'd', async () => 'mine', PATIENT)).toBe('mine');
    expect(readdirSync(folders.locks)).toEqual([]);
  });

  it('takes over what cannot be read', async () => {
    symlinkSync('{"pid": 1', lockOf('e'));
    expect(await withLock(folders, 'e', async () => 'mine', PATIENT)).toBe('mine');
  });

  it('takes over from a process whose pid is somebody else by now', async () => {
    const me = await identify(process.pid, '');
    symlinkSync(JSON.stringify({ ...me, start: '1' }), lockOf('f'));
    expect(await withLock(folders, 'f', async () => 'mine', PATIENT)).toBe('mine');
  });

  it('waits for a process that lives, says so, and gives up', async () => {
    symlinkSync(JSON.stringify(await identify(process.pid, '')), lockOf('g'));
    let waits = 0;
    const onWait = () => {
      waits += 1;
    };
    const waiting = withLock(folders, 'g', async () => 'mine', { patience: 120, onWait });
    await expect(waiting).rejects.toThrow(
      `g: another thv (pid ${process.pid}) is working on it; wait for it, and try again`,
    );
    expect(waits).toBe(1);
  });
});
