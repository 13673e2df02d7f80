/** From a file name to an authorizer. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Authorizer, AuthzError, createAuthorizer } from '@thv/authz';
import { loadCedar } from './load-cedar.ts';
import { loadAuthzConfig } from './load-config.ts';

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
  const tokenFile = config.type === 'httpv1' ? config.pdp.bearerTokenFile : undefined;
  if (tokenFile === undefined) {
    return createAuthorizer(config, { cedar, serverName });
  }
  const path = resolve(dirname(file), tokenFile);
  readToken(path);
  return createAuthorizer(config, { cedar, serverName, bearerToken: () => readToken(path) });
}

/** Read for every request, so that a rotated token is used at once. */
function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new AuthzError('ERR_AUTHZ_FILE', 'the bearer token file cannot be read', {
      location: { file: path },
      cause,
    });
  }
}
