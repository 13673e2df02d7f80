/** Opens the audit log, and tells the operator how it fares. */

import { type AuditOptions, createAuditWriter } from '@thv/proxy';
import { openAuditFile, openAuditStdout } from '@thv/proxy/node';
import type { LogEvent } from './config.ts';
import type { AuditConfig } from './observability-config.ts';

/** An audit log that several servers may share. */
export interface OpenAudit {
  /** What the proxy of a server needs. */
  readonly optionsFor: (server: string) => AuditOptions;
  /** Rejects while no record can be kept, if requests are refused then. */
  readonly ready: () => Promise<void>;
  /** True while records cannot be kept, but are not required. */
  readonly degraded: () => boolean;
  readonly close: () => Promise<void>;
}

/** @throws ProxyError `ERR_PROXY_AUDIT` when the log cannot be opened */
export async function openAudit(
  config: AuditConfig,
  log: (event: LogEvent) => void,
): Promise<OpenAudit> {
  const { sink, required = false } = config;
  const output = sink.kind === 'stdout' ? openAuditStdout() : await openAuditFile(sink.path);
  const writer = createAuditWriter({
    output,
    onRecovered: ({ late, lost }) =>
      log({
        level: lost === 0 ? 'info' : 'error',
        message: 'the audit log can be written again',
        detail: { late, lost },
      }),
  });
  return {
    optionsFor: (server) => ({
      sink: writer,
      server,
      required,
      ...(config.arguments !== undefined && { arguments: config.arguments }),
    }),
    ready: async () => {
      if (required) await writer.ready();
    },
    degraded: () => !required && writer.failing(),
    close: async () => {
      const lost = await writer.close();
      if (lost === 0) return;
      log({ level: 'error', message: 'lines of the audit log are lost', detail: { lost } });
    },
  };
}
