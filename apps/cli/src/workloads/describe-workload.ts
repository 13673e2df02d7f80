/** What there is to tell of a workload, in plain data. Pure. */
import { isRemote, logOf, logPaths } from './log-files.ts';
import type { WorkloadStatus, WorkloadView } from './look-at-workload.ts';
import type { SavedRun } from './saved-run.ts';
import type { StateFolders } from './state-folders.ts';

export interface WorkloadDescription {
  readonly name: string;
  readonly status: WorkloadStatus;
  /** Why it is not running. */
  readonly detail: string | undefined;
  readonly url: string | undefined;
  /** What clients are given: how others reach it (`--resource-url`), or the URL. */
  readonly clientUrl: string | undefined;
  /** How the proxy speaks with the server. */
  readonly transport: string;
  /** What was asked to run, as it was typed. */
  readonly server: string;
  /** `NAME=VALUE`. */
  readonly labels: readonly string[];
  readonly createdAt: string;
  readonly log: string;
  readonly proxyLog: string;
  readonly health: string | undefined;
  readonly uptimeSeconds: number | undefined;
  readonly restarts: number | undefined;
  readonly pid: number | undefined;
}

export function describeWorkload(view: WorkloadView, folders: StateFolders): WorkloadDescription {
  const { record, status, detail, url, health, uptimeSeconds, restarts } = view;
  const { run, createdAt, process } = record;
  return {
    ...{ name: run.name, status, detail, url },
    clientUrl:
      url === undefined ? undefined : (valuesOf(run, 'resource-url')[0] ?? toLocalUrl(url)),
    transport: transportOf(run),
    server: run.server ?? (run.args ?? []).join(' '),
    labels: valuesOf(run, 'label').flatMap((list) => list.split(',').map((one) => one.trim())),
    createdAt,
    log: logOf(folders, run),
    proxyLog: logPaths(folders, run.name).proxy,
    ...{ health, uptimeSeconds, restarts },
    pid: uptimeSeconds === undefined ? undefined : process?.pid,
  };
}

/** An address that means all of this machine's is one to listen on, not to call. */
export function toLocalUrl(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

function transportOf(run: SavedRun): string {
  return valuesOf(run, 'transport')[0] ?? (isRemote(run) ? 'streamable-http' : 'stdio');
}

function valuesOf({ flags }: SavedRun, flag: string): readonly string[] {
  const value = flags[flag];
  if (value === undefined || value === true) {
    return [];
  }
  return typeof value === 'string' ? [value] : value;
}
