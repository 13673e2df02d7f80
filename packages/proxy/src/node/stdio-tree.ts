/** Ends a process and its descendants, as far as they stayed in its process group. */

import type { ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;
/** SIGKILL cannot be ignored, but it takes effect only when the system gets round to it. */
const KILL_MS = 1000;

/** SIGTERM to everything that is left, SIGKILL after the grace period (milliseconds). */
export async function endProcessTree(child: ChildProcess, grace: number): Promise<void> {
  if (!signalTree(child, 'SIGTERM') || (await isGoneWithin(child, grace))) return;
  signalTree(child, 'SIGKILL');
  await isGoneWithin(child, KILL_MS);
}

/** False when nothing is left to signal. */
function signalTree(child: ChildProcess, name: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  if (process.platform === 'win32') return child.exitCode === null && child.kill(name);
  try {
    return process.kill(-child.pid, name);
  } catch (error) {
    // ESRCH: the group is empty. EPERM: it is not, but it is no longer ours to signal.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function isGoneWithin(child: ChildProcess, time: number): Promise<boolean> {
  for (let waited = 0; ; waited += POLL_MS) {
    if (!signalTree(child, 0)) return true;
    if (child.pid !== undefined && (await holdsOnlyZombies(child.pid))) return true;
    if (waited >= time) return false;
    await sleep(POLL_MS);
  }
}

/**
 * True when every process of the group has ended and only waits for its parent to take note. An
 * orphan's parent is process 1, which takes its time, or in a bare container never does.
 */
async function holdsOnlyZombies(group: number): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const names = await readdir('/proc');
  const states = await Promise.all(
    names.filter((name) => /^\d+$/.test(name)).map((name) => stateInGroup(name, group)),
  );
  return states.every((state) => state === undefined || state === 'Z' || state === 'X');
}

/** The state letter of a process of this group; see proc(5). */
async function stateInGroup(pid: string, group: number): Promise<string | undefined> {
  // A process that ended since the directory was listed is not there.
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The name stands in parentheses and may hold anything, parentheses included.
  const [state, , pgrp] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return pgrp === String(group) ? state : undefined;
}
