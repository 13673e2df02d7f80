/** An upstream that stands on something else: that is started before it is asked, and ended after it. */

import { ProxyError, type Upstream } from '@thv/proxy';
import type { HostReports, ServerHost } from './config.ts';

export interface HostedParts {
  readonly host: ServerHost;
  readonly reports: HostReports;
  /** Aborted when the server is about to be closed. */
  readonly stopping: AbortSignal;
}

/** Every message waits for the host; one that could not be started is tried again by the next. */
export function createHostedUpstream(
  inner: Upstream,
  { host, reports, stopping }: HostedParts,
): Upstream {
  let starting: Promise<void> | undefined;
  const start = async (): Promise<void> => {
    try {
      if (!stopping.aborted) await host.start(reports, stopping);
    } catch (error) {
      starting = undefined;
      if (!stopping.aborted) throw error;
    }
    if (stopping.aborted) {
      throw new ProxyError('ERR_PROXY_UPSTREAM_UNREACHABLE', 'the server is being stopped');
    }
  };
  const started = (): Promise<void> => {
    starting ??= start();
    return starting;
  };
  let closing: Promise<void> | undefined;
  return {
    ...inner,
    handle: async (message, context) => {
      await started();
      return inner.handle(message, context);
    },
    stream: async (context) => {
      await started();
      return inner.stream(context);
    },
    async ready(signal) {
      await started();
      try {
        await inner.ready(signal);
      } catch (error) {
        throw host.explain?.(error) ?? error;
      }
    },
    close() {
      closing ??= closeBoth();
      return closing;
    },
  };

  async function closeBoth(): Promise<void> {
    await inner.close();
    // What is still being started could not be ended.
    await starting?.catch(() => undefined);
    await host.close();
  }
}
