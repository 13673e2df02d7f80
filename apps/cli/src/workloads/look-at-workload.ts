/** How a workload is: found out by looking, never believed from a file. */
import { askWorkload, type WorkloadReport } from './control-channel.ts';
import { isAlive, isFromEarlierBoot } from './process-identity.ts';
import type { WorkloadRecord } from './workload-record.ts';

export type WorkloadStatus = WorkloadReport['status'] | 'stopped';

export interface WorkloadView {
  readonly record: WorkloadRecord;
  readonly status: WorkloadStatus;
  /** Why it is not running, and what to do; undefined when there is nothing to say. */
  readonly detail: string | undefined;
  readonly health: string | undefined;
  readonly restarts: number | undefined;
  /** Where it can be called; undefined when it cannot. */
  readonly url: string | undefined;
  readonly uptimeSeconds: number | undefined;
}

export async function lookAtWorkload(record: WorkloadRecord): Promise<WorkloadView> {
  const { process, failure, run } = record;
  const still = (status: WorkloadStatus, detail?: string): WorkloadView => ({
    ...{ record, status, detail },
    ...{ health: undefined, restarts: undefined, url: undefined, uptimeSeconds: undefined },
  });
  if (process === undefined) {
    return failure === undefined ? still('stopped') : still('error', failure);
  }
  if (!(await isAlive(process))) {
    return isFromEarlierBoot(process.boot, process.startedAt)
      ? still('stopped', 'the machine was restarted')
      : still('unhealthy', `its proxy has ended; thv start ${run.name} repairs it`);
  }
  const report = toReport(await askWorkload(process, 'status'));
  if (report === undefined) {
    return still('unhealthy', `its proxy does not answer; thv restart ${run.name} repairs it`);
  }
  const { status, detail, health, restarts } = report;
  return {
    ...{ record, status, detail: detail ?? undefined, health, restarts, url: process.url },
    uptimeSeconds: Math.max(0, Math.floor((Date.now() - Date.parse(process.startedAt)) / 1000)),
  };
}

/** True when it serves, or will by itself. */
export function isUp({ status }: Pick<WorkloadView, 'status'>): boolean {
  return status === 'running' || status === 'starting';
}

function toReport(
  answer: Readonly<Record<string, unknown>> | undefined,
): WorkloadReport | undefined {
  // Safe: who answered has shown that it is the process that we started.
  return answer === undefined ? undefined : (answer as unknown as WorkloadReport);
}
