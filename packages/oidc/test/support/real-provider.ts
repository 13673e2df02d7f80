/// <reference path="./oidc-provider.d.ts" />
/** A real oidc-provider on loopback: JWT and opaque tokens, rotation, restart, and a user agent. */
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { Provider } from 'oidc-provider';

export const JWT_RESOURCE = 'https://mcp.example/jwt';
export const OPAQUE_RESOURCE = 'https://mcp.example/opaque';
const REDIRECT = 'http://127.0.0.1:9/callback';

export interface RealProvider {
  readonly issuer: string;
  readonly introspection: { url: string; clientId: string; clientSecret: string };
  /** Paths asked so far. */
  readonly asked: string[];
  clientCredentials(resource: string): Promise<string>;
  /** Signs alice in with PKCE, as a browser would. */
  authorizationCode(resource: string): Promise<string>;
  revoke(token: string): Promise<void>;
  /** New keys; old ones stay published when `keep` is true. */
  rotate(keep: boolean): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Milliseconds before each answer. */
  delay: number;
}

export async function startRealProvider(): Promise<RealProvider> {
  let keys: JWK[] = [await makeKey()];
  let server: Server = createServer();
  const port = await listen(server, 0);
  const issuer = `http://127.0.0.1:${port}`;
  let provider = makeProvider(issuer, keys);
  let callback = provider.callback();
  const asked: string[] = [];

  const handle = (request: IncomingMessage, response: ServerResponse) => {
    asked.push(request.url?.split('?')[0] ?? '');
    const answer = () => {
      if (request.url?.startsWith('/interaction/')) {
        interact(provider, request, response).catch(() => response.destroy());
      } else callback(request, response);
    };
    if (real.delay > 0) setTimeout(answer, real.delay);
    else answer();
  };
  server.on('request', handle);

  const token = async (form: Record<string, string>, authorization?: string) => {
    const answer = await fetch(`${issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: authorization === undefined ? {} : { authorization },
    });
    const body = (await answer.json()) as { access_token?: string };
    if (body.access_token === undefined) throw new Error(`no token: ${JSON.stringify(body)}`);
    return body.access_token;
  };

  const real: RealProvider = {
    issuer,
    introspection: {
      url: `${issuer}/token/introspection`,
      clientId: 'rs',
      clientSecret: 'rs-secret',
    },
    asked,
    delay: 0,
    clientCredentials: (resource) =>
      token(
        { grant_type: 'client_credentials', scope: 'mcp:read', resource },
        basic('service', 'service-secret'),
      ),
    async authorizationCode(resource) {
      const verifier = randomBytes(32).toString('base64url');
      const challenge = createHash('sha256').update(verifier).digest('base64url');
      const query = new URLSearchParams({
        client_id: 'app',
        response_type: 'code',
        redirect_uri: REDIRECT,
        scope: 'openid mcp:read',
        code_challenge: challenge,
        code_challenge_method: 'S256',
        state: 'x',
        resource,
      });
      const code = await walk(`${issuer}/auth?${query}`);
      return token({
        grant_type: 'authorization_code',
        client_id: 'app',
        redirect_uri: REDIRECT,
        code_verifier: verifier,
        code,
        resource,
      });
    },
    async revoke(text) {
      await fetch(`${issuer}/token/revocation`, {
        method: 'POST',
        body: new URLSearchParams({ token: text }),
        headers: { authorization: basic('service', 'service-secret') },
      });
    },
    async rotate(keep) {
      keys = [await makeKey(), ...(keep ? keys : [])];
      provider = makeProvider(issuer, keys);
      callback = provider.callback();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    async start() {
      server = createServer(handle);
      await listen(server, port);
    },
  };
  return real;
}

/** Follows redirects with cookies until the redirect URI is reached; gives back the code. */
async function walk(start: string): Promise<string> {
  const cookies = new Map<string, string>();
  let url = start;
  for (let hop = 0; hop < 10; hop++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const [name = '', value = ''] = pair.split(/=(.*)/);
      cookies.set(name, value);
    }
    const next = new URL(answer.headers.get('location') ?? '', url);
    if (next.href.startsWith(REDIRECT)) {
      const code = next.searchParams.get('code');
      if (code === null) throw new Error(`refused: ${next.search}`);
      return code;
    }
    url = next.href;
  }
  throw new Error('the sign-in does not end');
}

async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: 'alice' } });
  }
  const grant = new provider.Grant({
    accountId: session?.accountId ?? '',
    clientId: String(params['client_id']),
  });
  grant.addOIDCScope('openid mcp:read');
  for (const resource of [JWT_RESOURCE, OPAQUE_RESOURCE])
    grant.addResourceScope(resource, 'mcp:read');
  const grantId = await grant.save();
  return provider.interactionFinished(request, response, { consent: { grantId } });
}

function makeProvider(issuer: string, keys: readonly JWK[]): Provider {
  return new Provider(issuer, {
    jwks: { keys },
    cookies: { keys: ['test'] },
    scopes: ['openid', 'mcp:read'],
    clients: [
      {
        client_id: 'service',
        client_secret: 'service-secret',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: 'rs',
        client_secret: 'rs-secret',
        grant_types: [],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: 'app',
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        redirect_uris: [REDIRECT],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    findAccount: (_: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub }) }),
    interactions: {
      url: (_: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}`,
    },
    extraTokenClaims: (_: unknown, token: { accountId?: string }) =>
      token.accountId ? { groups: ['staff'] } : undefined,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_: unknown, resource: string) => ({
          scope: 'mcp:read',
          audience: resource,
          accessTokenFormat: resource === JWT_RESOURCE ? 'jwt' : 'opaque',
          accessTokenTTL: 600,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
}

async function makeKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const kid = randomBytes(8).toString('hex');
  return { ...(await exportJWK(privateKey)), kid, use: 'sig', alg: 'RS256' };
}

function basic(id: string, secret: string): string {
  return `Basic ${btoa(`${id}:${secret}`)}`;
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
