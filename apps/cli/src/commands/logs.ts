/** `thv logs`: what a server, or the proxy before it, has written. */
import { CliError } from '../cli-error.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog } from '../log.ts';
import { forTerminal } from '../output/tool-result.ts';
import { findWorkload } from '../workloads/find-workload.ts';
import { isRemote, logPaths } from '../workloads/log-files.ts';
import { readLog } from '../workloads/read-log.ts';
import type { GlobalFlags } from './command-host.ts';

export interface LogsArguments {
  readonly name: string;
  readonly flags: GlobalFlags & { readonly follow?: true; readonly proxy?: true };
}

export async function showLogs({ name, flags }: LogsArguments, io: Io): Promise<ExitCode> {
  const log = createLog(io, flags);
  const { record, store } = await findWorkload(name, io, log);
  const { proxy = false, follow = false } = flags;
  if (!proxy && isRemote(record.run)) {
    throw new CliError({
      exitCode: EXIT.failed,
      what: name,
      why: 'it runs elsewhere, and its log is there',
      wayOut: `thv logs ${name} --proxy shows the log of the proxy`,
    });
  }
  const paths = logPaths(store.folders, name);
  const stopped = new AbortController();
  if (follow) {
    void io.termination().then(() => stopped.abort());
  }
  const found = await readLog({
    path: proxy ? paths.proxy : paths.server,
    follow,
    signal: stopped.signal,
    onText: (text) => io.out(forTerminal(text)),
  });
  if (!found) {
    const more = proxy ? '' : `; thv logs ${name} --proxy shows the log of the proxy`;
    log({ level: 'info', message: `${name} has written nothing so far${more}` });
  }
  return EXIT.done;
}
