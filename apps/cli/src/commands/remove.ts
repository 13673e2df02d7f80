/** `thv rm`: ends servers and forgets them. */
import type { ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { stopProcess } from '../workloads/stop-workload.ts';
import { type ChangeArguments, changeWorkloads } from './change-workloads.ts';

export function removeWorkloads(args: ChangeArguments, io: Io): Promise<ExitCode> {
  return changeWorkloads(
    args,
    {
      what: 'rm',
      doing: 'removing',
      missingIsDone: true,
      async change(record, { store }) {
        const stopped = await stopProcess(record, store.folders);
        await store.remove(record.run.name);
        return { result: stopped ? 'stopped and removed' : 'removed' };
      },
    },
    io,
  );
}
