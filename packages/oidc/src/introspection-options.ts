/** Checks the introspection options once and decides which provider adapter is used. */
import type { ClaimRules } from './claims.ts';
import type { IntrospectionCache } from './introspection-cache.ts';
import type { IntrospectionOptions, SecretSource } from './options.ts';

/** The adapters: RFC 7662, and two providers that have something else. */
export type IntrospectionProvider = 'rfc7662' | 'google' | 'github';

/** Introspection with everything decided. */
export interface ResolvedIntrospection {
  readonly url: URL;
  readonly provider: IntrospectionProvider;
  readonly auth: 'basic' | 'post' | 'none';
  readonly clientId: string | undefined;
  readonly clientSecret: SecretSource | undefined;
  readonly introspectJwts: boolean;
  readonly tokenPrefixes: readonly string[] | undefined;
  readonly maxConcurrent: number;
  readonly cache: IntrospectionCache | undefined;
}

const GOOGLE_URL = 'https://oauth2.googleapis.com/tokeninfo';

/** @throws {TypeError} naming the option that is missing or wrong. */
export function resolveIntrospection(
  options: IntrospectionOptions,
  rules: ClaimRules,
): ResolvedIntrospection {
  const { clientId, clientSecret, tokenPrefixes, maxConcurrent = 20 } = options;
  if (typeof options.url !== 'string' || !URL.canParse(options.url)) {
    throw new TypeError('"introspection.url" must be an http or https URL');
  }
  const url = new URL(options.url);
  const provider = options.provider ?? guessProvider(url);
  const auth = options.auth ?? (clientSecret === undefined ? 'none' : 'basic');
  if (auth !== 'none' && (clientId === undefined || clientSecret === undefined)) {
    throw new TypeError('"introspection.clientId" and "clientSecret" are both needed to sign in');
  }
  if (!Number.isInteger(maxConcurrent) || maxConcurrent < 1) {
    throw new TypeError('"introspection.maxConcurrent" must be a whole number above 0');
  }
  if (tokenPrefixes?.length === 0 || tokenPrefixes?.includes('')) {
    throw new TypeError('"introspection.tokenPrefixes" must hold non-empty strings');
  }
  if (provider === 'google' && rules.audiences === undefined) {
    throw new TypeError('"audiences" is required with Google: any Google token would pass');
  }
  if (provider === 'github') assertGithub(url, auth);
  return {
    url,
    provider,
    auth,
    clientId,
    clientSecret,
    introspectJwts: options.introspectJwts ?? false,
    tokenPrefixes,
    maxConcurrent,
    cache: options.cache,
  };
}

function guessProvider(url: URL): IntrospectionProvider {
  if (url.href === GOOGLE_URL) return 'google';
  return url.hostname === 'api.github.com' ? 'github' : 'rfc7662';
}

function assertGithub(url: URL, auth: string): void {
  if (!/\/applications\/[^/]+\/token$/.test(url.pathname)) {
    throw new TypeError(
      '"introspection.url" for GitHub must be https://api.github.com/applications/CLIENT_ID/token',
    );
  }
  if (auth !== 'basic') {
    throw new TypeError('"introspection.clientId" and "clientSecret" are needed for GitHub');
  }
}
