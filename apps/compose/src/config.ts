/** What one protected MCP server needs to know; the `thv` command and the gateway both build this. */

/** Where the MCP server is. */
export type UpstreamConfig =
  | { readonly kind: 'http'; readonly url: string }
  | {
      readonly kind: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      /** The whole environment of the process; nothing is inherited. */
      readonly env: Readonly<Record<string, string>>;
      readonly cwd?: string;
    };

/** Who may call. */
export type SignInConfig =
  | { readonly kind: 'oidc'; readonly oidc: OidcConfig }
  /** D3: every caller is the local user; only for loopback binds unless anonymous is allowed. */
  | { readonly kind: 'local-user'; readonly subject: string };

/** One OpenID provider, as the `--oidc-*` flags describe it. */
export interface OidcConfig {
  readonly issuer?: string;
  readonly jwksUrl?: string;
  /** Audiences of which a token must carry one. Empty only with `allowInsecureAnyAudience`. */
  readonly audiences: readonly string[];
  readonly allowInsecureAnyAudience?: boolean;
  readonly clientId?: string;
  /** Public URL of the protected resource; default `http://HOST:PORT/mcp` as bound. */
  readonly resourceUrl?: string;
}

export interface ProtectedServerConfig {
  /** MCP server name: `MCP::"name"` in policies. */
  readonly name: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly upstream: UpstreamConfig;
  readonly signIn: SignInConfig;
  /** D33: absent means that every authenticated caller may do everything. */
  readonly authorization?: { readonly file: string };
  /** Path of the MCP endpoint. Default `/mcp`. */
  readonly path?: string;
  readonly allowedOrigins?: readonly string[];
  readonly allowedHosts?: readonly string[];
  /** Bytes. Default 8 MiB. */
  readonly bodyLimit?: number;
  /** Receives one event for everything an operator should see; never a secret. */
  readonly log: (event: LogEvent) => void;
}

export interface LogEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}
