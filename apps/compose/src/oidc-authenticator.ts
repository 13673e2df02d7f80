/** Tokens of several issuers, each with its own scopes, answered in the caller's revision of MCP. */

import {
  createResourceServer,
  type ResourceMetadata,
  type ResourceServer,
  type ResourceServerOptions,
  type TokenValidator,
} from '@thv/oidc';
import type { Authenticator } from '@thv/proxy';
import type { OpenIssuers } from './open-issuers.ts';

/** Options of {@link createOidcAuthenticator}. */
export interface OidcAuthenticatorOptions
  extends Pick<ResourceServerOptions, 'scopes' | 'scopeImplies'> {
  readonly validator: Pick<TokenValidator, 'validate' | 'remembers'>;
  readonly issuers: OpenIssuers;
  /** The URL under which clients know this resource. */
  readonly resource: () => string;
}

/** An authenticator, and the RFC 9728 document that belongs to it. */
export interface OidcAuthenticator {
  readonly authenticator: Authenticator;
  readonly metadata: () => ResourceMetadata | undefined;
}

const VERSION_2026 = '2026-07-28';

/**
 * Creates an authenticator.
 *
 * Clients of the 2025 era lose the scopes that a 403 does not name, so they are told the ones they
 * have as well; those of 2026-07-28 add the ones they need to those they have.
 *
 * @throws {TypeError} for scopes that cannot stand in a challenge
 */
export function createOidcAuthenticator(options: OidcAuthenticatorOptions): OidcAuthenticator {
  const { validator, issuers, resource, scopeImplies } = options;
  const { authorizationServers, requiredScopesOf } = issuers;
  const create = (stepUpScopes: 'required' | 'granted-and-required'): ResourceServer =>
    createResourceServer({
      validator,
      resource,
      authorizationServers,
      scopes: options.scopes ?? issuers.requiredScopes,
      stepUpScopes,
      ...(scopeImplies !== undefined && { scopeImplies }),
    });
  // Checked here, because the resource server is given them only with the first token.
  createResourceServer({ validator, authorizationServers, requiredScopes: issuers.requiredScopes });
  const adding = create('required');
  const replacing = create('granted-and-required');
  /** Which of the two a refusal belongs to: the answer is built from the error alone. */
  const refusedBy = new WeakMap<object, ResourceServer>();
  const serverOf = (error: unknown): ResourceServer => {
    const known = typeof error === 'object' && error !== null && refusedBy.get(error);
    return known || replacing;
  };

  return {
    authenticator: {
      async verify(request) {
        const is2026 = request.headers.get('mcp-protocol-version') === VERSION_2026;
        const server = is2026 ? adding : replacing;
        try {
          const identity = await server.verify(request);
          server.assertScopes(identity, requiredScopesOf(identity));
          return identity;
        } catch (error) {
          if (typeof error === 'object' && error !== null) refusedBy.set(error, server);
          throw error;
        }
      },
      isCheapToVerify: (request) => adding.isCheapToVerify(request),
      refusedIdentity: (error) => serverOf(error).refusedIdentity(error),
      toResponse: (error) => serverOf(error).toResponse(error),
    },
    metadata: () => adding.metadata(),
  };
}
