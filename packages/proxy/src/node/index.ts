/** What the proxy needs Node for. */

export { type AuditFileOptions, openAuditFile, openAuditStdout } from './audit-output.ts';
export { type Listener, type ListenOptions, listen } from './serve.ts';
export type { StdioEvent, StdioRestartOptions, StdioUpstreamOptions } from './stdio-options.ts';
export { createStdioUpstream } from './stdio-upstream.ts';
export { createUndiciSseUpstream } from './undici-sse-upstream.ts';
export { createUndiciUpstream, type UndiciUpstreamOptions } from './undici-upstream.ts';
