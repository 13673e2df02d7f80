/** `thv stop`: ends servers and keeps what they are. */
import type { ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { stopProcess } from '../workloads/stop-workload.ts';
import { type ChangeArguments, changeWorkloads } from './change-workloads.ts';

export function stopWorkloads(args: ChangeArguments, io: Io): Promise<ExitCode> {
  return changeWorkloads(
    args,
    {
      what: 'stop',
      doing: 'stopping',
      missingIsDone: true,
      async change(record, { store }) {
        const stopped = await stopProcess(record, store.folders);
        if (record.process !== undefined || record.failure !== undefined) {
          await store.write({ ...record, process: undefined, failure: undefined });
        }
        return { result: stopped ? 'stopped' : 'was not running' };
      },
    },
    io,
  );
}
