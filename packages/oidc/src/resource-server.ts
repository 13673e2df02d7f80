/** The HTTP side: a request in, an identity or a correct refusal out. */
import { parseBearer } from './bearer.ts';
import { buildChallenge } from './challenge.ts';
import { describeErrorCode, type OidcErrorDescription } from './error-table.ts';
import { isOidcError, OidcError } from './errors.ts';
import type { Identity } from './identity.ts';
import { buildResourceMetadata, type ResourceMetadata, wellKnownUrl } from './resource-metadata.ts';
import { expandScopes, isScopeToken, type ScopeImplications } from './scopes.ts';
import type { TokenValidator } from './token-validator.ts';

/** A text, or a function for what is known only later, such as the URL of a bound port. */
export type LateText = string | (() => string | undefined);

/** Options of {@link createResourceServer}. */
export interface ResourceServerOptions {
  readonly validator: Pick<TokenValidator, 'validate'> & Partial<Pick<TokenValidator, 'remembers'>>;
  /** The URL under which clients know this resource; without it there is no metadata. */
  readonly resource?: LateText;
  /** Issuers whose tokens are accepted, for the metadata. */
  readonly authorizationServers: readonly string[];
  /** Scopes to advertise. */
  readonly scopes?: readonly string[];
  /** Scopes every request must have; otherwise 403 `insufficient_scope`. */
  readonly requiredScopes?: readonly string[];
  /** Scopes that include others. */
  readonly scopeImplies?: ScopeImplications;
  /** Default: the first authorization server. */
  readonly realm?: string;
  /** Where the metadata is. Default: the well-known URL of `resource`. */
  readonly metadataUrl?: LateText;
  /**
   * What a 403 asks for: the scopes needed, or those and the ones the token has, which clients of
   * MCP 2025-11-25 need so as not to lose any. Default `required`.
   */
  readonly stepUpScopes?: 'required' | 'granted-and-required';
  readonly resourceName?: string;
  readonly resourceDocumentation?: string;
}

/** What is looked at of a request; a Web `Request` has it. */
export interface BearerRequest {
  readonly headers: Pick<Headers, 'get'>;
  /** Ends the waiting of this caller. Asked for only when there is something to wait for. */
  readonly signal: AbortSignal;
}

/** Protects a resource with bearer tokens. */
export interface ResourceServer {
  /** @throws {OidcError} when the request may not pass. */
  verify(request: BearerRequest): Promise<Identity>;
  /** @throws {OidcError} `ERR_OIDC_INSUFFICIENT_SCOPE` naming all the scopes given. */
  assertScopes(identity: Identity, scopes: readonly string[]): void;
  /**
   * True when `verify` needs neither a signature check nor a question to the provider: the token was
   * accepted a moment ago, or the request carries none that could be.
   */
  isCheapToVerify(request: BearerRequest): boolean;
  /** Whose token it was, for an error about scopes: the token was good, but not for this. */
  refusedIdentity(error: unknown): Identity | undefined;
  /** The refusal for an error of `verify`; 500 for anything that is not an {@link OidcError}. */
  toResponse(error: unknown): Response;
  /** `verify` and `toResponse` in one. */
  require(request: BearerRequest): Promise<Identity | Response>;
  /** The challenge for an error, or `undefined` for one that is not the caller's fault. */
  challenge(error: OidcError): string | undefined;
  /** The RFC 9728 document; `undefined` while the resource has no URL. */
  metadata(): ResourceMetadata | undefined;
}

const RETRY_AFTER = 5;

/**
 * Creates a resource server over a validator.
 *
 * @throws {TypeError} at once, naming an option that is wrong.
 */
