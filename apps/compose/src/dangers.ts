/** What is dangerous about a way to sign in; whoever starts a server says it once, in its own terms. */

import type { IssuerConfig, OidcSignInConfig } from './sign-in-config.ts';

/** A choice that weakens sign-in. */
export interface Danger {
  readonly code: DangerCode;
  /** Index of the issuer. */
  readonly issuer: number;
  /** What follows from it, without the name of the option. */
  readonly consequence: string;
}

/** Stable names, for callers that know what their option is called. */
export type DangerCode =
  | 'any-audience'
  | 'any-issuer'
  | 'insecure-http'
  | 'private-addresses'
  | 'any-service-account';

interface Rule {
  readonly consequence: string;
  readonly holds: (issuer: IssuerConfig) => boolean;
}

const DANGERS: Readonly<Record<DangerCode, Rule>> = {
  'any-audience': {
    consequence: 'tokens issued for other services are accepted',
    holds: (issuer) => issuer.allowInsecureAnyAudience === true && issuer.audiences.length === 0,
  },
  'any-issuer': {
    consequence: 'the issuer of a token is not checked, only its signature',
    holds: (issuer) => issuer.issuer === undefined && issuer.jwksUrl !== undefined,
  },
  'insecure-http': {
    consequence: 'whoever can change what the provider answers on the way can forge any caller',
    holds: (issuer) => issuer.allowInsecureHttp === true,
  },
  'private-addresses': {
    consequence: "the provider's metadata may send thv to addresses of the internal network",
    holds: (issuer) => issuer.allowPrivateAddresses === true,
  },
  'any-service-account': {
    consequence: 'every service account of the cluster may call',
    holds: (issuer) => issuer.inCluster === true && issuer.serviceAccounts === undefined,
  },
};

/** Everything dangerous in a configuration, issuer by issuer. */
export function listDangers(config: OidcSignInConfig): readonly Danger[] {
  // Safe: the keys of a constant are its declared ones.
  const codes = Object.keys(DANGERS) as DangerCode[];
  return config.issuers.flatMap((issuer, index) =>
    codes
      .filter((code) => DANGERS[code].holds(issuer))
      .map((code) => ({ code, issuer: index, consequence: DANGERS[code].consequence })),
  );
}
