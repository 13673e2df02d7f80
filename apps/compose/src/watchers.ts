/** Everything that watches requests, for all servers of one process together. */

import type { TokenValidator } from '@thv/oidc';
import type { ProxyOptions } from '@thv/proxy';
import type { LogEvent } from './config.ts';
import type { AuditConfig, TelemetryConfig } from './observability-config.ts';
import { openAudit } from './open-audit.ts';

export interface WatchersConfig {
  readonly audit?: AuditConfig;
  readonly telemetry?: TelemetryConfig;
}

/** Opened once; every server gets its part. */
export interface Watchers {
  /** What the proxy of a server needs; nothing when nobody watches. */
  readonly optionsFor: (server: string) => Pick<ProxyOptions, 'audit' | 'observer'>;
  /** Tells of the tokens of a server. */
  readonly watchSignIn: (server: string, validator: Pick<TokenValidator, 'status'>) => void;
  /** Rejects while requests are refused because nobody could watch them. */
  readonly ready: () => Promise<void>;
  /** True while something of it works no more, but is not required. */
  readonly degraded: () => boolean;
  readonly close: () => Promise<void>;
}

/** @throws ProxyError when the audit log cannot be opened, or metrics cannot be listened for */
export async function openWatchers(
  config: WatchersConfig,
  log: (event: LogEvent) => void,
): Promise<Watchers> {
  const audit = config.audit && (await openAudit(config.audit, log));
  const telemetry =
    config.telemetry &&
    (await openLate(config.telemetry, log).catch(async (error: unknown) => {
      await audit?.close();
      throw error;
    }));
  return {
    optionsFor: (server) => ({
      ...(audit !== undefined && { audit: audit.optionsFor(server) }),
      ...(telemetry !== undefined && { observer: telemetry.observerFor(server) }),
    }),
    watchSignIn: (server, validator) => telemetry?.watchSignIn(server, validator),
    ready: async () => audit?.ready(),
    degraded: () => audit?.degraded() ?? false,
    close: async () => {
      await telemetry?.close();
      await audit?.close();
    },
  };
}

/** Whoever asks for no telemetry does not wait for the SDK to be loaded. */
async function openLate(config: TelemetryConfig, log: (event: LogEvent) => void) {
  const { openTelemetry } = await import('./telemetry/open-telemetry.ts');
  return openTelemetry(config, log);
}
