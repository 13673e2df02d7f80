/** Decides how callers sign in: the rules that keep a server from being silently open. Pure. */

import type { SignInConfig } from '@thv/compose';
import { usageError } from '../cli-error.ts';
import { checkProviderUrl } from './flag-values.ts';
import type { RunFlags } from './run-options.ts';

interface SignInPlan {
  readonly signIn: SignInConfig;
  readonly warnings: readonly string[];
}

export function planSignIn(flags: RunFlags, isLoopback: boolean, userName: string): SignInPlan {
  return flags.oidcIssuer === undefined && flags.oidcJwksUrl === undefined
    ? planLocalUser(flags, isLoopback, userName)
    : planOidc(flags);
}

/** D3: without a provider every caller is the local user, and only this machine may call. */
function planLocalUser(flags: RunFlags, isLoopback: boolean, userName: string): SignInPlan {
  const stray = firstGiven([
    ['--oidc-audience', flags.oidcAudience],
    ['--oidc-client-id', flags.oidcClientId],
    ['--resource-url', flags.resourceUrl],
    ['--allow-insecure-any-audience', flags.allowInsecureAnyAudience],
  ]);
  if (stray !== undefined) {
    throw usageError(
      stray,
      'means nothing without a provider, and the server would be open',
      'add --oidc-issuer or --oidc-jwks-url',
    );
  }
  if (!isLoopback && flags.allowInsecureAnonymous !== true) {
    throw usageError(
      '--host',
      'other machines could call without any sign-in',
      'add --oidc-issuer and --oidc-audience, or --allow-insecure-anonymous if you mean it',
    );
  }
  const reach = isLoopback ? 'every program on this machine' : 'EVERYONE who reaches this address';
  return {
    signIn: { kind: 'local-user', subject: userName },
    warnings: [`no sign-in: ${reach} is treated as the user ${JSON.stringify(userName)}`],
  };
}

/** D1, D2: an issuer or keys, and an audience. */
function planOidc(flags: RunFlags): SignInPlan {
  const { oidcIssuer: issuer, oidcJwksUrl: jwksUrl, oidcClientId: clientId, resourceUrl } = flags;
  if (issuer !== undefined) {
    checkProviderUrl('--oidc-issuer', issuer);
  }
  if (jwksUrl !== undefined) {
    checkProviderUrl('--oidc-jwks-url', jwksUrl);
  }
  if (flags.allowInsecureAnonymous === true) {
    throw usageError('--allow-insecure-anonymous', 'contradicts the --oidc flags', 'drop one');
  }
  const audiences = flags.oidcAudience ?? (resourceUrl === undefined ? [] : [resourceUrl]);
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
  const warnings = [];
  if (anyAudience) {
    warnings.push('--allow-insecure-any-audience: tokens issued for other services are accepted');
  }
  if (issuer === undefined) {
    warnings.push('no --oidc-issuer: the issuer of a token is not checked, only its signature');
  }
  return {
    signIn: {
      kind: 'oidc',
      oidc: {
        audiences,
        ...(issuer !== undefined && { issuer }),
        ...(jwksUrl !== undefined && { jwksUrl }),
        ...(anyAudience && { allowInsecureAnyAudience: true }),
        ...(clientId !== undefined && { clientId }),
        ...(resourceUrl !== undefined && { resourceUrl }),
      },
    },
    warnings,
  };
}

function firstGiven(
  candidates: readonly (readonly [name: string, value: unknown])[],
): string | undefined {
  return candidates.find(([, value]) => value !== undefined)?.[0];
}
