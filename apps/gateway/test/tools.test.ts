import { describe, expect, it } from 'vitest';
import { readGatewayConfig } from '../src/config.ts';

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
