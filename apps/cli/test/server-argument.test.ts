import { describe, expect, it } from 'vitest';
import { loadBuiltInCatalogue } from '../src/catalogue/built-in.ts';
import { parseCatalogue } from '../src/catalogue/parse-catalogue.ts';
import { chooseName, chooseServer, parseServerArgument } from '../src/services/server-argument.ts';

const BUILT_IN = loadBuiltInCatalogue();

describe('parseServerArgument', () => {
  it('reads URLs', () => {
    expect(parseServerArgument('HTTPS://Mcp.example/x?y=1', undefined)).toEqual({
      kind: 'url',
      url: 'https://mcp.example/x?y=1',
    });
  });

  it.each([
    ['npx://left-pad', 'left-pad', undefined],
    ['npx://left-pad@1.2.3-rc.1+b', 'left-pad', '1.2.3-rc.1+b'],
    ['npx://@scope/pkg', '@scope/pkg', undefined],
    ['npx://@scope/pkg@latest', '@scope/pkg', 'latest'],
  ])('reads %s', (text, packageName, version) => {
    expect(parseServerArgument(text, ['-x'])).toEqual({
      kind: 'npx',
      packageName,
      version,
      args: ['-x'],
    });
  });

  it.each([
    ['uvx://mcp-server-time', 'mcp-server-time', undefined],
    ['uvx://awslabs.docs@1.2.3', 'awslabs.docs', '1.2.3'],
    ['uvx://Mcp_Server@latest', 'Mcp_Server', 'latest'],
  ])('reads %s', (text, packageName, version) => {
    expect(parseServerArgument(text, ['-x'])).toEqual({
      kind: 'uvx',
      packageName,
      version,
      args: ['-x'],
    });
  });

  it('takes a command from what follows --', () => {
    expect(parseServerArgument(undefined, ['node', 'x.js', '--', '-f'])).toEqual({
      kind: 'command',
      command: 'node',
      args: ['x.js', '--', '-f'],
    });
  });

  it.each([
    ['nothing', undefined, undefined],
    ['an empty command', undefined, ['']],
    ['a password in a URL', 'https://u:p@mcp.example', undefined],
    ['a fragment', 'https://mcp.example/#x', undefined],
    ['arguments for a URL', 'https://mcp.example', ['x']],
    ['a URL without a host', 'https://', undefined],
    ['a file', 'file:///etc/passwd', undefined],
    ['a path as a package', 'npx://../../x', undefined],
    ['a flag as a package', 'npx://--yes', undefined],
    ['a flag as a version', 'npx://x@--yes', undefined],
    ['a git package', 'npx://github:a/b', undefined],
    ['an empty version', 'npx://x@', undefined],
    ['a flag as a Python package', 'uvx://--with', undefined],
    ['a flag as a Python version', 'uvx://x@--with', undefined],
    ['a path as a Python package', 'uvx://../x', undefined],
    ['a scope as a Python package', 'uvx://@scope/x', undefined],
    ['a git address as a Python package', 'uvx://x@git+https://evil.example', undefined],
    ['another scheme', 'go://x', undefined],
    ['an upper-case scheme', 'NPX://x', undefined],
    ['a bare name', 'weather', undefined],
  ])('refuses %s', (_name, server, serverArgs) => {
    expect(() => parseServerArgument(server, serverArgs)).toThrow(
      expect.objectContaining({ exitCode: 2 }),
    );
  });

  it('never repeats a password', () => {
    expect(() => parseServerArgument('https://u:hunter2@mcp.example', undefined)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });
});

describe('chooseServer', () => {
  const catalogue = parseCatalogue(
    JSON.stringify({
      servers: { weather: { package: 'npx://weather-server@1', args: ['--units', 'metric'] } },
      remote_servers: { news: { url: 'https://news.example/mcp' } },
    }),
    'a catalogue',
  );

  it('finds exact names, and gives them their arguments unless there are others', () => {
    const choose = (args?: readonly string[]) => chooseServer('weather', args, catalogue);
    expect(choose().server).toMatchObject({ packageName: 'weather-server', version: '1' });
    expect(choose().server).toMatchObject({ args: ['--units', 'metric'] });
    expect(choose(['-v']).server).toMatchObject({ args: ['-v'] });
    expect(chooseServer('news', undefined, catalogue)).toMatchObject({
      server: { kind: 'url', url: 'https://news.example/mcp' },
      entry: { name: 'news' },
    });
  });

  it('prefers what has a scheme to a name', () => {
    expect(chooseServer('npx://weather', undefined, catalogue)).toEqual({
      server: { kind: 'npx', packageName: 'weather', version: undefined, args: [] },
      entry: undefined,
    });
  });

  it.each([
    ['wether', /has no such server; did you mean weather\?$/],
    ['Weather', /did you mean weather\?$/],
    ['quite-another', /has no such server; /],
    ['constructor', /has no such server/],
    ['__proto__', /has no such server/],
  ])('never takes %s for an image or a command', (name, message) => {
    expect(() => chooseServer(name, undefined, catalogue)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) }),
    );
  });

  it('refuses arguments for a remote server', () => {
    expect(() => chooseServer('news', ['x'], catalogue)).toThrow(/a URL takes none/);
  });

  it('can run every built-in entry', () => {
    for (const name of BUILT_IN.names) {
      const { entry, server } = chooseServer(name, undefined, BUILT_IN);
      expect(entry?.description, name).not.toBe('');
      expect(chooseName(undefined, { server, entry })).toBe(name);
    }
  });
});

describe('chooseName', () => {
  it.each([
    ['https://api.notion.com/mcp', 'notion'],
    ['https://mcp.x.io', 'x'],
    ['https://weather.mcp.svc.cluster.local:8000/mcp', 'weather'],
    ['https://mcp.com', 'mcp'],
    ['http://localhost:3000/mcp', 'localhost-3000'],
    ['http://127.0.0.1:3000/mcp', '127.0.0.1-3000'],
    ['http://[::1]:3000/mcp', '1-3000'],
    ['npx://@modelcontextprotocol/server-everything@1', 'modelcontextprotocol-server-everything'],
    ['npx://my.server', 'my-server'],
    ['uvx://awslabs.docs@1', 'awslabs-docs'],
    ['time', 'time'],
  ])('derives a name from %s', (server, name) => {
    expect(chooseName(undefined, chooseServer(server, undefined, BUILT_IN))).toBe(name);
  });

  it('prefers the given one', () => {
    expect(chooseName('Mine_1.0', chooseServer('npx://x', undefined, BUILT_IN))).toBe('Mine_1.0');
  });
});
