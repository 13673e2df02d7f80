import { describe, expect, it } from 'vitest';
import { parseCatalogue } from '../src/catalogue/parse-catalogue.ts';

const ENTRY = {
  title: 'Weather',
  description: 'Says what the weather is like',
  tier: 'Community',
  status: 'Deprecated',
  transport: 'streamable-http',
  image: 'ghcr.io/example/weather:1.2',
  target_port: 8080,
  args: ['--units', 'metric'],
  tools: ['forecast'],
  tags: ['weather'],
  permissions: { network: { outbound: { allow_host: ['api.example'], allow_port: [443] } } },
  env_vars: [
    { name: 'API_KEY', description: 'key', required: true, secret: true },
    { name: 'UNITS', description: 'units', required: false, default: 'metric' },
  ],
  metadata: { stars: 1 },
  provenance: {},
  custom_metadata: { anything: true },
};

function parse(servers: unknown, remote_servers: unknown = undefined) {
  return parseCatalogue(JSON.stringify({ version: '1.0.0', servers, remote_servers }), 'file.json');
}

describe('parseCatalogue', () => {
  it('reads servers and remote servers', () => {
    const catalogue = parse(
      { weather: ENTRY },
      {
        news: {
          url: 'https://news.example/mcp',
          transport: 'streamable-http',
          headers: [{ name: 'X-Key', description: 'key', required: true, choices: ['a'] }],
          oauth_config: { issuer: 'https://idp.example' },
        },
      },
    );
    expect(catalogue.names).toEqual(['news', 'weather']);
    expect(catalogue.find('weather')).toEqual({
      name: 'weather',
      description: 'Says what the weather is like',
      server: 'ghcr.io/example/weather:1.2',
      kind: 'image',
      transport: 'streamable-http',
      targetPort: 8080,
      args: ['--units', 'metric'],
      variables: [
        { name: 'API_KEY', description: 'key', required: true, secret: true },
        { name: 'UNITS', description: 'units', required: false, secret: false, default: 'metric' },
      ],
      headers: [],
      permissions: {
        read: [],
        write: [],
        network: { hosts: ['api.example'] },
        writableRoot: false,
      },
      tools: ['forecast'],
      deprecated: true,
    });
    expect(catalogue.find('news')).toMatchObject({
      kind: 'url',
      headers: [{ name: 'X-Key', required: true }],
    });
    expect(catalogue.find('toString')).toBeUndefined();
  });

  it.each<[string, unknown, RegExp]>([
    ['an unknown key', { ...ENTRY, permision: {} }, /unknown key "permision"; did you mean perm/],
    ['a wrong type', { ...ENTRY, args: 'x' }, /args is not a list of texts/],
    ['a wrong transport', { ...ENTRY, transport: 'websocket' }, /transport is none of stdio/],
    ['a wrong port', { ...ENTRY, target_port: 70_000 }, /target_port is not a whole number/],
    ['nothing to run', { description: 'x' }, /needs either an image or a package/],
    ['two things to run', { ...ENTRY, package: 'npx://x' }, /needs either an image or a package/],
    ['a command', { package: 'sh -c evil' }, /package is not npx/],
    ['a variable of no name', { ...ENTRY, env_vars: [{ name: 'A B' }] }, /name is not a name/],
    ['a privileged one', { ...ENTRY, permissions: { privileged: true } }, /never started/],
    [
      'an unknown permission',
      { ...ENTRY, permissions: { network: { outbound: { allow_hosts: ['x'] } } } },
      /unknown key "allow_hosts"; did you mean allow_host/,
    ],
    ['no object', 'ghcr.io/x/y', /is not an object/],
  ])('refuses an entry with %s when it is looked up, not before', (_name, entry, message) => {
    const catalogue = parse({ weather: entry, other: ENTRY });
    expect(() => catalogue.find('weather')).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) }),
    );
    expect(catalogue.find('other')?.name).toBe('other');
  });

  it.each<[string, string, RegExp]>([
    ['text', 'servers: []', /file.json: is not JSON/],
    ['a list', '[]', /is not an object/],
    ['nothing', '{}', /has no servers/],
    ['an unknown key', '{"server":{},"servers":{"a":{}}}', /unknown key "server"/],
    ['a name with a slash', '{"servers":{"a/b":{}}}', /"a\/b" is not a name/],
    ['a name with a scheme', '{"servers":{"npx://x":{}}}', /is not a name/],
    ['one name twice', '{"servers":{"a":{}},"remote_servers":{"a":{}}}', /in servers and in rem/],
  ])('refuses %s', (_name, text, message) => {
    expect(() => parseCatalogue(text, 'file.json')).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) }),
    );
  });

  it('reads what writers of null leave out', () => {
    const catalogue = parse({ weather: { ...ENTRY, args: null, env_vars: null } });
    expect(catalogue.find('weather')).toMatchObject({ args: [], variables: [] });
  });
});
