import { describe, expect, it } from 'vitest';
import { readGatewayConfig } from '../src/config.ts';

function read(server: object) {
  const file = {
    version: 1,
    issuers: [{ name: 'corp', issuer: 'https://idp.example.com', audiences: ['mcp'] }],
    servers: { weather: server },
  };
  return readGatewayConfig(file, { folder: '/etc/thv', env: {} }).servers[0]?.serving;
}

const url = 'https://weather.example/mcp';
const command = ['node', 'server.js'];

describe('timeouts, sessions and processes of a server', () => {
  it('are what the file says', () => {
    expect(read({ url })).toEqual({});
    expect(
      read({ command, request_timeout: '5m', session_ttl: 90, stdio_isolation: 'session' }),
    ).toEqual({ requestTimeout: 300_000, sessionTtl: 90_000, isolation: 'session' });
    expect(read({ url, stateless: true })).toEqual({ stateless: true });
  });

  it.each<[object, string]>([
    [{ url, stdio_isolation: 'session' }, 'stdio_isolation: means nothing: a URL has no process'],
    [{ command, stdio_isolation: 'none' }, 'stdio_isolation: must be one of shared, session'],
    [{ command, stateless: true }, 'stateless: means nothing'],
    [{ url, transport: 'sse', stateless: true }, 'stateless: means nothing'],
    [{ url, stateless: true, session_ttl: 60 }, 'session_ttl: means nothing'],
    [{ url, stateless: 'yes' }, 'stateless: must be true or false'],
    [{ url, request_timeout: 0 }, 'request_timeout: must be from 1s'],
    [{ url, request_timeout: '25h' }, 'request_timeout: must be from 1s to 24h'],
    [{ url, request_timeouts: 1 }, 'did you mean "request_timeout"?'],
  ])('%j: %s', (server, message) => {
    expect(() => read(server)).toThrow(message);
  });
});
