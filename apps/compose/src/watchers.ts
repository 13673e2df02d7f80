/** Everything that watches requests, for all servers of one process together. */

import type { ProxyOptions } from '@thv/proxy';
import type { LogEvent } from './config.ts';
import type { AuditConfig } from './observability-config.ts';
import { openAudit } from './open-audit.ts';

export interface WatchersConfig {
  readonly audit?: AuditConfig;
}

/** Opened once; every server gets its part. */
export interface Watchers {
  /** What the proxy of a server needs; nothing when nobody watches. */
  readonly optionsFor: (server: string) => Pick<ProxyOptions, 'audit'>;
  /** Rejects while requests are refused because nobody could watch them. */
  readonly ready: () => Promise<void>;
  /** True while something of it works no more, but is not required. */
  readonly degraded: () => boolean;
  readonly close: () => Promise<void>;
}

/** @throws ProxyError when the audit log cannot be opened */
export async function openWatchers(
  config: WatchersConfig,
  log: (event: LogEvent) => void,
): Promise<Watchers> {
  const audit = config.audit && (await openAudit(config.audit, log));
  return {
    optionsFor: (server) => (audit === undefined ? {} : { audit: audit.optionsFor(server) }),
    ready: async () => audit?.ready(),
    degraded: () => audit?.degraded() ?? false,
    close: async () => audit?.close(),
  };
}
