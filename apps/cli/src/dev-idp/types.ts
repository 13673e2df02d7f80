/** What the development provider is asked for and what it offers. */

export const SIGNING_ALGORITHMS = ['RS256', 'ES256'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** A client with a secret: client_credentials, introspection, authorization code. */
export const DEV_CLIENT = { id: 'thv-dev', secret: 'thv-dev-secret' } as const;
/** A client without a secret: authorization code with PKCE, any loopback port. */
export const DEV_PUBLIC_CLIENT_ID = 'thv-dev-public';

/** What a token is asked to say. */
export interface TokenRequest {
  /** Default `dev-user`. */
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  /** Space separated. */
  readonly scope?: string;
  /** Any other claims. They win over the standard ones, and `null` leaves a standard one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Seconds; negative makes a token that has expired already. Default 3600. */
  readonly expiresIn?: number;
  /** A token without content, for introspection. Default false. */
  readonly opaque?: boolean;
  /** Default: the provider's algorithm. */
  readonly alg?: SigningAlgorithm;
}

export interface DevIdpOptions {
  /** 0 (the default) takes a free port. */
  readonly port?: number;
  /** A loopback name or address. Default `127.0.0.1`. */
  readonly host?: string;
  /** What tokens are signed with. Default `RS256`. */
  readonly algorithm?: SigningAlgorithm;
  /** Milliseconds since the epoch, for the tokens of `issueToken`. Default `Date.now`. */
  readonly now?: () => number;
}

/** A running development provider. */
export interface DevIdp {
  readonly issuer: string;
  readonly jwksUrl: string;
  readonly tokenUrl: string;
  readonly introspectionUrl: string;
  /** Takes what {@link DevIdp.issueToken} takes, as JSON or as a form. */
  readonly devTokenUrl: string;
  /** Signs a token that says what it is asked to say. */
  issueToken(request?: TokenRequest): Promise<string>;
  /** Replaces every signing key; tokens signed before no longer verify. */
  rotateKeys(): Promise<void>;
  close(): Promise<void>;
}
