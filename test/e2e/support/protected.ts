/** A protected server in this process, asked over raw sockets, and what its refusals must be. */
import { type OidcSignInConfig, type RunningServer, startProtectedServer } from '@thv/compose';
import { expect } from 'vitest';
import { type RecordedRequest, startRawUpstream } from '../../fixtures/raw-http-server.ts';
import { type RawAnswer, sendLines } from './raw-lines.ts';
import type { Stage } from './stage.ts';

export interface Protected extends Pick<RunningServer, 'url' | 'port' | 'ready'> {
  readonly realm: string | undefined;
  /** The messages that have passed every check; a GET is only the proxy looking who is there. */
  forwarded(): readonly RecordedRequest[];
  /** Posts a ping with these header lines. */
  ping(lines?: readonly string[], path?: string): Promise<RawAnswer>;
  /** Sends a request without a body. */
  ask(method: string, path: string, lines?: readonly string[]): Promise<RawAnswer>;
}

export const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

/** Starts a server that ends with the file. */
export async function startProtected(
  stage: Stage,
  signIn: Omit<OidcSignInConfig, 'kind'>,
): Promise<Protected> {
  const upstream = await startRawUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"jsonrpc":"2.0","id":1,"result":{}}');
  });
  stage.defer(() => upstream.close());
  const { url, port, ready, close } = await startProtectedServer({
    name: 'vectors',
    listen: { host: '127.0.0.1', port: 0 },
    upstream: { kind: 'http', url: upstream.url },
    signIn: { kind: 'oidc', ...signIn },
    log: () => undefined,
  });
  stage.defer(close);
  const host = `Host: 127.0.0.1:${port}`;
  return {
    url,
    port,
    ready,
    forwarded: () => upstream.requests.filter(({ method }) => method === 'POST'),
    realm: signIn.issuers.find(({ issuer }) => issuer !== undefined)?.issuer,
    ping(lines = [], path = '/mcp') {
      const type = 'Content-Type: application/json';
      const accept = 'Accept: application/json, text/event-stream';
      const length = `Content-Length: ${PING.length}`;
      return sendLines(url, [`POST ${path} HTTP/1.1`, host, type, accept, length, ...lines], PING);
    },
    ask: (method, path, lines = []) =>
      sendLines(url, [`${method} ${path} HTTP/1.1`, host, ...lines]),
  };
}

/** A refusal of the fixed vocabulary. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 503;
  readonly error: string;
  readonly description: string;
  readonly scope?: string;
}

const invalid = (description: string): Refusal => ({
  status: 401,
  error: 'invalid_token',
  description,
});

/** Everything that a caller can be told. */
export const REFUSALS = {
  missing: invalid('Authentication required'),
  invalid: invalid('The access token is invalid'),
  expired: invalid('The access token expired'),
  malformed: {
    status: 400,
    error: 'invalid_request',
    description: 'The Authorization header is malformed',
  },
  unavailable: {
    status: 503,
    error: 'temporarily_unavailable',
    description: 'Authentication is temporarily unavailable',
  },
} as const satisfies Record<string, Refusal>;

/** The whole answer: status, challenge with its parameters in order, body, and nothing else. */
export function expectRefusal(
  { port, realm }: Protected,
  answer: RawAnswer,
  { status, error, description, scope }: Refusal,
): void {
  expect(answer.status).toBe(status);
  const metadata = `http://127.0.0.1:${port}/.well-known/oauth-protected-resource/mcp`;
  const wanted = [
    ...(realm === undefined ? [] : [`realm="${realm}"`]),
    `resource_metadata="${metadata}"`,
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
    `error="${error}"`,
    `error_description="${description}"`,
  ];
  const challenge = answer.headers.get('www-authenticate');
  if (status === 503) {
    expect(challenge).toBeUndefined();
    expect(answer.headers.get('retry-after')).toEqual([expect.stringMatching(/^[1-9]\d*$/)]);
  } else {
    expect(challenge).toEqual([`Bearer ${wanted.join(', ')}`]);
    expect(answer.headers.get('retry-after')).toBeUndefined();
  }
  expect(answer.headers.get('content-type')).toEqual(['application/json']);
  expect(answer.headers.get('cache-control')).toEqual(['no-store']);
  expect(answer.body).toBe(JSON.stringify({ error, error_description: description }));
  expect(answer.all).toMatch(/^[\r\n\x20-\x7e]*$/);
}
