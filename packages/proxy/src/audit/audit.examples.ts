/** The audit example of the README, compiled. */

import { createAuditWriter, createProxy, type ProxyOptions } from '../index.ts';
import { openAuditFile } from '../node/index.ts';

export async function audited(options: ProxyOptions): Promise<unknown> {
  // #region audit
  const sink = createAuditWriter({ output: await openAuditFile('/var/log/mcp/weather.audit.log') });
  const proxy = createProxy({
    ...options,
    audit: { sink, server: 'weather', required: true, arguments: 'names' },
  });
  // #endregion audit
  return proxy;
}
