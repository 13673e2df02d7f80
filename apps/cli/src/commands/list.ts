/** `thv list`: the servers in the background. */
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog } from '../log.ts';
import { renderWorkloads, type WorkloadListFormat } from '../output/workload-list.ts';
import { describeWorkload } from '../workloads/describe-workload.ts';
import { lookAtWorkload } from '../workloads/look-at-workload.ts';
import { findStateFolders } from '../workloads/state-folders.ts';
import { createWorkloadStore } from '../workloads/workload-store.ts';
import type { GlobalFlags } from './command-host.ts';

export interface ListArguments extends GlobalFlags {
  readonly all?: true;
  readonly label?: readonly string[];
  readonly format?: WorkloadListFormat;
}

export async function listWorkloads(flags: ListArguments, io: Io): Promise<ExitCode> {
  const { all = false, label = [], format = 'text' } = flags;
  const store = createWorkloadStore(findStateFolders(io.env), createLog(io, flags));
  const records = await store.list();
  const views = await Promise.all(records.map(lookAtWorkload));
  const found = views
    .map((view) => describeWorkload(view, store.folders))
    .filter(({ labels }) => label.every((one) => labels.includes(one)));
  const shown = found.filter(({ status }) => all || status !== 'stopped');
  const hidden = found.length - shown.length;
  io.out(renderWorkloads(shown, { format, hidden, labels: label, screen: io.stdout }));
  return EXIT.done;
}
