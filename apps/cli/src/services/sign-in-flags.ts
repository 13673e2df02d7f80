/** The flags about sign-in, as the command line gave them; `run`, `proxy` and `token` share them. */

export interface SignInFlags {
  readonly oidcIssuer?: string;
  readonly oidcIssuerAlias?: readonly string[];
  readonly oidcAudience?: readonly string[];
  readonly oidcAudienceClaim?: string;
  readonly oidcJwksUrl?: string;
  readonly oidcClientId?: string;
  readonly oidcClientSecret?: string;
  readonly oidcClientSecretFile?: string;
  readonly oidcIntrospectionUrl?: string;
  readonly oidcIntrospectionAuth?: 'basic' | 'post' | 'none';
  readonly oidcIntrospectJwts?: boolean;
  readonly oidcScopes?: readonly string[];
  readonly oidcRequiredScopes?: readonly string[];
  readonly oidcPrincipalClaim?: string;
  /** Seconds. */
  readonly oidcLeeway?: number;
  /** `NAME=VALUE`. */
  readonly oidcRequireClaim?: readonly string[];
  readonly oidcAllowedClients?: readonly string[];
  readonly oidcInCluster?: boolean;
  /** `NAMESPACE` or `NAMESPACE/NAME`. */
  readonly oidcServiceAccounts?: readonly string[];
  readonly oidcInsecureAllowHttp?: boolean;
  readonly resourceUrl?: string;
  readonly jwksAllowPrivateIp?: boolean;
  readonly jwksAuthTokenFile?: string;
  readonly thvCaBundle?: string;
  readonly allowInsecureAnyAudience?: boolean;
  readonly allowInsecureAnonymous?: boolean;
}

/** Flags that say where tokens come from; one of them turns sign-in on. */
const PROVIDER_FLAGS = [
  'oidcIssuer',
  'oidcJwksUrl',
  'oidcIntrospectionUrl',
  'oidcInCluster',
] as const;

/** Flags that do nothing, and leave the server open, unless there is a provider (D1). */
const DEPENDENT_FLAGS = [
  'oidcAudience',
  'oidcAudienceClaim',
  'oidcClientId',
  'oidcClientSecret',
  'oidcClientSecretFile',
  'oidcIntrospectionAuth',
  'oidcIntrospectJwts',
  'oidcIssuerAlias',
  'oidcScopes',
  'oidcRequiredScopes',
  'oidcPrincipalClaim',
  'oidcLeeway',
  'oidcRequireClaim',
  'oidcAllowedClients',
  'oidcServiceAccounts',
  'oidcInsecureAllowHttp',
  'resourceUrl',
  'jwksAllowPrivateIp',
  'jwksAuthTokenFile',
  'thvCaBundle',
  'allowInsecureAnyAudience',
] as const satisfies readonly (keyof SignInFlags)[];

/** True when the flags name a provider. */
export function hasProvider(flags: SignInFlags): boolean {
  return PROVIDER_FLAGS.some((name) => flags[name] !== undefined);
}

/** The first flag that was given although it depends on a provider, as it is written. */
export function firstDependentFlag(flags: SignInFlags): string | undefined {
  const found = DEPENDENT_FLAGS.find((name) => flags[name] !== undefined);
  return found === undefined ? undefined : toFlag(found);
}

/** `oidcJwksUrl` → `--oidc-jwks-url`. */
function toFlag(name: keyof SignInFlags): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
