/** One protected MCP server, composed from sign-in, policies and the proxy. */

export { type ComposedServer, composeServer } from './compose-server.ts';
export type {
  LogEvent,
  OidcConfig,
  ProtectedServerConfig,
  SignInConfig,
  UpstreamConfig,
} from './config.ts';
export { type RunningServer, startProtectedServer } from './start-protected-server.ts';
