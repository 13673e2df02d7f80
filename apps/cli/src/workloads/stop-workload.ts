/** Ends the process of a workload: asks it, and forces it only when it is certain who it is. */
import { lstat, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { askWorkload } from './control-channel.ts';
import { isAlive, type ProcessIdentity, signal } from './process-identity.ts';
import { endLeftServers, serverProcessesPath } from './server-processes.ts';
import type { StateFolders } from './state-folders.ts';
import type { WorkloadRecord } from './workload-record.ts';

/** Requests in flight get 30 seconds, and the server some more to end (D40). Milliseconds. */
const PATIENCE = 45_000;
/** What a process that does not answer gets to end at SIGTERM, and then at SIGKILL. */
const GRACE = 5000;
const POLL = 50;

/**
 * Stops the proxy and what it has started; the caller holds the lock of the workload.
 *
 * @returns false when no proxy was running
 * @throws {CliError} with exit code 1 when it does not end
 */
export async function stopProcess(record: WorkloadRecord, folders: StateFolders): Promise<boolean> {
  const stopped = await stopProxy(record);
  await endLeftServers(serverProcessesPath(folders, record.run.name));
  await removeSocket(record.process?.socket);
  return stopped;
}

/** What a proxy that was killed could not do itself. Nothing but a socket is removed. */
async function removeSocket(path: string | undefined): Promise<void> {
  if (path !== undefined && (await lstat(path).catch(() => undefined))?.isSocket()) {
    await rm(path, { force: true });
  }
}

async function stopProxy({ process, run }: WorkloadRecord): Promise<boolean> {
  if (process === undefined || !(await isAlive(process))) {
    return false;
  }
  const gone = (time: number) => isGoneWithin(process, time);
  const listens = (await askWorkload(process, 'stop')) !== undefined;
  if (listens && (await gone(PATIENCE))) {
    return true;
  }
  for (const name of ['SIGTERM', 'SIGKILL'] as const) {
    if (!(await signal(process, name)) || (await gone(GRACE))) {
      return true;
    }
  }
  throw new CliError({
    exitCode: EXIT.failed,
    what: run.name,
    why: `its process ${process.pid} cannot be ended`,
    wayOut: 'end it yourself, and try again',
  });
}

async function isGoneWithin(process: ProcessIdentity, time: number): Promise<boolean> {
  const until = performance.now() + time;
  while (await isAlive(process)) {
    if (performance.now() >= until) {
      return false;
    }
    await sleep(POLL);
  }
  return true;
}
