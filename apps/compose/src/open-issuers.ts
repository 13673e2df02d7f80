/** From issuers as configured to issuers as the validator takes them: files opened, secrets read. */

import type { Identity, IntrospectionCache, IntrospectionOptions, IssuerOptions } from '@thv/oidc';
import { createGuardedFetch, createKubernetesIssuer } from '@thv/oidc/node';
import { openSecret, type SecretReader } from './secret-reference.ts';
import type { IntrospectionConfig, IssuerConfig, OidcSignInConfig } from './sign-in-config.ts';

/** Issuers that can be asked. */
export interface OpenIssuers {
  readonly options: readonly IssuerOptions[];
  /** Issuers where a client can get a token, for the metadata of the resource. */
  readonly authorizationServers: readonly string[];
  /** Every scope that some issuer's tokens must have. */
  readonly requiredScopes: readonly string[];
  /** The scopes that this caller's token must have. */
  readonly requiredScopesOf: (identity: Pick<Identity, 'issuer'>) => readonly string[];
  readonly close: () => void;
}

/** Creates a cache that several processes share. @param secret of the introspection client */
export type IntrospectionCacheFactory = (secret: SecretReader) => IntrospectionCache;

interface OpenIssuer {
  readonly config: IssuerConfig;
  readonly options: IssuerOptions;
  readonly close: () => void;
}

/**
 * Opens every issuer. Nothing is asked yet.
 *
 * @throws {TypeError} naming an option whose file or secret cannot be used
 */
export async function openIssuers(
  config: OidcSignInConfig,
  introspectionCache?: IntrospectionCacheFactory,
): Promise<OpenIssuers> {
  const open: OpenIssuer[] = [];
  const close = (): void => {
    for (const issuer of open) issuer.close();
  };
  try {
    for (const issuer of config.issuers) {
      const audiences = audiencesOf(issuer, config.resourceUrl);
      open.push(await openIssuer(issuer, audiences, introspectionCache));
    }
  } catch (error) {
    close();
    throw error;
  }
  const scopes = new Set(config.issuers.flatMap(({ requiredScopes = [] }) => requiredScopes));
  return {
    options: open.map(({ options }) => options),
    authorizationServers: open.flatMap(({ config: { inCluster }, options: { issuer } }) =>
      // A cluster issues tokens to pods, not to clients that come with a browser.
      issuer === undefined || inCluster === true ? [] : [issuer],
    ),
    requiredScopes: [...scopes],
    requiredScopesOf: ({ issuer }) => {
      const found =
        open.find(({ options }) => options.issuer === issuer) ??
        open.find(({ options }) => options.issuer === undefined);
      // An identity of nobody's issuer cannot be; if it were, it would need everything.
      return found === undefined ? [...scopes] : (found.config.requiredScopes ?? []);
    },
    close,
  };
}

/** D2: with both, only the audiences count; the resource URL alone stands in for them. */
function audiencesOf(issuer: IssuerConfig, resourceUrl: string | undefined): readonly string[] {
  const { audiences, allowInsecureAnyAudience } = issuer;
  const stated = audiences.length > 0 || resourceUrl === undefined || allowInsecureAnyAudience;
  return stated ? audiences : [resourceUrl];
}

async function openIssuer(
  config: IssuerConfig,
  audiences: readonly string[],
  introspectionCache?: IntrospectionCacheFactory,
): Promise<OpenIssuer> {
  const options = { ...rulesOf(config), audiences };
  const introspection =
    config.introspection === undefined
      ? undefined
      : await openIntrospection(config.introspection, introspectionCache);
  const place =
    config.inCluster === true ? await openCluster(config, audiences) : await openProvider(config);
  return {
    config,
    options: {
      ...options,
      ...place.options,
      ...(introspection !== undefined && { introspection }),
    },
    close: place.close,
  };
}

/** The rules for tokens; their names are the same on both sides. */
function rulesOf(config: IssuerConfig): IssuerOptions {
  const { issuerAliases, audienceClaim, allowInsecureAnyAudience, principalClaim } = config;
  const { leeway, requiredClaims, allowedClients, serviceAccounts } = config;
  return {
    ...(issuerAliases !== undefined && { issuerAliases }),
    ...(audienceClaim !== undefined && { audienceClaim }),
    ...(allowInsecureAnyAudience !== undefined && { allowInsecureAnyAudience }),
    ...(principalClaim !== undefined && { principalClaim }),
    ...(leeway !== undefined && { leeway }),
    ...(requiredClaims !== undefined && { requiredClaims }),
    ...(allowedClients !== undefined && { allowedClients }),
    ...(serviceAccounts !== undefined && { serviceAccounts }),
  };
}

type Place = Pick<OpenIssuer, 'options' | 'close'>;

async function openProvider(config: IssuerConfig): Promise<Place> {
  const { issuer, jwksUrl, jwksAuthTokenFile, caBundleFile } = config;
  const { allowPrivateAddresses = false, allowInsecureHttp = false } = config;
  const jwksAuthToken =
    jwksAuthTokenFile === undefined
      ? undefined
      : await openSecret('jwksAuthTokenFile', { file: jwksAuthTokenFile });
  const fetch = createGuardedFetch({
    allowPrivateAddresses,
    allowInsecureHttp,
    ...(caBundleFile !== undefined && { caBundleFile }),
  });
  return {
    options: {
      fetch,
      allowPrivateAddresses,
      allowInsecureHttp,
      ...(issuer !== undefined && { issuer }),
      ...(jwksUrl !== undefined && { jwksUrl }),
      ...(jwksAuthToken !== undefined && { jwksAuthToken }),
    },
    close: () => fetch.close(),
  };
}

async function openCluster(config: IssuerConfig, audiences: readonly string[]): Promise<Place> {
  const { issuer, jwksUrl, jwksAuthTokenFile: tokenFile, caBundleFile } = config;
  const options = await createKubernetesIssuer({
    audiences,
    ...(issuer !== undefined && { issuer }),
    ...(jwksUrl !== undefined && { jwksUrl }),
    ...(tokenFile !== undefined && { tokenFile }),
    ...(caBundleFile !== undefined && { caBundleFile }),
  });
  // Its connections end when they have been idle; they do not keep the process alive.
  return { options, close: () => undefined };
}

async function openIntrospection(
  { clientSecret, ...options }: IntrospectionConfig,
  introspectionCache?: IntrospectionCacheFactory,
): Promise<IntrospectionOptions> {
  // Without a secret there is nothing to keep forgeries out of a shared cache with.
  if (clientSecret === undefined) return options;
  const secret = await openSecret('introspection.clientSecret', clientSecret);
  return {
    ...options,
    clientSecret: secret,
    ...(introspectionCache !== undefined && { cache: introspectionCache(secret) }),
  };
}
