/// <reference path="./oidc-provider.d.ts" />
/**
 * Configures `oidc-provider` for trying things out: every scope, audience and user is accepted.
 *
 * Every setting whose default prints a warning is given here, so nothing reaches the console.
 */
import { jwtVerify } from 'jose';
import { type Context, Provider, type Token } from 'oidc-provider';
import { isLoopbackOrigin } from '../loopback.ts';
import type { SigningKeys } from './keys.ts';
import type { MemoryStore } from './memory-store.ts';
import { DEV_CLIENT, DEV_PUBLIC_CLIENT_ID, type SigningAlgorithm } from './types.ts';

const REDIRECT_URIS = ['http://127.0.0.1/callback', 'http://localhost/callback'];
const HOUR = 3600;

export interface DevProviderOptions {
  readonly issuer: string;
  readonly keys: SigningKeys;
  readonly algorithm: SigningAlgorithm;
  readonly store: MemoryStore;
  readonly cookieKeys: readonly string[];
  /** Claims to add to a token; by token for those made at `/dev/token`, else by account. */
  readonly extraClaims: (token: Token) => Readonly<Record<string, unknown>> | undefined;
}

/** Creates a provider; after a key rotation a new one takes over with the same store. */
export function createDevProvider(options: DevProviderOptions): Provider {
  const { issuer, keys, algorithm, store } = options;
  const provider = new Provider(issuer, {
    adapter: (model: string) => store.adapter(model),
    jwks: { keys: Object.values(keys).map((key) => key.privateJwk) },
    clients: devClients(),
    clientDefaults: { id_token_signed_response_alg: algorithm },
    clientBasedCORS: (_ctx: Context, origin: string) => isLoopbackOrigin(origin),
    cookies: { keys: options.cookieKeys },
    extraParams: ['audience'],
    extraTokenClaims: (_ctx: Context | undefined, token: Token) => options.extraClaims(token),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource,
        getResourceServerInfo: (ctx: Context, resource: string) => ({
          scope: requestedScopes(ctx),
          audience: toAudience(resource),
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: algorithm } },
        }),
        useGrantedResource: () => true,
      },
      revocation: { enabled: true, allowedPolicy: () => true },
      rpInitiatedLogout: { enabled: false },
    },
    findAccount: (_ctx: Context, sub: string, token: Token | undefined) => ({
      accountId: sub,
      claims: () => ({ ...(token && options.extraClaims(token)), sub }),
    }),
    interactions: {
      url: (_ctx: Context, interaction: { readonly uid: string }) =>
        `/interaction/${interaction.uid}`,
    },
    issueRefreshToken: (_ctx: Context, client: { grantTypeAllowed: (grant: string) => boolean }) =>
      client.grantTypeAllowed('refresh_token'),
    pkce: { required: () => true },
    renderError: (ctx: Context, out: Readonly<Record<string, string>>) => {
      ctx.type = 'text/plain';
      ctx.body = Object.entries(out)
        .map(([key, value]) => `${key}: ${value}\n`)
        .join('');
    },
    ttl: {
      AccessToken: HOUR,
      AuthorizationCode: 60,
      ClientCredentials: HOUR,
      Grant: 24 * HOUR,
      IdToken: HOUR,
      Interaction: HOUR,
      RefreshToken: 24 * HOUR,
      Session: 24 * HOUR,
    },
  });
  return provider.use(addDefaultScope).use((ctx, next) => introspectJwt(ctx, next, options));
}

function devClients() {
  const shared = { application_type: 'native', redirect_uris: REDIRECT_URIS };
  return [
    {
      ...shared,
      client_id: DEV_CLIENT.id,
      client_secret: DEV_CLIENT.secret,
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    },
    {
      ...shared,
      client_id: DEV_PUBLIC_CLIENT_ID,
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    },
  ];
}

/** RFC 8707 wants `resource` to be a URI; an `audience` that is any other text travels inside one. */
const AUDIENCE_PREFIX = 'urn:thv:audience:';

function toAudience(resource: string): string {
  return resource.startsWith(AUDIENCE_PREFIX)
    ? decodeURIComponent(resource.slice(AUDIENCE_PREFIX.length))
    : resource;
}

/** Without `resource`, `audience` chooses; without both the token is opaque. */
function defaultResource(
  ctx: Context,
  _client: unknown,
  oneOf: readonly string[] | undefined,
): string | readonly string[] | undefined {
  if (oneOf !== undefined) {
    return oneOf[0];
  }
  const audience = ctx.oidc?.params?.['audience'] ?? ctx.oidc?.body?.['audience'];
  return typeof audience === 'string' && audience !== ''
    ? AUDIENCE_PREFIX + encodeURIComponent(audience)
    : undefined;
}

/** Every resource server knows every scope that is asked for, now or when the code was issued. */
function requestedScopes(ctx: Context): string {
  const { params, entities } = ctx.oidc ?? {};
  return [
    params?.['scope'],
    entities?.['AuthorizationCode']?.scope,
    entities?.['RefreshToken']?.scope,
  ]
    .filter((scope) => typeof scope === 'string')
    .join(' ');
}

/** MCP clients often ask for no scope at all, and `oidc-provider` grants nothing then. */
async function addDefaultScope(ctx: Context, next: () => Promise<void>): Promise<void> {
  if (ctx.path === '/auth' && ctx.query['scope'] === undefined) {
    ctx.query = { ...ctx.query, scope: 'openid' };
  }
  await next();
}

/** `oidc-provider` refuses to introspect JWTs; a resource server that introspects all tokens needs it. */
async function introspectJwt(
  ctx: Context,
  next: () => Promise<void>,
  { issuer, keys }: DevProviderOptions,
): Promise<void> {
  await next();
  const token = ctx.oidc?.params?.['token'];
  // Only after the client has been authenticated does the provider look at the token's shape.
  const refused = ctx.oidc?.route === 'introspection' && isUnsupportedTokenType(ctx.body);
  if (!refused || typeof token !== 'string') {
    return;
  }
  ctx.status = 200;
  ctx.body = await jwtVerify(
    token,
    ({ alg }) => keys[alg === 'ES256' ? 'ES256' : 'RS256'].publicKey,
    {
      issuer,
    },
  ).then(
    ({ payload }) => ({ ...payload, active: true, token_type: 'Bearer' }),
    () => ({ active: false }),
  );
}

function isUnsupportedTokenType(body: unknown): boolean {
  return (
    typeof body === 'object' &&
    body !== null &&
    'error' in body &&
    body.error === 'unsupported_token_type'
  );
}
