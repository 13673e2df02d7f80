/**
 * Validates OAuth and OpenID Connect access tokens for a resource server, on any JavaScript
 * runtime.
 *
 * @module
 */
export type { Actor, Delegation, DelegationState } from './actors.ts';
export { isLoopbackHost } from './address-guard.ts';
export { isLoopbackAddress, isSpecialAddress } from './address-ranges.ts';
export { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from './algorithms.ts';
export { parseBearer } from './bearer.ts';
export { buildChallenge, type ChallengeParameters } from './challenge.ts';
export { describeErrorCode, type OidcErrorDescription, type WireErrorName } from './error-table.ts';
export {
  isOidcError,
  OidcError,
  type OidcErrorCode,
  type OidcErrorDetail,
  type OidcErrorOptions,
} from './errors.ts';
export type { Identity } from './identity.ts';
export {
  type InspectTokenOptions,
  inspectToken,
  type TokenCheck,
  type TokenInspection,
} from './inspect-token.ts';
export type { IntrospectionCache, IntrospectionRecord } from './introspection-cache.ts';
export type { IntrospectorStatus } from './introspector.ts';
export type { KeySourceStatus } from './key-source.ts';
export type {
  IntrospectionOptions,
  IssuerOptions,
  SecretSource,
  TokenValidatorOptions,
  WarningTopic,
} from './options.ts';
export type { FetchLike } from './provider-fetch.ts';
export type { ServiceAccountPin } from './providers/kubernetes.ts';
export {
  buildResourceMetadata,
  parseProtectedResourceMetadata,
  type ResourceMetadata,
  type ResourceMetadataParts,
  wellKnownPath,
  wellKnownPaths,
  wellKnownUrl,
} from './resource-metadata.ts';
export {
  type BearerRequest,
  createResourceServer,
  type LateText,
  type ResourceServer,
  type ResourceServerOptions,
} from './resource-server.ts';
export type { ScopeImplications } from './scopes.ts';
export {
  type CallOptions,
  createTokenValidator,
  type IssuerStatus,
  type TokenValidator,
  type TokenValidatorStatus,
} from './token-validator.ts';
