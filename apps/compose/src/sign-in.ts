/** Who may call: an OpenID provider, or the local user (D3). */

import {
  createResourceServer,
  createTokenValidator,
  type Identity,
  type TokenValidatorOptions,
} from '@thv/oidc';
import { createGuardedFetch } from '@thv/oidc/node';
import type { Authenticator } from '@thv/proxy';
import type { LogEvent, OidcConfig, SignInConfig } from './config.ts';

/** A way to sign in, with what belongs to it. */
export interface SignIn {
  readonly authenticator: Authenticator;
  /** RFC 9728 document; absent when nobody signs in. */
  readonly resourceMetadata: (() => Readonly<Record<string, unknown>>) | undefined;
  /** Resolves once tokens can be judged. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly close: () => void;
}

/** Issuer of the local user's identity (D3). */
export const LOCAL_ISSUER = 'thv-local';

/**
 * Creates what `config` describes.
 *
 * @param resource URL of the protected resource, asked for late: the port may not be bound yet
 */
export function createSignIn(
  config: SignInConfig,
  resource: () => string,
  log: (event: LogEvent) => void,
): SignIn {
  return config.kind === 'oidc'
    ? createOidcSignIn(config.oidc, resource, log)
    : createLocalSignIn(config.subject);
}

function createOidcSignIn(
  oidc: OidcConfig,
  resource: () => string,
  log: (event: LogEvent) => void,
): SignIn {
  const fetch = createGuardedFetch();
  const validator = createTokenValidator({
    ...validatorOptions(oidc),
    fetch,
    warn: (message) => log({ level: 'warn', message }),
  });
  const server = createResourceServer({
    validator,
    resource: () => oidc.resourceUrl ?? resource(),
    authorizationServers: oidc.issuer === undefined ? [] : [oidc.issuer],
  });
  return {
    authenticator: server,
    resourceMetadata: () => ({ ...server.metadata() }),
    ready: (signal) => validator.ready({ signal }),
    close: () => {
      validator.close();
      fetch.close();
    },
  };
}

function validatorOptions(oidc: OidcConfig): TokenValidatorOptions {
  const { issuer, jwksUrl, resourceUrl, allowInsecureAnyAudience } = oidc;
  // D2: with both, only the audiences count; the resource URL alone stands in for them.
  const stated = oidc.audiences.length > 0 || resourceUrl === undefined;
  return {
    audiences: stated ? oidc.audiences : [resourceUrl],
    ...(issuer !== undefined && { issuer }),
    ...(jwksUrl !== undefined && { jwksUrl }),
    ...(allowInsecureAnyAudience !== undefined && { allowInsecureAnyAudience }),
  };
}

function createLocalSignIn(subject: string): SignIn {
  const claims = { sub: subject, iss: LOCAL_ISSUER, name: `Local user: ${subject}` };
  const identity: Identity = {
    issuer: LOCAL_ISSUER,
    subject,
    claims,
    scopes: [],
    expiresAt: undefined,
    token: '',
    actors: [],
    delegation: 'none',
  };
  return {
    authenticator: {
      verify: async () => identity,
      toResponse: () => Response.json({ error: 'server_error' }, { status: 500 }),
    },
    resourceMetadata: undefined,
    ready: async () => undefined,
    close: () => undefined,
  };
}
