/** From a file name to an authorizer. */
import { type Authorizer, createAuthorizer } from '@thv/authz';
import { loadCedar } from './load-cedar.ts';
import { loadAuthzConfig } from './load-config.ts';
import { createTokenReader } from './token-reader.ts';

/** Options of {@link loadAuthorizer}. */
export interface LoadAuthorizerOptions {
  /** The MCP server's name: resources are in `MCP::"<serverName>"`. Default: none. */
  readonly serverName?: string | undefined;
}

/**
 * Creates an authorizer from an authorization file (JSON or YAML) and its policy files.
 *
 * To reload, pass the result of `loadAuthzConfig(file)` to `authorizer.reload`.
 *
 * @throws {AuthzError} naming file, policy, line and column.
 */
export async function loadAuthorizer(
  file: string,
  options: LoadAuthorizerOptions = {},
): Promise<Authorizer> {
  const [config, cedar] = await Promise.all([loadAuthzConfig(file), loadCedar()]);
  const { serverName } = options;
  return createAuthorizer(config, { cedar, serverName, bearerToken: createTokenReader(file) });
}
