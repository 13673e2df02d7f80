/** One configured issuer at work: its keys, its introspection endpoint, its rules. */
import type { EndpointPolicy } from './address-guard.ts';
import { isLoopbackHost } from './address-guard.ts';
import { assertClaims, type ClaimRules, readClaim } from './claims.ts';
import { discover, type ProviderMetadata } from './discovery.ts';
import { OidcError } from './errors.ts';
import { createIdentity, type Identity } from './identity.ts';
import { createIntrospector, type HashedToken, type Introspector } from './introspector.ts';
import { createJwksKeySource } from './jwks-key-source.ts';
import { verifyJwt } from './jwt-verifier.ts';
import type { KeySource } from './key-source.ts';
import type { ResolvedIssuer, ResolvedOptions } from './resolve-options.ts';
import { readSecret } from './secret.ts';
import type { UnverifiedToken } from './token-shape.ts';

const REDISCOVER_AFTER = 60 * 60 * 1000;

/** An issuer that can judge tokens. */
export interface IssuerRuntime {
  readonly config: ResolvedIssuer;
  readonly keys: KeySource | undefined;
  readonly introspector: Introspector | undefined;
  /** Where the keys come from, once known. */
  jwksUrl(): string | undefined;
  verify(token: HashedToken, parts: UnverifiedToken): Promise<Identity>;
  introspect(token: HashedToken): Promise<Identity>;
  close(): void;
}

/** What changes hands between the runtime and its validator. */
export interface IssuerRuntimeEvents {
  readonly onKeysRemoved: () => void;
  /** Issuers that other entries speak for; nobody else may. */
  readonly foreignIssuers: ReadonlySet<string>;
}

/** Sets one issuer to work. Nothing is fetched yet. */
export function createIssuerRuntime(
  config: ResolvedIssuer,
  options: ResolvedOptions,
  events: IssuerRuntimeEvents,
): IssuerRuntime {
  const located = { url: config.jwksUrl?.href };
  const keys = config.hasKeys ? createKeys(config, options, { ...events, located }) : undefined;
  const introspector = createIntrospection(config, options);
  const { rules } = config;

  return {
    config,
    keys,
    introspector,
    jwksUrl: () => located.url,
    async verify({ token }, { header, claims }) {
      if (keys === undefined) throw new Error('an issuer without keys cannot verify');
      await verifyJwt({ token, header, claims }, { ...config, keys, now: options.now });
      return toIdentity({ token, claims, fallbackIssuer: '' }, config);
    },
    async introspect(token) {
      if (introspector === undefined) throw new Error('an issuer without endpoint cannot ask');
      const claims = await introspector.introspect(token);
      const lenient: ClaimRules = { ...rules, optionalClaims: true };
      assertClaims({ claims, rules: lenient, now: options.now() / 1000 });
      assertOwnIssuer(claims, events.foreignIssuers);
      const fallbackIssuer = config.introspection?.url.href ?? '';
      return toIdentity({ token: token.token, claims, fallbackIssuer }, config);
    },
    close() {
      keys?.close();
      introspector?.close();
    },
  };
}

/** An endpoint without a configured issuer must not speak for one that another entry configures. */
function assertOwnIssuer(
  claims: Readonly<Record<string, unknown>>,
  foreign: ReadonlySet<string>,
): void {
  const issuer = readClaim(claims, 'iss');
  if (typeof issuer !== 'string' || !foreign.has(issuer)) return;
  throw new OidcError('ERR_OIDC_ISSUER', 'The endpoint may not speak for this issuer', {
    claim: 'iss',
    reason: 'configured elsewhere',
  });
}

interface Located {
  url: string | undefined;
}

function createKeys(
  config: ResolvedIssuer,
  options: ResolvedOptions,
  events: IssuerRuntimeEvents & { readonly located: Located },
): KeySource {
  const { jwksAuthToken, loopback } = config;
  const policy: EndpointPolicy = { ...config, loopback };
  const { fetch } = config;
  const { timeout } = options;
  const authorization =
    jwksAuthToken === undefined
      ? undefined
      : async () => `Bearer ${await readSecret(jwksAuthToken)}`;
  let metadata: ProviderMetadata | undefined;
  let discoveredAt = 0;
  let doubted = false;

  async function locate(): Promise<URL> {
    if (config.jwksUrl !== undefined) return config.jwksUrl;
    const old = options.now() - discoveredAt >= REDISCOVER_AFTER;
    if (metadata === undefined || old || doubted) {
      const issuer = config.issuer ?? '';
      metadata = await discover({ issuer, policy, authorization }, { fetch, timeout });
      discoveredAt = options.now();
      doubted = false;
      events.located.url = metadata.jwksUrl.href;
    }
    return metadata.jwksUrl;
  }

  return createJwksKeySource({
    fetch,
    timeout,
    now: options.now,
    policy,
    locate,
    authorization,
    onKeysRemoved: events.onKeysRemoved,
    onFailure(error, staleKeys) {
      // The key set may have moved.
      doubted = true;
      const use = staleKeys ? '; known keys stay in use' : '';
      const why = error.detail.reason ?? 'unknown';
      options.warn(
        `Keys of ${config.issuer ?? 'the key set'} not refreshed: ${why}${use}`,
        'provider',
      );
    },
  });
}

function createIntrospection(
  config: ResolvedIssuer,
  options: ResolvedOptions,
): Introspector | undefined {
  const { introspection } = config;
  if (introspection === undefined) return undefined;
  const { fetch } = config;
  const policy = { ...config, loopback: isLoopbackHost(introspection.url.hostname) };
  const cachePrefix = `${introspection.url.href}#${introspection.clientId ?? ''}#`;
  return createIntrospector({ ...options, fetch, introspection, policy, cachePrefix });
}

interface IdentitySource {
  readonly token: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly fallbackIssuer: string;
}

/** `assertClaims` has run, so the principal claim is a string. */
function toIdentity(source: IdentitySource, config: ResolvedIssuer): Identity {
  const { token, claims, fallbackIssuer } = source;
  const stated = readClaim(claims, 'iss');
  const issuer = config.issuer ?? (typeof stated === 'string' ? stated : fallbackIssuer);
  const subject = String(readClaim(claims, config.rules.principalClaim));
  return createIdentity({ issuer, subject, claims, token });
}
