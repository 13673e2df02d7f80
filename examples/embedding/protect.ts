/** What is the same everywhere: who may come in, what they may do, and what stands behind. */
import type { Authorizer } from '@thv/authz';
import { createResourceServer, createTokenValidator, type TokenValidatorOptions } from '@thv/oidc';
import { createProxy, type McpProxy, type Upstream } from '@thv/proxy';

export interface ProtectOptions {
  readonly issuer: string;
  /** The URL under which clients know the server; its path is where it is mounted. */
  readonly resource: string;
  readonly upstream: Upstream;
  readonly authorize: Authorizer;
  /** Asks the provider; on Node `createGuardedFetch()`, elsewhere the platform's. */
  readonly fetch?: TokenValidatorOptions['fetch'];
  /** Of a loopback address, for trying it out. */
  readonly port?: () => number;
}

// #region protect
export function protect(options: ProtectOptions): McpProxy {
  const { issuer, resource, upstream, authorize, fetch, port } = options;
  const validator = createTokenValidator({
    issuer,
    audiences: [resource],
    ...(fetch !== undefined && { fetch }),
  });
  const authenticate = createResourceServer({
    validator,
    resource,
    authorizationServers: [issuer],
  });
  return createProxy({
    upstream,
    authenticate,
    authorize,
    origins: () => ({
      allowedHosts: [new URL(resource).host],
      ...(port !== undefined && { loopbackPort: port() }),
    }),
    resourceMetadata: () => ({ ...authenticate.metadata() }),
    readiness: [(signal) => validator.ready({ signal })],
  });
}
// #endregion protect
