/** An authenticating, authorizing, filtering proxy for MCP servers. */

export type { AuditArguments, AuditRecord, AuditType } from './audit/audit-record.ts';
export {
  type AuditOutput,
  type AuditRecovery,
  type AuditWriter,
  type AuditWriterOptions,
  createAuditWriter,
} from './audit/audit-writer.ts';
export type { AuditOptions, AuditSink } from './audit/auditor.ts';
export type {
  FilterResult,
  PolicyDecision,
  PolicyEngine,
  PolicyRequest,
  ToolHints,
} from './authorization.ts';
export { createProxy, type McpProxy } from './create-proxy.ts';
export { isProxyError, ProxyError, type ProxyErrorCode } from './errors.ts';
export type { Answer } from './http/answer.ts';
export type { ProxyRequest } from './http/request.ts';
export {
  createMemoryRateLimitStore,
  type MemoryRateLimitStoreOptions,
} from './limit/memory-store.ts';
export type { RateLimit, RateLimitStore } from './limit/rate-limit.ts';
export { createRateLimits, type RateLimits, type RateLimitsOptions } from './limit/rate-limits.ts';
export type { SignInAttempt, SignInGuard } from './limit/sign-in-guard.ts';
export { type Era, SUPPORTED_VERSIONS } from './mcp/era.ts';
export type { JsonRpcId, JsonRpcKind } from './mcp/json-rpc.ts';
export { type McpMessage, type MessageResult, readMessage } from './mcp/message.ts';
export type { ListKind, PolicyAction } from './mcp/methods.ts';
export type {
  ObservedRequest,
  ProxyObserver,
  RequestObservation,
  UpstreamObservation,
} from './observer.ts';
export type { Authenticator, CallerRequest, OriginPolicy, ProxyOptions } from './options.ts';
export type { ExchangeReport, Outcome } from './report.ts';
export {
  createMemorySessionStore,
  type MemorySessionStoreOptions,
} from './session/memory-store.ts';
export type { SessionOwner, SessionStore } from './session/store.ts';
export { assertTrustedProxies } from './source/ip-ranges.ts';
export type { PeerInfo } from './source/request-source.ts';
export { assertToolOptions, type ToolOptions, type ToolOverride } from './tools/tool-options.ts';
export {
  AnswerTimeout,
  createHttpUpstream,
  type HttpUpstreamOptions,
  type UpstreamFetch,
  type UpstreamRequest,
} from './upstream/http.ts';
export { callerToken, type OwnHeaders, withOwnHeaders } from './upstream/own-headers.ts';
export { createRecoveringUpstream, type RecoveryOptions } from './upstream/recover.ts';
export type { SseNotice, SseUpstreamOptions } from './upstream/sse-options.ts';
export { createSseUpstream } from './upstream/sse-upstream.ts';
export type { LegacyUpstream, Upstream, UpstreamContext } from './upstream/upstream.ts';
