/** Decides how callers sign in: the rules that keep a server from being silently open. Pure. */

import { resolve } from 'node:path';
import type { IssuerConfig, OidcSignInConfig, SignInConfig } from '@thv/compose';
import { usageError } from '../cli-error.ts';
import { describeDangers } from './danger-texts.ts';
import { checkProviderUrl, checkPublicUrl, checkScopes } from './flag-values.ts';
import { assertNoIdleFlag } from './idle-flags.ts';
import { filesOf, type InputFile } from './input-files.ts';
import { planIntrospection } from './introspection-options.ts';
import { readRequiredClaims, readServiceAccounts } from './provider-flags.ts';
import { firstDependentFlag, hasProvider, type SignInFlags } from './sign-in-flags.ts';

/** What surrounds the command line. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths start. */
  readonly cwd: string;
}

export interface SignInPlan<Config extends SignInConfig = SignInConfig> {
  readonly signIn: Config;
  readonly warnings: readonly string[];
  /** Files that must be readable before anything starts. */
  readonly files: readonly InputFile[];
}

export interface SignInInput extends Surroundings {
  readonly flags: SignInFlags;
  /** The flag by which other machines get in; undefined when only this one can call. */
  readonly openedBy: string | undefined;
  readonly userName: string;
}

/** @throws {CliError} with exit code 2. */
export function planSignIn(input: SignInInput): SignInPlan {
  return hasProvider(input.flags) ? planOidc(input.flags, input) : planLocalUser(input);
}

/** D3: without a provider every caller is the local user, and only this machine may call. */
function planLocalUser({ flags, openedBy, userName }: SignInInput): SignInPlan {
  const stray = firstDependentFlag(flags);
  if (stray !== undefined) {
    throw usageError(
      stray,
      'means nothing without a provider, and the server would be open',
      'add --oidc-issuer or --oidc-jwks-url',
    );
  }
  if (openedBy === undefined && flags.allowInsecureAnonymous === true) {
    throw usageError(
      '--allow-insecure-anonymous',
      'means nothing: only this machine can call',
      'drop it, or add the --host or --allowed-hosts that it is for',
    );
  }
  if (openedBy !== undefined && flags.allowInsecureAnonymous !== true) {
    throw usageError(
      openedBy,
      'other machines could call without any sign-in',
      'add --oidc-issuer and --oidc-audience, or --allow-insecure-anonymous if you mean it',
    );
  }
  const reach =
    openedBy === undefined ? 'every program on this machine' : 'EVERYONE who reaches this address';
  return {
    signIn: { kind: 'local-user', subject: userName },
    warnings: [`no sign-in: ${reach} is treated as the user ${JSON.stringify(userName)}`],
    files: [],
  };
}

/**
 * D1, D2: a provider, and an audience.
 *
 * @throws {CliError} with exit code 2.
 */
export function planOidc(
  flags: SignInFlags,
  surroundings: Surroundings,
): SignInPlan<OidcSignInConfig> {
  const { oidcScopes: scopes, resourceUrl } = flags;
  assertNoIdleFlag(flags);
  checkProviderUrls(flags);
  if (resourceUrl !== undefined) {
    checkPublicUrl('--resource-url', resourceUrl);
  }
  if (flags.allowInsecureAnonymous === true) {
    throw usageError('--allow-insecure-anonymous', 'contradicts the --oidc flags', 'drop one');
  }
  checkScopes('--oidc-scopes', scopes);
  checkScopes('--oidc-required-scopes', flags.oidcRequiredScopes);
  const audiences = chooseAudiences(flags);
  const { introspection, warnings, files } = planIntrospection(flags, surroundings);
  const at = (file: string): string => resolve(surroundings.cwd, file);
  const { jwksAuthTokenFile, thvCaBundle } = flags;
  const issuer: IssuerConfig = {
    ...issuerRules(flags),
    audiences,
    ...(introspection !== undefined && { introspection }),
    ...(jwksAuthTokenFile !== undefined && { jwksAuthTokenFile: at(jwksAuthTokenFile) }),
    ...(thvCaBundle !== undefined && { caBundleFile: at(thvCaBundle) }),
  };
  const signIn: OidcSignInConfig = {
    kind: 'oidc',
    issuers: [issuer],
    ...(resourceUrl !== undefined && { resourceUrl }),
    ...(scopes !== undefined && { scopes }),
  };
  return {
    signIn,
    warnings: [...describeDangers(signIn), ...warnings],
    files: [
      ...files,
      ...filesOf([
        ['--jwks-auth-token-file', jwksAuthTokenFile],
        ['--thv-ca-bundle', thvCaBundle],
      ]),
    ],
  };
}

function checkProviderUrls(flags: SignInFlags): void {
  const plain = flags.oidcInsecureAllowHttp === true;
  const urls = [
    ['--oidc-issuer', flags.oidcIssuer],
    ['--oidc-jwks-url', flags.oidcJwksUrl],
    ['--oidc-introspection-url', flags.oidcIntrospectionUrl],
  ] as const;
  for (const [flag, url] of urls) {
    if (url !== undefined) {
      checkProviderUrl(flag, url, plain);
    }
  }
}

/** D2. */
function chooseAudiences(flags: SignInFlags): readonly string[] {
  const { oidcAudience, resourceUrl } = flags;
  const audiences = oidcAudience ?? (resourceUrl === undefined ? [] : [resourceUrl]);
  const anyAudience = flags.allowInsecureAnyAudience === true;
  if (anyAudience && audiences.length > 0) {
    throw usageError(
      '--allow-insecure-any-audience',
      'contradicts --oidc-audience and --resource-url',
      'drop one',
    );
  }
  if (!anyAudience && audiences.length === 0) {
    throw usageError(
      '--oidc-audience',
      'missing: tokens that were issued for other services would be accepted',
      'add --oidc-audience or --resource-url',
    );
  }
  return audiences;
}

/** Everything that needs no more than its own flag. */
function issuerRules(flags: SignInFlags): Omit<IssuerConfig, 'audiences'> {
  const { oidcRequireClaim, oidcServiceAccounts } = flags;
  const rules = {
    issuer: flags.oidcIssuer,
    issuerAliases: flags.oidcIssuerAlias,
    jwksUrl: flags.oidcJwksUrl,
    audienceClaim: flags.oidcAudienceClaim,
    allowInsecureAnyAudience: flags.allowInsecureAnyAudience,
    principalClaim: flags.oidcPrincipalClaim,
    leeway: flags.oidcLeeway,
    requiredClaims: oidcRequireClaim && readRequiredClaims(oidcRequireClaim),
    allowedClients: flags.oidcAllowedClients,
    requiredScopes: flags.oidcRequiredScopes,
    clientId: flags.oidcClientId,
    inCluster: flags.oidcInCluster,
    serviceAccounts: oidcServiceAccounts && readServiceAccounts(oidcServiceAccounts),
    allowPrivateAddresses: flags.jwksAllowPrivateIp,
    allowInsecureHttp: flags.oidcInsecureAllowHttp,
  };
  // Safe: what is left out is only what has no value.
  return Object.fromEntries(
    Object.entries(rules).filter(([, value]) => value !== undefined),
  ) as Omit<IssuerConfig, 'audiences'>;
}
