/** The telemetry example of the README, compiled. */

import type { TokenValidator } from '@thv/oidc';
import { createProxy, type ProxyOptions } from '../index.ts';
import { createTelemetry, observeTokenValidator } from './index.ts';

export function observed(options: ProxyOptions, validator: TokenValidator): unknown {
  // #region telemetry
  // Through the providers that your program has registered, or those that you give it.
  const proxy = createProxy({ ...options, observer: createTelemetry({ server: 'weather' }) });
  observeTokenValidator(validator, { server: 'weather' }); // cache hits, age of the keys
  // #endregion telemetry
  return proxy;
}
