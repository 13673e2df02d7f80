/** The public surface: a name that comes or goes is a decision, not an accident. */

import { expect, it } from 'vitest';
import * as root from '../src/index.ts';
import * as node from '../src/node/index.ts';
import * as telemetry from '../src/telemetry/index.ts';

it('exports these names', () => {
  expect(Object.keys(root).sort()).toMatchInlineSnapshot(`
    [
      "AnswerTimeout",
      "ProxyError",
      "SUPPORTED_VERSIONS",
      "assertToolOptions",
      "assertTrustedProxies",
      "callerToken",
      "createAuditWriter",
      "createHttpUpstream",
      "createMemoryRateLimitStore",
      "createMemorySessionStore",
      "createProxy",
      "createRateLimits",
      "createRecoveringUpstream",
      "createSseUpstream",
      "isProxyError",
      "readMessage",
      "withOwnHeaders",
    ]
  `);
  expect(Object.keys(node).sort()).toMatchInlineSnapshot(`
    [
      "createStdioUpstream",
      "createUndiciSseUpstream",
      "createUndiciUpstream",
      "listen",
      "openAuditFile",
      "openAuditStdout",
    ]
  `);
  expect(Object.keys(telemetry).sort()).toMatchInlineSnapshot(`
    [
      "createTelemetry",
      "observeTokenValidator",
    ]
  `);
});
