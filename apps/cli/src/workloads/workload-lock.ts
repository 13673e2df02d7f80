/**
 * One command at a time works on a workload.
 *
 * A lock is a symbolic link, which only one can create, to a text that says whose it is. The lock of
 * a process that has ended is taken over at once: nothing has to be waited for after a crash, and
 * nothing beats while a lock is held, so a machine that sleeps loses none. Taking over is guarded by
 * a second lock of the same kind, so that of two who find a dead owner only one removes it.
 */
import { randomBytes } from 'node:crypto';
import { readlinkSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from '../cli-error.ts';
import { codeOf } from '../error-code.ts';
import { EXIT } from '../exit-codes.ts';
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts';
import { type StateFolders, toStateError } from './state-folders.ts';

export interface LockOptions {
  /** Milliseconds to wait for whoever holds it. */
  readonly patience: number;
  /** Called once when there is somebody to wait for. */
  readonly onWait?: () => void;
}

const POLL_MS = 50;

/**
 * Runs `work` while holding the lock of a workload.
 *
 * @throws {CliError} with exit code 1 when somebody else holds it for longer than `patience`.
 */
export async function withLock<T>(
  folders: Pick<StateFolders, 'locks'>,
  name: string,
  work: () => Promise<T>,
  { patience, onWait }: LockOptions,
): Promise<T> {
  const path = join(folders.locks, `${name}.lock`);
  const me = await ownIdentity();
  const text = JSON.stringify({ ...me, ticket: randomBytes(8).toString('hex') });
  const until = performance.now() + patience;
  for (let waited = false; !(await acquire(path, text)); waited = true) {
    if (performance.now() >= until) {
      throw new CliError({
        exitCode: EXIT.failed,
        what: name,
        why: `another thv${describeOwner(path)} is working on it`,
        wayOut: 'wait for it, and try again',
      });
    }
    if (!waited) {
      onWait?.();
    }
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    release(path, text);
  }
}

let known: Promise<ProcessIdentity> | undefined;

/** A lock is never a reason to signal its owner, so pid, start and boot say enough. */
function ownIdentity(): Promise<ProcessIdentity> {
  known ??= identify(process.pid, '').then((me) => {
    if (me === undefined) {
      throw new Error('this process cannot see itself');
    }
    return me;
  });
  return known;
}

async function acquire(path: string, text: string): Promise<boolean> {
  if (create(path, text)) {
    return true;
  }
  if (!(await isAbandoned(path))) {
    return false;
  }
  await removeAbandoned(path, text);
  return create(path, text);
}

/** Removes the lock of a dead owner; only who holds the guard may, and looks once more. */
async function removeAbandoned(path: string, text: string): Promise<void> {
  const guard = `${path}.guard`;
  if (!create(guard, text)) {
    if (await isAbandoned(guard)) {
      // Killed within the moment that the lines below take.
      rmSync(guard, { force: true });
    }
    return;
  }
  try {
    if (await isAbandoned(path)) {
      rmSync(path, { force: true });
    }
  } finally {
    rmSync(guard, { force: true });
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const owner = readOwner(path);
  // What cannot be read was being written when the machine went down.
  return owner !== undefined && (owner === 'unreadable' || !(await isAlive(owner)));
}

/** One step: a link is there with its text or not at all. It needs no room on a full disk. */
function create(path: string, text: string): boolean {
  try {
    symlinkSync(text, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      return false;
    }
    throw toStateError(error, path);
  }
}

/** Undefined when the lock was released in this very moment. */
function readOwner(path: string): ProcessIdentity | 'unreadable' | undefined {
  let text: string;
  try {
    text = readlinkSync(path);
  } catch {
    return undefined;
  }
  try {
    // Safe: only this file writes locks, and only this user can.
    return JSON.parse(text) as ProcessIdentity;
  } catch {
    return 'unreadable';
  }
}

function describeOwner(path: string): string {
  const owner = readOwner(path);
  return typeof owner === 'object' ? ` (pid ${owner.pid})` : '';
}

function release(path: string, text: string): void {
  try {
    if (readlinkSync(path) === text) {
      unlinkSync(path);
    }
  } catch {
    // It is gone already.
  }
}
