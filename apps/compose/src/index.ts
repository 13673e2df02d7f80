/** One protected MCP server, composed from sign-in, policies and the proxy. */

export { type ComposedServer, composeServer, type SharedParts } from './compose-server.ts';
export type {
  HostReports,
  LogEvent,
  PlainUpstreamConfig,
  ProtectedServerConfig,
  ServerHost,
  UpstreamConfig,
} from './config.ts';
export { type Danger, type DangerCode, listDangers } from './dangers.ts';
export {
  type ForwardedHeader,
  type HttpUpstreamConfig,
  isHeaderValue,
  whyNotForwarded,
} from './http-upstream-config.ts';
export { inspectSignIn } from './inspect-sign-in.ts';
export { createLimits, DEFAULT_FAILED_SIGN_INS, type LimitsConfig } from './limits.ts';
export type {
  AuditConfig,
  OtlpConfig,
  PrometheusConfig,
  TelemetryConfig,
} from './observability-config.ts';
export type { IntrospectionCacheFactory } from './open-issuers.ts';
export { openSecret, type SecretReader, type SecretReference } from './secret-reference.ts';
export { findIdleServing, type ServingConfig } from './serving-config.ts';
export type {
  IntrospectionConfig,
  IssuerConfig,
  LocalUserConfig,
  OidcSignInConfig,
  SignInConfig,
} from './sign-in-config.ts';
export { type RunningServer, startProtectedServer } from './start-protected-server.ts';
export { openWatchers, type Watchers, type WatchersConfig } from './watchers.ts';
