/** Who may call: what the `thv` command and the gateway say about sign-in. */

import type { IntrospectionOptions, ScopeImplications, ServiceAccountPin } from '@thv/oidc';
import type { SecretReference } from './secret-reference.ts';

/** Who may call. */
export type SignInConfig = OidcSignInConfig | LocalUserConfig;

/** D3: every caller is the local user; only for loopback binds unless anonymous is allowed. */
export interface LocalUserConfig {
  readonly kind: 'local-user';
  readonly subject: string;
}

/** Callers bring a token of one of these issuers (D19). */
export interface OidcSignInConfig {
  readonly kind: 'oidc';
  readonly issuers: readonly IssuerConfig[];
  /**
   * Public URL of the protected resource; default `http://HOST:PORT/mcp` as bound. It stands in for
   * the audiences of an issuer that has none (D2).
   */
  readonly resourceUrl?: string;
  /** Scopes to advertise. Default: those that are required. */
  readonly scopes?: readonly string[];
  /** Scopes that include others. */
  readonly scopeImplies?: ScopeImplications;
}

/** One OpenID provider, and what its tokens must look like. */
export interface IssuerConfig {
  /** Exact value of `iss`; also where discovery starts. */
  readonly issuer?: string;
  /** Further exact values of `iss` that mean this issuer. */
  readonly issuerAliases?: readonly string[];
  readonly jwksUrl?: string;
  /** Audiences of which a token must carry one. Empty only with an opt-out or a resource URL. */
  readonly audiences: readonly string[];
  /** The claim that is compared with the audiences. Default `aud`. */
  readonly audienceClaim?: string;
  readonly allowInsecureAnyAudience?: boolean;
  /** The claim that names the caller. Default `sub`. */
  readonly principalClaim?: string;
  /** Seconds of clock difference that are forgiven. Default 30. */
  readonly leeway?: number;
  /** Claims that must have exactly this text. */
  readonly requiredClaims?: Readonly<Record<string, string>>;
  /** Accepted clients. Default: any. */
  readonly allowedClients?: readonly string[];
  /** Scopes that every request with a token of this issuer must have (403 otherwise). */
  readonly requiredScopes?: readonly string[];
  readonly introspection?: IntrospectionConfig;
  /** The client that callers sign in as; shown to whoever starts the server. */
  readonly clientId?: string;
  /** The cluster of this pod: its issuer, keys, CA and token are those that the pod was given. */
  readonly inCluster?: boolean;
  /** Accepted Kubernetes service accounts. Default: any. */
  readonly serviceAccounts?: readonly ServiceAccountPin[];
  /** Bearer token for the discovery and key set hosts only; re-read when it changes. */
  readonly jwksAuthTokenFile?: string;
  /** Authorities to trust besides the system's; re-read when it changes. */
  readonly caBundleFile?: string;
  /** The provider may be at a private address. */
  readonly allowPrivateAddresses?: boolean;
  /** The provider may be asked without encryption. */
  readonly allowInsecureHttp?: boolean;
}

/** How opaque tokens are judged. It holds a reference to the secret, so it can be saved and shown. */
export interface IntrospectionConfig
  extends Pick<
    IntrospectionOptions,
    'url' | 'clientId' | 'auth' | 'introspectJwts' | 'tokenPrefixes'
  > {
  readonly clientSecret?: SecretReference;
}
