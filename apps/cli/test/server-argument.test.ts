import { describe, expect, it } from 'vitest';
import { chooseName, parseServerArgument } from '../src/services/server-argument.ts';

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
    ['another scheme', 'uvx://x', undefined],
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
  ])('derives a name from %s', (server, name) => {
    expect(chooseName(undefined, parseServerArgument(server, undefined))).toBe(name);
  });

  it('prefers the given one', () => {
    expect(chooseName('Mine_1.0', parseServerArgument('npx://x', undefined))).toBe('Mine_1.0');
  });
});
