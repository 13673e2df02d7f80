/**
 * The processes that a proxy has started, written down for the case that it is killed: a server that
 * does not notice that its input has ended would run on beside its successor.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readOwnFile } from '../regular-file.ts';
import { isRecord, parseJson } from '../services/json-value.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts';
import type { StateFolders } from './state-folders.ts';

/** A process belongs to nobody else: it started when ours did, with its pid, in this boot. */
type ServerIdentity = Omit<ProcessIdentity, 'mark'>;

export interface ServerProcesses {
  /** A process was started. */
  add(pid: number): void;
  /** All have been ended in order. */
  clear(): Promise<void>;
}

/** One process per session may become many; the ended ones are forgotten from here on. */
const CROWD = 20;
const GRACE = 5000;
const POLL = 50;

export function createServerProcesses(path: string): ServerProcesses {
  let known: readonly ServerIdentity[] = [];
  // One after the other, so that the last word is the one that stays.
  let writing = Promise.resolve();
  const note = async (pid: number): Promise<void> => {
    const identity = await identify(pid, '');
    if (identity === undefined) {
      return;
    }
    const living = known.length < CROWD ? known : await findLiving(known);
    const { start, boot } = identity;
    known = [...living, { pid, start, boot }];
    await writeFileAtomically(path, JSON.stringify({ processes: known }));
  };
  return {
    add(pid) {
      // A full disk stops no server. What is not written down ends with its input, as most do.
      writing = writing.then(() => note(pid)).catch(() => undefined);
    },
    async clear() {
      await writing;
      await rm(path, { force: true });
    },
  };
}

/** Where they are written down. */
export function serverProcessesPath(folders: StateFolders, name: string): string {
  return join(folders.sockets, `${name}.servers.json`);
}

/** Ends what a proxy that was killed has left. The caller holds the lock of the workload. */
export async function endLeftServers(path: string): Promise<void> {
  const json = parseJson(
    await readOwnFile(path).then(
      ({ text }) => text,
      () => '',
    ),
  );
  const listed = isRecord(json) && Array.isArray(json['processes']) ? json['processes'] : [];
  let left = await findLiving(listed.filter(isIdentity));
  for (const name of ['SIGTERM', 'SIGKILL'] as const) {
    for (const { pid } of left) {
      signalGroup(pid, name);
    }
    for (let waited = 0; left.length > 0 && waited < GRACE; waited += POLL) {
      await sleep(POLL);
      left = await findLiving(left);
    }
  }
  await rm(path, { force: true });
}

async function findLiving(
  identities: readonly ServerIdentity[],
): Promise<readonly ServerIdentity[]> {
  const lives = await Promise.all(identities.map((one) => isAlive({ ...one, mark: '' })));
  return identities.filter((_, at) => lives[at]);
}

/** Each was started as the leader of a group, which holds what it has started itself. */
function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch {
    // It has ended in this very moment.
  }
}

function isIdentity(value: unknown): value is ServerIdentity {
  return (
    isRecord(value) &&
    Number.isSafeInteger(value['pid']) &&
    Number(value['pid']) > 1 &&
    typeof value['start'] === 'string' &&
    typeof value['boot'] === 'string'
  );
}
