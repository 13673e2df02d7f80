/**
 * The one error type of this package. An error says *what* failed by its code and, where it helps
 * an operator, which claim or address family; it never carries a token, a secret or a claim value.
 */

const STAMP: unique symbol = Symbol.for('@thv/oidc.error');

/** Every reason for which a request or an operation of this package can fail. */
export type OidcErrorCode =
  | 'ERR_OIDC_CREDENTIALS_MISSING'
  | 'ERR_OIDC_CREDENTIALS_MALFORMED'
  | 'ERR_OIDC_TOKEN_TOO_LARGE'
  | 'ERR_OIDC_TOKEN_MALFORMED'
  | 'ERR_OIDC_TOKEN_OPAQUE'
  | 'ERR_OIDC_TOKEN_TYPE'
  | 'ERR_OIDC_TOKEN_BOUND'
  | 'ERR_OIDC_TOKEN_INACTIVE'
  | 'ERR_OIDC_TOKEN_EXPIRED'
  | 'ERR_OIDC_TOKEN_NOT_YET_VALID'
  | 'ERR_OIDC_TOKEN_LIFETIME'
  | 'ERR_OIDC_ALGORITHM'
  | 'ERR_OIDC_CRITICAL_HEADER'
  | 'ERR_OIDC_KEY_UNKNOWN'
  | 'ERR_OIDC_KEY_UNFIT'
  | 'ERR_OIDC_SIGNATURE'
  | 'ERR_OIDC_CLAIM'
  | 'ERR_OIDC_ISSUER'
  | 'ERR_OIDC_AUDIENCE'
  | 'ERR_OIDC_CLIENT'
  | 'ERR_OIDC_SERVICE_ACCOUNT'
  | 'ERR_OIDC_INSUFFICIENT_SCOPE'
  | 'ERR_OIDC_DISCOVERY'
  | 'ERR_OIDC_JWKS'
  | 'ERR_OIDC_INTROSPECTION'
  | 'ERR_OIDC_SECRET'
  | 'ERR_OIDC_ADDRESS'
  | 'ERR_OIDC_BUSY'
  | 'ERR_OIDC_ABORTED'
  | 'ERR_OIDC_CLOSED';

/** Facts about a failure that are safe to log: names and fixed words, never values. */
export interface OidcErrorDetail {
  /** The claim the failure is about, by name. */
  readonly claim?: string;
  /** A word from this package's own vocabulary, such as `missing` or `timeout`. */
  readonly reason?: string;
  /** HTTP status with which the provider answered. */
  readonly providerStatus?: number;
  /** Seconds after which asking again makes sense (errors with status 503). */
  readonly retryAfter?: number;
  /** All scopes that the operation needs (`ERR_OIDC_INSUFFICIENT_SCOPE`). */
  readonly requiredScopes?: readonly string[];
  /** Scopes that the token does have (`ERR_OIDC_INSUFFICIENT_SCOPE`); hidden from loggers. */
  readonly grantedScopes?: readonly string[];
}

/** Options of {@link OidcError}. */
export interface OidcErrorOptions extends OidcErrorDetail {
  readonly cause?: unknown;
}

/** Thrown when a token cannot be accepted or cannot be judged. */
export class OidcError extends Error {
  override readonly name: string = 'OidcError';
  readonly code: OidcErrorCode;
  readonly detail: OidcErrorDetail;

  constructor(code: OidcErrorCode, message: string, options: OidcErrorOptions = {}) {
    const { cause, grantedScopes, ...detail } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    // What the token says is for the challenge only, so enumeration must not find it.
    this.detail =
      grantedScopes === undefined
        ? detail
        : Object.defineProperty(detail, 'grantedScopes', { value: grantedScopes });
    Object.defineProperty(this, STAMP, { value: true });
  }
}

/** True for an {@link OidcError} from any copy of this package. */
export function isOidcError(value: unknown): value is OidcError {
  return value instanceof Error && Object.hasOwn(value, STAMP);
}
