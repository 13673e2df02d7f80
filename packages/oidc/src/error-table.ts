/** What each error means on the wire (RFC 6750 §3.1) and to the operator; the README shows it. */
import type { OidcErrorCode } from './errors.ts';

/** The wire error names this package uses. */
export type WireErrorName =
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'temporarily_unavailable';

/** How an error code appears to the caller and what the operator should look at. */
export interface OidcErrorDescription {
  readonly status: 400 | 401 | 403 | 503;
  readonly error: WireErrorName;
  /** Text for the caller, from a short fixed vocabulary. */
  readonly description: string;
  /** Text for the operator. */
  readonly hint: string;
}

const REQUIRED = 'Authentication required';
const REFUSED = 'The access token is invalid';
const EXPIRED = 'The access token expired';
const SCOPE = 'The access token lacks a required scope';
const REQUEST = 'The Authorization header is malformed';
const UNAVAILABLE = 'Authentication is temporarily unavailable';

function badToken(hint: string, description: string = REFUSED): OidcErrorDescription {
  return { status: 401, error: 'invalid_token', description, hint };
}

function unavailable(hint: string): OidcErrorDescription {
  return { status: 503, error: 'temporarily_unavailable', description: UNAVAILABLE, hint };
}

/** Describes an error code: HTTP status, wire error, text for the caller, hint for the operator. */
export function describeErrorCode(code: OidcErrorCode): OidcErrorDescription {
  switch (code) {
    case 'ERR_OIDC_CREDENTIALS_MISSING':
      return badToken('The request carries no bearer token.', REQUIRED);
    case 'ERR_OIDC_CREDENTIALS_MALFORMED':
      return {
        status: 400,
        error: 'invalid_request',
        description: REQUEST,
        hint: 'Send exactly one Authorization header of the form "Bearer TOKEN".',
      };
    case 'ERR_OIDC_TOKEN_TOO_LARGE':
      return badToken('Tokens over 16 KiB are refused; let the provider emit fewer claims.');
    case 'ERR_OIDC_TOKEN_MALFORMED':
      return badToken('The token is not a strictly encoded JWT; check what the client sends.');
    case 'ERR_OIDC_TOKEN_OPAQUE':
      return badToken('The token is not a JWT; configure introspection to accept opaque tokens.');
    case 'ERR_OIDC_TOKEN_TYPE':
      return badToken('The token is of another type (`typ`), for example an ID or logout token.');
    case 'ERR_OIDC_TOKEN_BOUND':
      return badToken('The token is bound to a key (`cnf`) and may not be used as a bearer token.');
    case 'ERR_OIDC_TOKEN_INACTIVE':
      return badToken('The provider says that the token is unknown, expired or revoked.');
    case 'ERR_OIDC_TOKEN_EXPIRED':
      return badToken('The token expired; the client must get a new one.', EXPIRED);
    case 'ERR_OIDC_TOKEN_NOT_YET_VALID':
      return badToken('`nbf` or `iat` is in the future; compare the clocks, or raise the leeway.');
    case 'ERR_OIDC_TOKEN_LIFETIME':
      return badToken('The token lives longer than allowed, or `exp` is not in seconds.');
    case 'ERR_OIDC_ALGORITHM':
      return badToken('The signing algorithm is not allowed; asymmetric ones only.');
    case 'ERR_OIDC_CRITICAL_HEADER':
      return badToken('The token demands a `crit` extension that is not understood.');
    case 'ERR_OIDC_KEY_UNKNOWN':
      return badToken('The key set has no key for this token; is it from this issuer?');
    case 'ERR_OIDC_KEY_UNFIT':
      return badToken('The key of this token may not be used: check `use`, `alg`, `kty`, size.');
    case 'ERR_OIDC_SIGNATURE':
      return badToken('The signature is wrong: the token was changed, or another key signed it.');
    case 'ERR_OIDC_CLAIM':
      return badToken('A required claim is missing or has the wrong type.');
    case 'ERR_OIDC_ISSUER':
      return badToken('`iss` is not a configured issuer; the comparison is exact, also for "/".');
    case 'ERR_OIDC_AUDIENCE':
      return badToken('`aud` holds none of the configured audiences; the comparison is exact.');
    case 'ERR_OIDC_CLIENT':
      return badToken('The client of the token is not in the list of allowed clients.');
    case 'ERR_OIDC_SERVICE_ACCOUNT':
      return badToken('The Kubernetes service account is not one of those configured.');
    case 'ERR_OIDC_INSUFFICIENT_SCOPE':
      return {
        status: 403,
        error: 'insufficient_scope',
        description: SCOPE,
        hint: 'The client must ask for the scopes named in the challenge.',
      };
    case 'ERR_OIDC_DISCOVERY':
      return unavailable('The provider metadata cannot be had; check the issuer URL.');
    case 'ERR_OIDC_JWKS':
      return unavailable('The key set cannot be had; check the JWKS URL.');
    case 'ERR_OIDC_INTROSPECTION':
      return unavailable('Introspection failed; check its URL and the client credentials.');
    case 'ERR_OIDC_SECRET':
      return unavailable('A secret or token file for the provider cannot be read.');
    case 'ERR_OIDC_ADDRESS':
      return unavailable('The provider is at an address that is refused; see the address guard.');
    case 'ERR_OIDC_BUSY':
      return unavailable('Too many introspection requests wait; the provider is too slow.');
    case 'ERR_OIDC_ABORTED':
      return unavailable('The caller gave up waiting.');
    case 'ERR_OIDC_CLOSED':
      return unavailable('The validator was closed.');
    default:
      return unknownCode(code);
  }
}

function unknownCode(code: never): OidcErrorDescription {
  return unavailable(`Unknown error code ${String(code)}.`);
}
