import { describe, expect, it, onTestFinished } from 'vitest';
// By path: the command is no dependency of the gateway, only its provider for tests is needed.
import { startSdkSseServer } from '../../../packages/proxy/test/support/sse-servers.ts';
import { startDevIdp } from '../../cli/src/dev-idp/index.ts';
import { readGatewayConfig } from '../src/config.ts';
import { createGateway } from '../src/create-gateway.ts';

function read(server: object) {
  const file = {
    version: 1,
    issuers: [{ name: 'corp', issuer: 'https://idp.example.com', audiences: ['mcp'] }],
    servers: { weather: server },
  };
  return readGatewayConfig(file, { folder: '/etc/thv', env: {} }).servers[0]?.upstream;
}

const url = 'https://weather.example/mcp';

describe('a server with a url', () => {
  it('is reached and sent what the file says', () => {
    expect(
      read({
        url,
        transport: 'sse',
        bearer_token_file: 'token',
        headers: { 'X-Team': 'blue', 'X-Key': { env: 'KEY' }, 'X-Other': { file: 'other' } },
      }),
    ).toEqual({
      kind: 'http',
      url,
      transport: 'sse',
      bearerToken: { file: '/etc/thv/token' },
      headers: [
        { name: 'X-Team', value: 'blue' },
        { name: 'X-Key', value: { env: 'KEY' } },
        { name: 'X-Other', value: { file: '/etc/thv/other' } },
      ],
    });
    expect(read({ url, forward_token: true })).toMatchObject({ forwardToken: true });
    expect(read({ url, bearer_token_env: 'T' })).toMatchObject({ bearerToken: { env: 'T' } });
  });

  it.each<[object, string]>([
    [{ url, transport: 'stdio' }, 'transport: must be one of streamable-http, sse'],
    [{ url, forward_token: 'yes' }, 'forward_token: must be true or false'],
    [{ url, forward_tokens: true }, 'forward_tokens: unknown key; did you mean "forward_token"?'],
    [
      { url, forward_token: true, bearer_token_env: 'T' },
      'forward_token: contradicts the bearer token; drop one',
    ],
    [
      { url, bearer_token_env: 'T', bearer_token_file: 't' },
      'bearer_token: give bearer_token_file or bearer_token_env, not both',
    ],
    [{ url, headers: [] }, 'headers: must be a mapping'],
    [{ url, headers: { 'X-A': 'a\nb' } }, 'headers.X-A: cannot stand in a header'],
    [{ url, headers: { Host: 'x' } }, 'headers.Host: Host is set by thv itself'],
    [{ url, headers: { 'X-A': {} } }, 'headers.X-A: give a text, or either file or env'],
    [{ url, headers: { 'X-A': 'a', 'x-a': 'b' } }, 'headers.x-a: is sent already'],
    [
      { url, forward_token: true, headers: { authorization: 'x' } },
      'headers.authorization: is sent already',
    ],
    [{ command: ['x'], transport: 'sse' }, 'transport: is for servers with a url'],
    [{ command: ['x'], forward_token: true }, 'forward_token: is for servers with a url'],
  ])('refuses %j', (server, message) => {
    expect(() => read(server)).toThrow(`servers.weather.${message}`);
  });
});

it('has the routes of the 2024 transport beside its endpoint, and only where it speaks that', async () => {
  const [idp, legacy] = await Promise.all([startDevIdp(), startSdkSseServer()]);
  onTestFinished(async () => void (await Promise.all([idp.close(), legacy.close()])));
  const logged: string[] = [];
  const config = readGatewayConfig(
    {
      version: 1,
      listen: { host: '127.0.0.1' },
      issuers: [{ name: 'corp', issuer: idp.issuer, audiences: ['mcp'] }],
      servers: {
        old: { url: legacy.url, transport: 'sse', forward_token: true },
        modern: { url: legacy.url },
      },
    },
    { folder: '/', env: {} },
  );
  const gateway = await createGateway(config, {
    log: ({ message }) => logged.push(message),
    boundPort: () => 8080,
  });
  onTestFinished(gateway.close);
  expect(logged.join()).toContain('servers.old: forward_token: the server gets every token');
  const authorization = `Bearer ${await idp.issueToken({ aud: 'mcp' })}`;
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    gateway.fetch(
      new Request(`http://127.0.0.1:8080${path}`, {
        ...init,
        headers: { authorization, 'content-type': 'application/json' },
      }),
    );
  expect((await gateway.fetch(new Request('http://127.0.0.1:8080/old/sse'))).status).toBe(401);
  expect((await ask('/modern/sse')).status).toBe(404);
  expect((await ask('/none/sse')).status).toBe(404);
  const reader = (await ask('/old/sse')).body!.pipeThrough(new TextDecoderStream()).getReader();
  const { value = '' } = await reader.read();
  const endpoint = /^event: endpoint\ndata: (\/old\/messages\?session_id=\S+)\n/.exec(value)?.[1];
  const ping = { method: 'POST', body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' };
  expect((await ask(endpoint ?? '/', ping)).status).toBe(202);
  let text = '';
  while (!text.includes('"id":1')) text += (await reader.read()).value;
  expect((await ask(endpoint?.replace('/old/', '/modern/') ?? '/', ping)).status).toBe(404);
  await reader.cancel();
});
