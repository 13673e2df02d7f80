import { describe, expect, it } from 'vitest';
import { readGatewayConfig } from '../src/config.ts';

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
