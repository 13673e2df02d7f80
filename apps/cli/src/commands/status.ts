/** `thv status`: one server in the background. */
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog } from '../log.ts';
import { renderWorkloadStatus } from '../output/workload-status.ts';
import { describeWorkload } from '../workloads/describe-workload.ts';
import { findWorkload } from '../workloads/find-workload.ts';
import { lookAtWorkload } from '../workloads/look-at-workload.ts';
import type { Format, GlobalFlags } from './command-host.ts';

export interface StatusArguments {
  readonly name: string;
  readonly flags: GlobalFlags & { readonly format?: Format };
}

export async function showStatus({ name, flags }: StatusArguments, io: Io): Promise<ExitCode> {
  const { record, store } = await findWorkload(name, io, createLog(io, flags));
  const view = await lookAtWorkload(record);
  io.out(
    renderWorkloadStatus(describeWorkload(view, store.folders), {
      format: flags.format ?? 'text',
      screen: io.stdout,
    }),
  );
  return EXIT.done;
}
