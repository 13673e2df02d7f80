/**
 * Whose container it is, so that only what a dead thv left behind is ever removed: the process with
 * its start time, and where process numbers mean the same thing.
 */
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { identify, isAlive, type ProcessIdentity } from '../workloads/process-identity.ts';

interface Owner extends ProcessIdentity {
  /** Two processes see each other's numbers only in the same place. */
  readonly place: string;
}

/** As the value of a label. */
export async function describeOwner(): Promise<string> {
  const identity = await identify(process.pid, '');
  const owner = { ...identity, pid: process.pid, place: await currentPlace() };
  return Buffer.from(JSON.stringify(owner)).toString('base64url');
}

/** True only when it is certain that the owner has ended; an owner elsewhere may well be alive. */
export async function hasEnded(label: string): Promise<boolean> {
  const owner = readOwner(label);
  return owner !== undefined && owner.place === (await currentPlace()) && !(await isAlive(owner));
}

/** The machine, its boot, and the namespace of process numbers. */
async function currentPlace(): Promise<string> {
  const [boot, namespace] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return [hostname(), boot.trim(), namespace].join(' ');
}

function readOwner(label: string): Owner | undefined {
  try {
    const owner: unknown = JSON.parse(Buffer.from(label, 'base64url').toString('utf8'));
    // Safe: a label that is not ours has other members, and then nothing equals.
    return typeof owner === 'object' && owner !== null ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}
