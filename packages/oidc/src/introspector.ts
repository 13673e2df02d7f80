/** Judges tokens by asking the provider (D16): cached, one question per token, bounded load. */
import type { EndpointPolicy } from './address-guard.ts';
import { OidcError } from './errors.ts';
import { createMemoryIntrospectionCache, type IntrospectionRecord } from './introspection-cache.ts';
import type { ResolvedIntrospection } from './introspection-options.ts';
import { createRfc7662Adapter, type IntrospectionAdapter } from './introspection-request.ts';
import { fetchFromProvider, type ProviderFetchOptions } from './provider-fetch.ts';
import { createGithubAdapter } from './providers/github.ts';
import { createGoogleAdapter } from './providers/google.ts';
import { readSecret } from './secret.ts';
import { createLimiter } from './semaphore.ts';
import { createSingleFlight } from './single-flight.ts';

const MAX_BYTES = 64 * 1024;
const POSITIVE_SECONDS = 60;
const NEGATIVE_SECONDS = 10;

/** What an {@link Introspector} needs. */
export interface IntrospectorOptions extends ProviderFetchOptions {
  readonly introspection: ResolvedIntrospection;
  readonly policy: EndpointPolicy;
  /** Separates the entries of several endpoints in one shared cache. */
  readonly cachePrefix: string;
  readonly now: () => number;
}

/** A token and the hash under which it is remembered. */
export interface HashedToken {
  readonly token: string;
  readonly hash: string;
}

/** Counts for metrics. */
export interface IntrospectorStatus {
  readonly asked: number;
  readonly failed: number;
  readonly cacheHits: number;
}

/** Tells active tokens from others. */
export interface Introspector {
  /** The claims of an active token. @throws {OidcError} when it is not, or nobody can say. */
  introspect(token: HashedToken): Promise<Readonly<Record<string, unknown>>>;
  status(): IntrospectorStatus;
  close(): void;
}

/** Creates an introspector for one endpoint. */
export function createIntrospector(options: IntrospectorOptions): Introspector {
  const { introspection, now, cachePrefix } = options;
  const cache = introspection.cache ?? createMemoryIntrospectionCache({ maxEntries: 10_000, now });
  const adapter = createAdapter(introspection);
  const flight = createSingleFlight<IntrospectionRecord>();
  const limit = createLimiter(introspection.maxConcurrent);
  const closing = new AbortController();
  const counts = { asked: 0, failed: 0, cacheHits: 0 };

  async function ask({ token, hash }: HashedToken): Promise<IntrospectionRecord> {
    const remembered = await cache.get(`${cachePrefix}${hash}`);
    if (remembered !== undefined) {
      counts.cacheHits++;
      return remembered;
    }
    counts.asked++;
    const claims = await limit(() => exchange(token)).catch((error: unknown) => {
      counts.failed++;
      throw error;
    });
    const record = { claims: claims === null ? null : normaliseTimes(claims) };
    const ttl = lifetimeOf(record, now() / 1000);
    if (ttl > 0) await cache.set(`${cachePrefix}${hash}`, record, ttl);
    return record;
  }

  async function exchange(token: string): Promise<Readonly<Record<string, unknown>> | null> {
    const secret =
      introspection.auth === 'none' ? undefined : await readSecret(introspection.clientSecret);
    const { policy } = options;
    const response = await fetchFromProvider(
      {
        ...adapter.build(token, secret),
        policy,
        code: 'ERR_OIDC_INTROSPECTION',
        maxBytes: MAX_BYTES,
        signal: closing.signal,
      },
      options,
    );
    return adapter.read(response);
  }

  return {
    async introspect(token) {
      const { claims } = await flight.run(token.hash, () => ask(token));
      if (claims === null)
        throw new OidcError('ERR_OIDC_TOKEN_INACTIVE', 'The token is not active');
      return claims;
    },
    status: () => ({ ...counts }),
    close: () => closing.abort(),
  };
}

function createAdapter(introspection: ResolvedIntrospection): IntrospectionAdapter {
  const { provider } = introspection;
  switch (provider) {
    case 'rfc7662':
      return createRfc7662Adapter(introspection);
    case 'google':
      return createGoogleAdapter(introspection);
    case 'github':
      return createGithubAdapter(introspection);
    default:
      return provider satisfies never;
  }
}

function lifetimeOf({ claims }: IntrospectionRecord, now: number): number {
  if (claims === null) return NEGATIVE_SECONDS;
  const exp = claims['exp'];
  return typeof exp === 'number' ? Math.min(POSITIVE_SECONDS, exp - now) : POSITIVE_SECONDS;
}

/** Some endpoints, Google's among them, send times as numeric strings. */
function normaliseTimes(
  claims: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const copy = { ...claims };
  for (const name of ['exp', 'iat', 'nbf']) {
    const value = copy[name];
    if (typeof value === 'string' && /^\d{1,12}$/.test(value)) copy[name] = Number(value);
    if (value === null) delete copy[name];
  }
  return copy;
}
