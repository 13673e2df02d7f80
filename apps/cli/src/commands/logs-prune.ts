/** `thv logs prune`: deletes the logs of servers that are no more. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog } from '../log.ts';
import { toJsonLine } from '../output/json-line.ts';
import { findStateFolders, toStateError } from '../workloads/state-folders.ts';
import { createWorkloadStore } from '../workloads/workload-store.ts';
import type { Format, GlobalFlags } from './command-host.ts';

/** `NAME.log`, `NAME.proxy.log`, `NAME.audit.log`, and the older ones of each. */
const LOG = /^(.+?)(?:\.proxy|\.audit)?\.log(?:\.\d+)?$/;

export async function pruneLogs(
  flags: GlobalFlags & { readonly format?: Format },
  io: Io,
): Promise<ExitCode> {
  const store = createWorkloadStore(findStateFolders(io.env), createLog(io, flags));
  const { logs } = store.folders;
  const known = new Set(await store.names());
  const files = await readdir(logs).catch(() => []);
  const pruned: string[] = [];
  for (const file of files.sort()) {
    const name = LOG.exec(file)?.[1];
    if (name !== undefined && !known.has(name)) {
      const path = join(logs, file);
      await rm(path, { force: true }).catch((error: unknown) => {
        throw toStateError(error, path);
      });
      pruned.push(path);
    }
  }
  io.out(
    flags.format === 'json'
      ? toJsonLine({ deleted: pruned })
      : pruned.map((path) => `deleted ${path}\n`).join('') || 'There is nothing to delete.\n',
  );
  return EXIT.done;
}
