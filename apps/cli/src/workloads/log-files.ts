/** Where the logs of a workload are. */
import { join } from 'node:path';
import type { SavedRun } from './saved-run.ts';
import type { StateFolders } from './state-folders.ts';

export function logPaths(
  folders: StateFolders,
  name: string,
): { readonly server: string; readonly proxy: string } {
  return {
    server: join(folders.logs, `${name}.log`),
    proxy: join(folders.logs, `${name}.proxy.log`),
  };
}

/** The log in which to look first: a server that runs elsewhere writes none here. */
export function logOf(folders: StateFolders, run: SavedRun): string {
  const { server, proxy } = logPaths(folders, run.name);
  return isRemote(run) ? proxy : server;
}

/** True for a server that is a URL. */
export function isRemote({ server }: SavedRun): boolean {
  return server !== undefined && /^https?:\/\//i.test(server);
}
