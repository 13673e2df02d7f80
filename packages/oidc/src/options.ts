/** The options of a token validator, as the caller writes them. */
import type { SignatureAlgorithm } from './algorithms.ts';
import type { IntrospectionCache } from './introspection-cache.ts';
import type { FetchLike } from './provider-fetch.ts';
import type { ServiceAccountPin } from './providers/kubernetes.ts';

/**
 * What a warning is about: an option that weakens security (`danger`) or a provider on loopback, both
 * once at creation; keys that could not be refreshed (`provider`) while requests run.
 */
export type WarningTopic = 'danger' | 'loopback' | 'provider';

/** A secret, or a function that is asked each time the secret is needed. */
export type SecretSource = string | (() => string | Promise<string>);

/** How opaque tokens are judged (RFC 7662). */
export interface IntrospectionOptions {
  /** Introspection endpoint, Google's tokeninfo URL, or GitHub's token-check URL. */
  readonly url: string;
  readonly clientId?: string;
  readonly clientSecret?: SecretSource;
  /**
   * `basic` with a secret, else `none`, which still sends `client_id` in the form when it is set.
   * GitHub always uses `basic`.
   */
  readonly auth?: 'basic' | 'post' | 'none';
  /** Default: by the URL. */
  readonly provider?: 'rfc7662' | 'google' | 'github';
  /** Introspect tokens of JWT shape too, instead of verifying their signature. Default false. */
  readonly introspectJwts?: boolean;
  /** Only opaque tokens with one of these beginnings go to this endpoint. Default: all. */
  readonly tokenPrefixes?: readonly string[];
  /** Requests that may run at once. Default 20; ten times as many may wait. */
  readonly maxConcurrent?: number;
  /** Shared by replicas. Default: in memory, 10,000 tokens. */
  readonly cache?: IntrospectionCache;
}

/** One identity provider and what its tokens must look like. */
export interface IssuerOptions {
  /** Exact value of `iss`; also where discovery starts. */
  readonly issuer?: string;
  /** The key set; without it the issuer's metadata says where it is. */
  readonly jwksUrl?: string;
  /** Accepted audiences; one must match exactly. Required unless opted out. */
  readonly audiences?: readonly string[];
  /** Accepts tokens made for any other service of the provider. Default false. */
  readonly allowInsecureAnyAudience?: boolean;
  /** The claim that names the caller. Default `sub`. */
  readonly principalClaim?: string;
  /** Seconds of clock difference that are forgiven. Default 30, at most 600. */
  readonly leeway?: number;
  /** Default: RS, PS, ES with SHA-2 and Ed25519, also under its older name EdDSA. */
  readonly algorithms?: readonly SignatureAlgorithm[];
  readonly introspection?: IntrospectionOptions;
  /** Bearer token for the discovery and key set hosts only, as Kubernetes wants it. */
  readonly jwksAuthToken?: SecretSource;
  /** Further exact values of `iss` that mean this issuer, such as Google's `accounts.google.com`. */
  readonly issuerAliases?: readonly string[];
  /** The claim compared with `audiences`. Default `aud`; `client_id` for Amazon Cognito. */
  readonly audienceClaim?: string;
  /** Claims that must have exactly this text, such as `{ token_use: 'access' }`. */
  readonly requiredClaims?: Readonly<Record<string, string>>;
  /** Accepted `typ` header values. Default `JWT`, `at+jwt`, or none (RFC 9068 §4). */
  readonly tokenTypes?: readonly string[];
  /** Refuses tokens that are recognisably ID tokens. Default false. */
  readonly refuseIdTokens?: boolean;
  /** Accepts tokens bound to a key (`cnf`) without any proof. Default false. */
  readonly allowInsecureUnprovenBinding?: boolean;
  /** Seconds between `iat` and `exp` at most. Default: no limit. */
  readonly maxLifetime?: number;
  /** Accepted clients, by `client_id`, `azp`, `cid` and `appid`. Default: any. */
  readonly allowedClients?: readonly string[];
  /** Accepted Kubernetes service accounts. Default: any. */
  readonly serviceAccounts?: readonly ServiceAccountPin[];
  /** How this provider is reached. Default: the global `fetch`; on Node use `createGuardedFetch`. */
  readonly fetch?: FetchLike;
  /** Plain http to this provider although it is not on loopback. Default false. */
  readonly allowInsecureHttp?: boolean;
  /** This provider may be at a private or special address. Default false. */
  readonly allowPrivateAddresses?: boolean;
}

/**
 * Options of `createTokenValidator`: one issuer directly, or several in `issuers`. `fetch`,
 * `allowInsecureHttp` and `allowPrivateAddresses` hold for all issuers that do not say otherwise.
 */
export interface TokenValidatorOptions extends IssuerOptions {
  /** Several issuers (D19). The unverified `iss` only picks the candidate. */
  readonly issuers?: readonly IssuerOptions[];
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** Receives warnings for the operator; they hold no token, secret or claim value. */
  readonly warn?: (message: string, topic: WarningTopic) => void;
  /** Milliseconds for one exchange with a provider. Default 5000. */
  readonly timeout?: number;
  /** Verified tokens that are remembered. Default 10,000; 0 remembers none. */
  readonly tokenCacheSize?: number;
  /**
   * SHA-256 of a text's UTF-8 bytes in hexadecimal, under which verified tokens are remembered: two
   * tokens with one hash would be one caller. Default: a portable one; on Node use `nativeSha256`.
   */
  readonly sha256?: (text: string) => string;
}