export function createResourceServer(options: ResourceServerOptions): ResourceServer {
  const { validator, authorizationServers, requiredScopes = [] } = options;
  const advertised = withoutOfflineAccess(checkScopes('scopes', options.scopes ?? []));
  checkScopes('requiredScopes', requiredScopes);
  const implies = new Map(Object.entries(options.scopeImplies ?? {}));
  for (const [scope, implied] of implies) checkScopes('scopeImplies', [scope, ...implied]);
  const realm = options.realm ?? authorizationServers[0];
  for (const name of ['resource', 'metadataUrl'] as const) {
    const value = options[name];
    if (typeof value === 'string' && !URL.canParse(value)) {
      throw new TypeError(`"${name}" must be a URL`);
    }
  }

  const readLate = (value: LateText | undefined) => (typeof value === 'function' ? value() : value);

  function metadataUrl(): string | undefined {
    const explicit = readLate(options.metadataUrl);
    const resource = readLate(options.resource);
    return explicit ?? (resource === undefined ? undefined : wellKnownUrl(resource));
  }

  /** Beside the errors and not in them: errors are logged, identities are not. */
  const refused = new WeakMap<object, Identity>();

  function assertScopes(identity: Identity, scopes: readonly string[]): void {
    if (scopes.length === 0) return;
    const held = expandScopes(identity.scopes, implies);
    if (scopes.every((scope) => held.has(scope))) return;
    const error = new OidcError('ERR_OIDC_INSUFFICIENT_SCOPE', 'The token lacks a required scope', {
      requiredScopes: scopes,
      grantedScopes: identity.scopes,
    });
    refused.set(error, identity);
    throw error;
  }

  async function verify(request: BearerRequest): Promise<Identity> {
    const token = parseBearer(request.headers.get('authorization'));
    // The request itself, since its signal is to be asked for late.
    const identity = await validator.validate(token, request);
    assertScopes(identity, requiredScopes);
    return identity;
  }

  function scopesToAskFor({ code, detail }: OidcError): readonly string[] {
    if (code !== 'ERR_OIDC_INSUFFICIENT_SCOPE') {
      return advertised.length > 0 ? advertised : withoutOfflineAccess(requiredScopes);
    }
    const required = detail.requiredScopes ?? requiredScopes;
    if (options.stepUpScopes !== 'granted-and-required') return required;
    return withoutOfflineAccess([...new Set([...(detail.grantedScopes ?? []), ...required])]);
  }

  function challenge(error: OidcError): string | undefined {
    const wire = describeErrorCode(error.code);
    if (wire.status === 503) return undefined;
    return buildChallenge({
      realm,
      resourceMetadata: metadataUrl(),
      scope: scopesToAskFor(error),
      error: wire.error,
      errorDescription: wire.description,
    });
  }

  function toResponse(error: unknown): Response {
    if (!isOidcError(error)) {
      const description = 'Authentication failed unexpectedly';
      return refuse({ status: 500, error: 'server_error', description }, {});
    }
    const wire = describeErrorCode(error.code);
    const authenticate = challenge(error);
    if (authenticate !== undefined) return refuse(wire, { 'www-authenticate': authenticate });
    return refuse(wire, { 'retry-after': String(error.detail.retryAfter ?? RETRY_AFTER) });
  }

  function isCheapToVerify(request: BearerRequest): boolean {
    let token: string;
    try {
      token = parseBearer(request.headers.get('authorization'));
    } catch {
      // `verify` throws the same, without looking any further.
      return true;
    }
    return validator.remembers?.(token) ?? false;
  }

  return {
    verify,
    assertScopes,
    isCheapToVerify,
    refusedIdentity: (error) =>
      typeof error === 'object' && error !== null ? refused.get(error) : undefined,
    toResponse,
    require: (request) => verify(request).catch(toResponse),
    challenge,
    metadata() {
      const resource = readLate(options.resource);
      if (resource === undefined) return undefined;
      const scopes = advertised.length > 0 ? advertised : withoutOfflineAccess(requiredScopes);
      const { resourceName, resourceDocumentation } = options;
      const about = { resourceName, resourceDocumentation };
      return buildResourceMetadata({ resource, authorizationServers, scopes, ...about });
    },
  };
}

type Refusal =
  | Pick<OidcErrorDescription, 'status' | 'error' | 'description'>
  | { readonly status: 500; readonly error: 'server_error'; readonly description: string };

function refuse(refusal: Refusal, headers: Readonly<Record<string, string>>): Response {
  const { status, error, description } = refusal;
  return new Response(JSON.stringify({ error, error_description: description }), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  });
}

/** MCP 2026-07-28: neither challenge nor metadata should name it; a client decides for itself. */
function withoutOfflineAccess(scopes: readonly string[]): readonly string[] {
  return scopes.filter((scope) => scope !== 'offline_access');
}

function checkScopes(name: string, scopes: readonly string[]): readonly string[] {
  if (scopes.every(isScopeToken)) return scopes;
  throw new TypeError(`"${name}" must hold scopes without spaces, quotes and backslashes`);
}
