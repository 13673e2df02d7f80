/** Flags that would do nothing beside others; whoever gives them expects something (D1). Pure. */
import { usageError } from '../cli-error.ts';
import type { SignInFlags } from './sign-in-flags.ts';

interface IdleRule {
  readonly flag: string;
  readonly given: (flags: SignInFlags) => boolean;
  readonly idle: (flags: SignInFlags) => boolean;
  /** Follows "means nothing". */
  readonly where: string;
  readonly wayOut: string;
}

const hasNoKeys = (flags: SignInFlags): boolean =>
  flags.oidcIssuer === undefined &&
  flags.oidcJwksUrl === undefined &&
  flags.oidcInCluster === undefined;

const isInCluster = (flags: SignInFlags): boolean => flags.oidcInCluster === true;

const RULES: readonly IdleRule[] = [
  {
    flag: '--oidc-issuer-alias',
    given: ({ oidcIssuerAlias }) => oidcIssuerAlias !== undefined,
    idle: ({ oidcIssuer, oidcInCluster }) => oidcIssuer === undefined && oidcInCluster !== true,
    where: 'without --oidc-issuer',
    wayOut: 'add it',
  },
  {
    flag: '--jwks-auth-token-file',
    given: ({ jwksAuthTokenFile }) => jwksAuthTokenFile !== undefined,
    idle: hasNoKeys,
    where: 'without a key set',
    wayOut: 'add --oidc-issuer or --oidc-jwks-url',
  },
  {
    flag: '--oidc-audience-claim',
    given: ({ oidcAudienceClaim }) => oidcAudienceClaim !== undefined,
    idle: ({ allowInsecureAnyAudience }) => allowInsecureAnyAudience === true,
    where: 'when any audience will do',
    wayOut: 'drop one',
  },
  {
    flag: '--jwks-allow-private-ip',
    given: ({ jwksAllowPrivateIp }) => jwksAllowPrivateIp === true,
    idle: isInCluster,
    where: 'with --oidc-in-cluster, which allows it for the cluster',
    wayOut: 'drop it',
  },
  {
    flag: '--oidc-insecure-allow-http',
    given: ({ oidcInsecureAllowHttp }) => oidcInsecureAllowHttp === true,
    idle: isInCluster,
    where: 'with --oidc-in-cluster, which never asks in the clear',
    wayOut: 'drop it',
  },
];

/** @throws {CliError} with exit code 2, for the first of these flags, as they are written, that has a value. */
export function assertNotGiven(
  flags: readonly (readonly [flag: string, value: unknown])[],
  why: string,
  wayOut: string,
): void {
  const [flag] = flags.find(([, value]) => value !== undefined) ?? [];
  if (flag !== undefined) {
    throw usageError(flag, why, wayOut);
  }
}

/** @throws {CliError} with exit code 2, for the first flag that the others leave without effect. */
export function assertNoIdleFlag(flags: SignInFlags): void {
  const rule = RULES.find(({ given, idle }) => given(flags) && idle(flags));
  if (rule !== undefined) {
    throw usageError(rule.flag, `means nothing ${rule.where}`, rule.wayOut);
  }
}
