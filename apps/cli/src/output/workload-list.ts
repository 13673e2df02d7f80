/** What `thv list` prints. Pure. */
import { clean } from '../log.ts';
import type { WorkloadDescription } from '../workloads/describe-workload.ts';
import { clientConfig } from './client-config.ts';
import { toJsonLine, toJsonText } from './json-line.ts';
import type { Meaning } from './paint.ts';
import type { Screen } from './screen.ts';
import { type Column, renderTable } from './table.ts';

export type WorkloadListFormat = 'text' | 'json' | 'mcpservers';

export interface WorkloadListOptions {
  readonly format: WorkloadListFormat;
  /** How many are not shown because they are stopped. */
  readonly hidden: number;
  /** Those that were asked for; empty for all. */
  readonly labels: readonly string[];
  readonly screen: Screen;
}

export function renderWorkloads(
  workloads: readonly WorkloadDescription[],
  options: WorkloadListOptions,
): string {
  const { format } = options;
  switch (format) {
    case 'json':
      return toJsonLine(workloads.map(workloadToJson));
    case 'mcpservers':
      return toJsonText(clientConfig(callable(workloads)));
    case 'text':
      return renderText(workloads, options);
    default:
      return format satisfies never;
  }
}

/** The keys that scripts rely on. */
export function workloadToJson(workload: WorkloadDescription) {
  const { name, status, url, transport, server, createdAt, log, detail, proxyLog } = workload;
  return {
    name,
    status,
    url: url ?? null,
    transport,
    server,
    labels: Object.fromEntries(workload.labels.map(splitLabel)),
    created_at: createdAt,
    log,
    proxy_log: proxyLog,
    detail: detail ?? null,
  };
}

/** Those that can be called. */
function callable(workloads: readonly WorkloadDescription[]) {
  return workloads.flatMap(({ name, clientUrl: url }) =>
    url === undefined ? [] : [[name, url] as const],
  );
}

const MEANINGS: Readonly<Record<WorkloadDescription['status'], Meaning>> = {
  running: 'good',
  starting: 'warning',
  stopping: 'warning',
  unhealthy: 'bad',
  error: 'bad',
  stopped: 'aside',
};

/** What a status means to whoever reads it. */
export function meaningOf({ status }: WorkloadDescription): Meaning {
  return MEANINGS[status];
}

const COLUMNS: readonly Column<WorkloadDescription>[] = [
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'STATUS', cell: ({ status }) => status, meaning: meaningOf },
  { title: 'URL', cell: ({ url }) => url ?? '-' },
  { title: 'SERVER', cell: ({ server }) => server, cut: true },
];

function renderText(
  workloads: readonly WorkloadDescription[],
  { hidden, labels, screen }: WorkloadListOptions,
): string {
  const more = hidden === 0 ? '' : `${hidden} stopped: thv list --all\n`;
  if (workloads.length === 0) {
    const which = labels.length === 0 ? '' : ` with ${labels.join(' and ')}`;
    return `No servers${which} are running.\n${more}`;
  }
  const troubles = workloads.flatMap(({ name, detail }) =>
    detail === undefined ? [] : [`${name}: ${clean(detail)}\n`],
  );
  const notes = troubles.length === 0 ? '' : `\n${troubles.join('')}`;
  return `${renderTable(COLUMNS, workloads, screen)}${notes}${more}`;
}

function splitLabel(label: string): readonly [string, string] {
  const at = label.indexOf('=');
  return [label.slice(0, at), label.slice(at + 1)];
}
