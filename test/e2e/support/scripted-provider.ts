/** An identity provider on loopback that does what a test tells it to, also what none should do. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type SigningKey,
  signingKey,
  signParts,
} from '../../../packages/oidc/test/support/keys.ts';
import type { Stage } from './stage.ts';

/** The audience that every protected server of the vectors expects. */
export const AUDIENCE = 'mcp';

/** Answers one path; a value is sent as JSON, text as HTML. */
export type Route = (form: URLSearchParams, request: IncomingMessage) => unknown;

export interface ScriptedProvider {
  readonly issuer: string;
  /** By path; set one to change what is answered. A path without a route is 404. */
  readonly routes: Map<string, Route>;
  /** Paths asked so far, oldest first. */
  readonly asked: string[];
  /** What is published; assign to rotate. */
  keys: readonly object[];
  claims(extra?: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** Signs claims (an object, or the exact text) by a key, `k1` unless told otherwise. */
  sign(
    claims?: Readonly<Record<string, unknown>> | string,
    header?: Readonly<Record<string, unknown>> | string,
    key?: SigningKey,
  ): Promise<string>;
  /** Stops listening, as a provider that is down. */
  close(): Promise<void>;
}

/** A status other than 200, or headers. */
export class Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** Starts a provider that publishes `k1` and ends with the file. */
export async function startScriptedProvider(stage: Stage): Promise<ScriptedProvider> {
  const k1 = await signingKey('k1');
  const asked: string[] = [];
  const routes = new Map<string, Route>();
  const server = createServer((request, response) => {
    answer(request, response, routes, asked).catch(() => response.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    });
  stage.defer(close);
  const provider: ScriptedProvider = {
    issuer,
    routes,
    asked,
    keys: [k1.publicJwk],
    close,
    claims(extra) {
      const now = Math.floor(Date.now() / 1000);
      return { iss: issuer, aud: AUDIENCE, sub: 'alice', iat: now, exp: now + 600, ...extra };
    },
    sign(claims = provider.claims(), header = {}, key = k1) {
      const text =
        typeof header === 'string'
          ? header
          : JSON.stringify({ alg: key.alg, kid: key.kid, ...header });
      return signParts(text, typeof claims === 'string' ? claims : JSON.stringify(claims), key);
    },
  };
  routes.set('/.well-known/openid-configuration', () => ({ issuer, jwks_uri: `${issuer}/jwks` }));
  routes.set('/jwks', () => ({ keys: provider.keys }));
  return provider;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: ReadonlyMap<string, Route>,
  asked: string[],
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://provider.test');
  asked.push(pathname);
  let form = '';
  for await (const chunk of request.setEncoding('utf8')) form += chunk;
  const route = routes.get(pathname);
  const said =
    route === undefined ? new Answer(404, {}) : await route(new URLSearchParams(form), request);
  const { status, body, headers } = said instanceof Answer ? said : new Answer(200, said);
  const isText = typeof body === 'string';
  response.writeHead(status, {
    'content-type': isText ? 'text/html' : 'application/json',
    ...headers,
  });
  response.end(isText ? body : JSON.stringify(body));
}
