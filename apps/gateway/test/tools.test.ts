import { describe, expect, it, onTestFinished } from 'vitest';
// By path: the command is no dependency of the gateway, only its provider for tests is needed.
import { startDevIdp } from '../../cli/src/dev-idp/index.ts';
import { startUpstreamServer } from '../../cli/test/upstream-server.ts';
import { readGatewayConfig } from '../src/config.ts';
import { createGateway } from '../src/create-gateway.ts';

function read(server: object) {
  const file = {
    version: 1,
    issuers: [{ name: 'corp', issuer: 'https://idp.example.com', audiences: ['mcp'] }],
    servers: { weather: { url: 'http://localhost:8000/mcp', ...server } },
  };
  return readGatewayConfig(file, { folder: '/etc/thv', env: {} }).servers[0]?.tools;
}

describe('tools of a server', () => {
  it('are chosen and renamed', () => {
    const tools_override = { weather: { name: 'forecast', description: 'Looks out.' } };
    expect(read({ tools: ['forecast'], tools_override })).toEqual({
      only: ['forecast'],
      override: tools_override,
    });
  });

  it('are all there when nothing is said', () => {
    expect(read({})).toBeUndefined();
  });

  it.each<[object, string]>([
    [{ tools: [] }, 'servers.weather: tools must name at least one tool'],
    [{ tools: 'a' }, 'servers.weather.tools: must be a list of texts'],
    [{ tools_override: [] }, 'servers.weather.tools_override: must be a mapping'],
    [
      { tool_override: {} },
      'servers.weather.tool_override: unknown key; did you mean "tools_override"?',
    ],
    [
      { tools_override: { a: { nam: 'b' } } },
      'servers.weather.tools_override.a.nam: unknown key; did you mean "name"?',
    ],
    [
      { tools_override: { a: { name: 5 } } },
      'servers.weather.tools_override.a.name: must be a text',
    ],
    [
      { tools_override: { a: {} } },
      'servers.weather: tools_override of "a" needs a name or a description',
    ],
    [
      { tools: ['a'], tools_override: { a: { name: 'b' } } },
      'servers.weather: tools says "a", but "a" is shown as "b"',
    ],
  ])('%j is refused', (server, message) => {
    expect(() => read(server)).toThrow(message);
  });
});

it('a gateway gives each server its own', async () => {
  const [idp, upstream] = await Promise.all([startDevIdp(), startUpstreamServer()]);
  onTestFinished(async () => void (await Promise.all([idp.close(), upstream.close()])));
  const { url } = upstream;
  const config = readGatewayConfig(
    {
      version: 1,
      listen: { host: '127.0.0.1' },
      issuers: [{ name: 'corp', issuer: idp.issuer, audiences: ['mcp'] }],
      servers: {
        renamed: { url, tools_override: { weather: { name: 'forecast' } } },
        chosen: { url, tools: ['other'] },
        all: { url },
      },
    },
    { folder: '/', env: {} },
  );
  const gateway = await createGateway(config, { log: () => undefined, boundPort: () => 8080 });
  onTestFinished(gateway.close);
  const token = await idp.issueToken({ aud: 'mcp' });
  const call = async (server: string, name: string) => {
    const request = new Request(`http://127.0.0.1:8080/${server}/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name } }),
    });
    return 'error' in (await (await gateway.fetch(request)).json()) ? 'hidden' : 'called';
  };
  expect(await call('renamed', 'forecast')).toBe('called');
  expect(await call('renamed', 'weather')).toBe('hidden');
  expect(await call('chosen', 'weather')).toBe('hidden');
  expect(await call('chosen', 'other')).toBe('called');
  expect(await call('all', 'weather')).toBe('called');
});
