/**
 * Who a process is. A pid says nothing: it is given to somebody else once its process has ended. A
 * process is ours when it started when ours did and carries the random mark that ours was given.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { promisify } from 'node:util';

export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, as the system says it: ticks since the boot on Linux, a date elsewhere. */
  readonly start: string;
  /** A random argument on its command line. */
  readonly mark: string;
  /** Which boot of the machine it lived in. */
  readonly boot: string;
}

interface Observed {
  readonly start: string;
  readonly commandLine: string;
}

/** Takes down the identity of a process that was just started with `mark` among its arguments. */
export async function identify(pid: number, mark: string): Promise<ProcessIdentity | undefined> {
  const observed = await observe(pid);
  return observed && { pid, start: observed.start, mark, boot: currentBoot() };
}

/** True when that very process still exists. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  if (!isThisBoot(identity.boot)) {
    return false;
  }
  const observed = await observe(identity.pid);
  return (
    observed !== undefined &&
    observed.start === identity.start &&
    observed.commandLine.includes(identity.mark)
  );
}

/**
 * Sends a signal to that very process, and to no other.
 *
 * @returns false when it does not exist any more; then nothing was signalled.
 */
export async function signal(identity: ProcessIdentity, name: NodeJS.Signals): Promise<boolean> {
  if (!(await isAlive(identity))) {
    return false;
  }
  try {
    return process.kill(identity.pid, name);
  } catch {
    // It has ended in this very moment.
    return false;
  }
}

/** Names the current boot of the machine; empty where the system does not. */
function currentBoot(): string {
  if (process.platform !== 'linux') {
    return '';
  }
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // A sandbox without it. Start times then have to be enough.
    return '';
  }
}

function isThisBoot(boot: string): boolean {
  return boot === currentBoot();
}

/** Milliseconds by which clocks may disagree about when the machine was started. */
const CLOCK_SLACK = 60_000;

/** True when the machine has been started since, so that no process of then can exist. */
export function isFromEarlierBoot(boot: string, startedAt: string): boolean {
  if (boot !== '' || currentBoot() !== '') {
    return !isThisBoot(boot);
  }
  return Date.parse(startedAt) < Date.now() - uptime() * 1000 - CLOCK_SLACK;
}

/** Undefined when there is no such process, or only what a parent has not taken note of. */
async function observe(pid: number): Promise<Observed | undefined> {
  return process.platform === 'linux' ? observeByProc(pid) : observeByPs(pid);
}

/** See proc(5). */
async function observeByProc(pid: number): Promise<Observed | undefined> {
  const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => undefined);
  const [stat, commandLine] = await Promise.all([read('stat'), read('cmdline')]);
  // The name stands in parentheses and may hold anything, parentheses included.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  const [state, start] = [fields[0], fields[19]];
  if (start === undefined || commandLine === undefined || state === 'Z' || state === 'X') {
    return undefined;
  }
  return { start, commandLine };
}

async function observeByPs(pid: number): Promise<Observed | undefined> {
  const options = ['-ww', '-o', 'stat=,lstart=,command=', '-p', String(pid)];
  // A language that writes dates in another way would make a process somebody else.
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  const ps = await promisify(execFile)('ps', options, { env }).catch(() => undefined);
  // Wed Nov 25 21:30:00 2026
  const pattern = /^\s*(\S+)\s+(\w+ \w+ +\d+ [\d:]+ \d+)\s+(.*)$/s;
  const [, state = 'Z', start, commandLine] = pattern.exec(ps?.stdout.trimEnd() ?? '') ?? [];
  return start === undefined || commandLine === undefined || state.startsWith('Z')
    ? undefined
    : { start, commandLine };
}
