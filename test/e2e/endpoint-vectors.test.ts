/** The routes around the endpoint as a browser, a probe or a curious client sees them. */
import { beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal, type Protected, REFUSALS, startProtected } from './support/protected.ts';
import { type RawAnswer, sendLines } from './support/raw-lines.ts';
import {
  AUDIENCE,
  type ScriptedProvider,
  startScriptedProvider,
} from './support/scripted-provider.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();
const METADATA = '/.well-known/oauth-protected-resource';
const EXPOSED = 'WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version';
let idp: ScriptedProvider;
let server: Protected;

beforeAll(async () => {
  idp = await startScriptedProvider(stage);
  server = await start();
  await server.ready;
});

function start(resourceUrl?: string): Promise<Protected> {
  return startProtected(stage, {
    issuers: [{ issuer: idp.issuer, audiences: [AUDIENCE] }],
    ...(resourceUrl === undefined ? {} : { resourceUrl }),
  });
}

function documentOf({ status, headers, body }: RawAnswer): unknown {
  expect(status).toBe(200);
  expect(headers.get('content-type')).toEqual(['application/json']);
  expect(headers.get('access-control-allow-origin')).toEqual(['*']);
  return JSON.parse(body);
}

describe('19.6 metadata', () => {
  it('99, 100, 104: at the root and at the path of the resource, which is the bound URL', async () => {
    const expected = {
      resource: server.url,
      authorization_servers: [idp.issuer],
      bearer_methods_supported: ['header'],
    };
    for (const path of [METADATA, `${METADATA}/mcp`]) {
      const answer = await server.ask('GET', path, ['Origin: https://a.test']);
      expect(documentOf(answer)).toEqual(expected);
    }
  });

  it.each([
    ['100b another path', `${METADATA}/other`],
    ['101 a longer name', `${METADATA}XYZ`],
    ['101b a deeper path', `${METADATA}/mcp/x`],
    ['101c a slash at the end', `${METADATA}/`],
    ['101d dots that climb', `${METADATA}/x/../other`],
    ['105 the metadata of a provider', '/.well-known/openid-configuration'],
    ['105b of an authorization server', '/.well-known/oauth-authorization-server'],
    ['106 anything else', '/.well-known/security.txt'],
  ])('%s: 404', async (_, path) => {
    const { status, body, headers } = await server.ask('GET', path);
    expect(status).toBe(404);
    expect(JSON.parse(body)).toEqual({ error: 'not_found' });
    expect(headers.get('content-type')).toEqual(['application/json']);
  });

  it('102 a preflight is answered for every origin', async () => {
    const lines = ['Origin: https://a.test', 'Access-Control-Request-Method: GET'];
    const { status, headers, body } = await server.ask('OPTIONS', METADATA, lines);
    expect({ status, body }).toEqual({ status: 204, body: '' });
    expect(headers.get('access-control-allow-origin')).toEqual(['*']);
    expect(headers.get('access-control-allow-credentials')).toBeUndefined();
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('103 %s: 405', async (method) => {
    const { status, headers } = await server.ask(method, METADATA, ['Content-Length: 0']);
    expect(status).toBe(405);
    expect(headers.get('allow')).toEqual(['GET, OPTIONS']);
  });

  it.each([
    ['109 no path', 'https://h.test/', '', 'https://h.test/.well-known/oauth-protected-resource'],
    [
      '110 a slash at the end',
      'https://h.test/mcp/',
      '/mcp',
      'https://h.test/.well-known/oauth-protected-resource/mcp',
    ],
    [
      '111 a query',
      'https://h.test/mcp?tenant=1',
      '/mcp?tenant=1',
      'https://h.test/.well-known/oauth-protected-resource/mcp?tenant=1',
    ],
    [
      'a deeper path',
      'https://h.test/a/b',
      '/a/b',
      'https://h.test/.well-known/oauth-protected-resource/a/b',
    ],
  ])('%s', async (_, resource, suffix, metadataUrl) => {
    const named = await start(resource);
    const { headers } = await named.ping();
    expect(headers.get('www-authenticate')?.[0]).toContain(`resource_metadata="${metadataUrl}"`);
    expect(documentOf(await named.ask('GET', METADATA + suffix))).toMatchObject({ resource });
  });
});

describe('19.6 browsers', () => {
  const own = () => `http://localhost:${server.port}`;

  it('107 a preflight of an allowed origin is answered before sign-in', async () => {
    const lines = [`Origin: ${own()}`, 'Access-Control-Request-Method: POST'];
    const { status, headers } = await server.ask('OPTIONS', '/mcp', lines);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toEqual([own()]);
    expect(headers.get('access-control-allow-headers')?.[0]).toContain('Authorization');
    expect(headers.get('access-control-allow-credentials')).toBeUndefined();
    expect(headers.get('vary')?.join()).toContain('Origin');
  });

  it('107b and refused for another', async () => {
    const { status, headers } = await server.ask('OPTIONS', '/mcp', ['Origin: https://evil.test']);
    expect(status).toBe(403);
    expect(headers.get('access-control-allow-origin')).toBeUndefined();
  });

  it('108 a refusal can be read by the page that caused it', async () => {
    const answer = await server.ping([`Origin: ${own()}`]);
    expectRefusal(server, answer, REFUSALS.missing);
    expect(answer.headers.get('access-control-allow-origin')).toEqual([own()]);
    expect(answer.headers.get('access-control-expose-headers')).toEqual([EXPOSED]);
  });

  it('114 a foreign page is refused, token or not', async () => {
    const lines = ['Origin: https://evil.test', `Authorization: Bearer ${await idp.sign()}`];
    const { status, body, headers } = await server.ping(lines);
    expect(status).toBe(403);
    expect(JSON.parse(body)).toMatchObject({ error: { code: -32600 } });
    expect(headers.get('access-control-allow-origin')).toBeUndefined();
    expect(server.forwarded()).toEqual([]);
  });

  it('115 an origin in capitals', async () => {
    const { status } = await server.ping([`Origin: HTTP://LOCALHOST:${server.port}`]);
    expect(status).toBe(401);
  });

  it.each([
    ['two Origin headers', () => [`Origin: ${own()}`, 'Origin: https://evil.test']],
    ['no origin at all', () => ['Origin: null']],
  ])('%s: 403', async (_, lines) => {
    expect((await server.ping(lines())).status).toBe(403);
  });
});

describe('19.6 the rest', () => {
  it('112 health says one word', async () => {
    const { status, body } = await server.ask('GET', '/healthz');
    expect(status).toBe(200);
    expect(body.length).toBeLessThan(40);
    expect(body).not.toContain(idp.issuer);
  });

  it('113 there are no metrics here', async () => {
    expect((await server.ask('GET', '/metrics')).status).toBe(404);
  });

  it('117 a body that is too large is refused before sign-in', async () => {
    const { status } = await post('{"jsonrpc":"2.0"}', [`Content-Length: ${9 * 1024 * 1024}`]);
    expect(status).toBe(413);
  });

  it('118 a batch of a known caller', async () => {
    const body = '[{"jsonrpc":"2.0","id":1,"method":"ping"}]';
    const { status, body: said } = await post(body, [
      `Content-Length: ${body.length}`,
      `Authorization: Bearer ${await idp.sign()}`,
    ]);
    expect(status).toBe(400);
    const { id = null, error } = JSON.parse(said) as { id?: unknown; error: object };
    // JSON-RPC wants null where no id can be read, MCP allows none at all.
    expect({ id, error }).toMatchObject({ id: null, error: { code: -32600 } });
  });

  it.each([
    ['GET', '/mcp'],
    ['DELETE', '/mcp'],
  ])('119 %s without a token', async (method, path) => {
    const { status } = await server.ask(method, path, ['Accept: text/event-stream']);
    expect(status).toBe(401);
  });

  it.each(['PUT', 'PATCH', 'TRACE'])('%s: no such method', async (method) => {
    const { status } = await server.ask(method, '/mcp', ['Content-Length: 0']);
    expect([400, 404, 405]).toContain(status);
  });

  function post(body: string, lines: readonly string[]) {
    const { port, url } = server;
    const type = 'Content-Type: application/json';
    return sendLines(url, ['POST /mcp HTTP/1.1', `Host: localhost:${port}`, type, ...lines], body);
  }
});
