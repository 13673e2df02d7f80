/// <reference path="./oidc-provider.d.ts" />
/** Starts a loopback-only OpenID provider for trying things out. Never for production. */
import { randomBytes } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Provider, Token } from 'oidc-provider';
import { isLoopbackHostHeader, isLoopbackName, isLoopbackOrigin, toUrlHost } from '../loopback.ts';
import { RequestError, readFields, send, sendJson } from './http-messages.ts';
import { createTokenIssuer, parseTokenRequest } from './issue-token.ts';
import { createSigningKeys } from './keys.ts';
import { createMemoryStore } from './memory-store.ts';
import { createDevProvider } from './provider.ts';
import { handleSignIn } from './sign-in-page.ts';
import type { DevIdp, DevIdpOptions, TokenRequest } from './types.ts';

/**
 * Starts the provider; it accepts every user, scope and audience, and keeps everything in memory.
 *
 * @throws {TypeError} when the host is not a loopback name.
 */
export async function startDevIdp(options: DevIdpOptions = {}): Promise<DevIdp> {
  const { port = 0, host = '127.0.0.1', algorithm = 'RS256', now = Date.now } = options;
  if (!isLoopbackName(host)) {
    throw new TypeError('"host" must be a loopback name: the development provider trusts everyone');
  }
  let keys = await createSigningKeys();
  const server = createServer();
  const issuer = `http://${toUrlHost(host)}:${await listen(server, port, host)}`;
  const accounts = new Map<string, Readonly<Record<string, unknown>>>();
  const opaque = new WeakMap<Token, Readonly<Record<string, unknown>>>();
  const shared = {
    issuer,
    algorithm,
    store: createMemoryStore(),
    cookieKeys: [randomBytes(32).toString('base64url')],
    extraClaims: (token: Token) => opaque.get(token) ?? accounts.get(token.accountId ?? ''),
  };

  let provider = createDevProvider({ ...shared, keys });
  let serveProvider = provider.callback();
  const issueToken = createTokenIssuer({
    issuer,
    algorithm,
    now,
    keys: () => keys,
    provider: () => provider,
    rememberClaims: (token, claims) => opaque.set(token, claims),
  });
  const rememberClaims = (account: string, claims: Readonly<Record<string, unknown>>) => {
    accounts.set(account, claims);
  };

  server.on('request', (request, response) => {
    const routes = { provider, serveProvider, issueToken, rememberClaims };
    route(request, response, routes).catch((error: unknown) => sendError(response, error));
  });

  return {
    issuer,
    jwksUrl: `${issuer}/jwks`,
    tokenUrl: `${issuer}/token`,
    introspectionUrl: `${issuer}/token/introspection`,
    devTokenUrl: `${issuer}/dev/token`,
    issueToken: (request = {}) => issueToken(request),
    async rotateKeys() {
      keys = await createSigningKeys();
      provider = createDevProvider({ ...shared, keys });
      serveProvider = provider.callback();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Routes {
  readonly provider: Provider;
  readonly serveProvider: RequestListener;
  readonly issueToken: (request: TokenRequest) => Promise<string>;
  readonly rememberClaims: (account: string, claims: Readonly<Record<string, unknown>>) => void;
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Routes,
): Promise<void> {
  // A page that rebinds its DNS name to this machine must not get tokens.
  if (!isLoopbackHostHeader(request.headers.host)) {
    throw new RequestError(421, 'the Host header must name this machine');
  }
  const path = request.url?.split('?')[0] ?? '/';
  if (path === '/dev/token') {
    await serveDevToken(request, response, routes);
  } else if (path.startsWith('/interaction/')) {
    await handleSignIn(request, response, routes);
  } else {
    routes.serveProvider(request, response);
  }
}

async function serveDevToken(
  request: IncomingMessage,
  response: ServerResponse,
  { issueToken }: Routes,
): Promise<void> {
  const { origin, accept } = request.headers;
  if (request.method !== 'POST') {
    throw new RequestError(405, 'use POST');
  }
  if (origin !== undefined && !isLoopbackOrigin(origin)) {
    throw new RequestError(403, 'this endpoint is not for web pages');
  }
  const asked = parseTokenRequest(await readFields(request));
  const token = await issueToken(asked);
  if (accept === 'text/plain') {
    send(response, 200, 'text/plain', token);
    return;
  }
  const expiresIn = asked.expiresIn ?? 3600;
  sendJson(response, 200, { access_token: token, token_type: 'Bearer', expires_in: expiresIn });
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
  } else if (error instanceof RequestError) {
    sendJson(response, error.status, {
      error: 'invalid_request',
      error_description: error.message,
    });
  } else {
    sendJson(response, 500, { error: 'server_error' });
  }
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : port);
    });
  });
}
