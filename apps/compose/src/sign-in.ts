/** Who may call: OpenID providers, or the local user (D3). */

import { createTokenValidator, type Identity, type TokenValidator } from '@thv/oidc';
import { nativeSha256 } from '@thv/oidc/node';
import type { Authenticator } from '@thv/proxy';
import type { LogEvent } from './config.ts';
import { createOidcAuthenticator } from './oidc-authenticator.ts';
import { type IntrospectionCacheFactory, openIssuers } from './open-issuers.ts';
import type { OidcSignInConfig, SignInConfig } from './sign-in-config.ts';

/** A way to sign in, with what belongs to it. */
export interface SignIn {
  readonly authenticator: Authenticator;
  /** RFC 9728 document; absent when nobody signs in. */
  readonly resourceMetadata: (() => Readonly<Record<string, unknown>>) | undefined;
  /** What judges tokens, for metrics; absent when nobody signs in. */
  readonly validator?: Pick<TokenValidator, 'status'>;
  /** Resolves once tokens can be judged. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly close: () => void;
}

/** Issuer of the local user's identity (D3). */
export const LOCAL_ISSUER = 'thv-local';

/** What a way to sign in is given besides its configuration. */
export interface SignInSurroundings {
  /** URL of the protected resource, asked for late: the port may not be bound yet. */
  readonly resource: () => string;
  readonly log: (event: LogEvent) => void;
  /** Default: what a provider says of a token is remembered in this process. */
  readonly introspectionCache?: IntrospectionCacheFactory | undefined;
}

/**
 * Creates what `config` describes.
 *
 * @throws {TypeError} naming an option that cannot be used
 */
export async function createSignIn(
  config: SignInConfig,
  surroundings: SignInSurroundings,
): Promise<SignIn> {
  return config.kind === 'oidc'
    ? createOidcSignIn(config, surroundings)
    : createLocalSignIn(config.subject);
}

async function createOidcSignIn(
  config: OidcSignInConfig,
  { resource, log, introspectionCache }: SignInSurroundings,
): Promise<SignIn> {
  const issuers = await openIssuers(config, introspectionCache);
  try {
    const validator = createTokenValidator({
      issuers: issuers.options,
      sha256: nativeSha256,
      warn: (message) => log({ level: 'warn', message }),
    });
    const { authenticator, metadata } = createOidcAuthenticator({
      validator,
      issuers,
      resource: () => config.resourceUrl ?? resource(),
      ...(config.scopes !== undefined && { scopes: config.scopes }),
      ...(config.scopeImplies !== undefined && { scopeImplies: config.scopeImplies }),
    });
    return {
      authenticator,
      validator,
      resourceMetadata: () => ({ ...metadata() }),
      ready: (signal) => validator.ready({ signal }),
      close: () => {
        validator.close();
        issuers.close();
      },
    };
  } catch (error) {
    issuers.close();
    throw error;
  }
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
