/** What `thv status` prints. Pure. */
import type { WorkloadDescription } from '../workloads/describe-workload.ts';
import { toJsonLine } from './json-line.ts';
import type { Meaning } from './paint.ts';
import type { Screen } from './screen.ts';
import { renderFacts } from './table.ts';
import { meaningOf, workloadToJson } from './workload-list.ts';

export function renderWorkloadStatus(
  workload: WorkloadDescription,
  { format, screen }: { readonly format: 'text' | 'json'; readonly screen: Screen },
): string {
  const { health, uptimeSeconds, restarts, pid } = workload;
  if (format === 'json') {
    return toJsonLine({
      ...workloadToJson(workload),
      health: health ?? null,
      uptime_seconds: uptimeSeconds ?? null,
      restarts: restarts ?? null,
      pid: pid ?? null,
    });
  }
  const facts: readonly (readonly [string, string | undefined, Meaning?])[] = [
    ['NAME', workload.name],
    ['STATUS', workload.status, meaningOf(workload)],
    ['WHY', workload.detail],
    ['URL', workload.url],
    ['HEALTH', health],
    ['UPTIME', uptimeSeconds === undefined ? undefined : describeTime(uptimeSeconds)],
    ['RESTARTS', restarts?.toString()],
    ['SERVER', workload.server],
    ['TRANSPORT', workload.transport],
    ['LABELS', workload.labels.join(', ') || undefined],
    ['CREATED', workload.createdAt],
    ['LOG', workload.log],
    ['PROXY LOG', workload.proxyLog === workload.log ? undefined : workload.proxyLog],
  ];
  return renderFacts(
    facts.flatMap(([label, value, meaning]) =>
      value === undefined ? [] : [[label, value, meaning] as const],
    ),
    screen,
  );
}

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** The two largest units: `3d 4h`, `12s`. */
function describeTime(seconds: number): string {
  const first = UNITS.findIndex(([, size]) => seconds >= size);
  const shown = UNITS.slice(first < 0 ? -1 : first).slice(0, 2);
  let rest = seconds;
  return shown
    .map(([unit, size]) => {
      const count = Math.floor(rest / size);
      rest -= count * size;
      return `${count}${unit}`;
    })
    .join(' ');
}
