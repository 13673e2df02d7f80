/** An upstream that stands on something else: that is started before it is asked, and ended after it. */

import type { Upstream } from '@thv/proxy';
import type { HostReports, ServerHost } from './config.ts';

/** Every message waits for the host; one that could not be started is tried again by the next. */
export function createHostedUpstream(
  inner: Upstream,
  host: ServerHost,
  reports: HostReports,
): Upstream {
  let starting: Promise<void> | undefined;
  const started = (): Promise<void> => {
    starting ??= host.start(reports).catch((error: unknown) => {
      starting = undefined;
      throw error;
    });
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
