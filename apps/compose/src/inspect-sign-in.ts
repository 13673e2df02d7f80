/** Every check of a token against a configuration: the answer to "why 401?". */

import { inspectToken, type TokenInspection } from '@thv/oidc';
import { openIssuers } from './open-issuers.ts';
import type { OidcSignInConfig } from './sign-in-config.ts';

/**
 * Makes the checks that a server with this configuration would make.
 *
 * @throws {TypeError} naming an option that cannot be used
 */
export async function inspectSignIn(
  config: OidcSignInConfig,
  token: string,
): Promise<TokenInspection> {
  const issuers = await openIssuers(config);
  try {
    return await inspectToken(token, {
      issuers: issuers.options,
      requiredScopes: issuers.requiredScopes,
      ...(config.scopeImplies !== undefined && { scopeImplies: config.scopeImplies }),
    });
  } finally {
    issuers.close();
  }
}
