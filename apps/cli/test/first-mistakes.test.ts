/** Command lines as people type them the first time: each is told what, why, and what to do. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { runMain } from './run-main.ts';
import { authz, useTempFolder } from './temp-folder.ts';

const TOKEN = '"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"';
const PROVIDER = ['--oidc-issuer', 'https://idp.invalid', '--oidc-audience', 'a'];
const folder = useTempFolder({
  'authz.json': authz('permit(principal, action, resource);'),
  'comma.json': '{"version":"1.0","type":"cedarv1",\n "cedar":{"policies":["permit(x);",]}}',
  token: TOKEN,
  'folder/x': '',
});

const thv = (args: readonly string[], input = '') =>
  runMain(args, { cwd: folder.path, env: { HOME: folder.path }, input });

describe('a first mistake', () => {
  it.each<[string, readonly string[], string]>([
    [
      'a URL without a scheme',
      ['run', 'localhost:3000/mcp'],
      '"localhost:3000/mcp": has no scheme, so it would be a container image; write http://localhost:3000/mcp, or an image with its tag',
    ],
    [
      'an address and a port',
      ['run', '127.0.0.1:3000'],
      '"127.0.0.1:3000": has no scheme, so it would be a container image; write http://127.0.0.1:3000/mcp, or an image with its tag',
    ],
    [
      'a host of elsewhere',
      ['run', 'mcp.example.com/mcp'],
      '"mcp.example.com/mcp": has no scheme, so it would be a container image; write https://mcp.example.com/mcp, or an image with its tag',
    ],
    [
      'npx: without slashes',
      ['run', 'npx:@scope/server'],
      '"npx:@scope/server": the built-in catalogue has no such server; did you mean npx://@scope/server?',
    ],
    [
      'the output of a command for what is read again later',
      ['run', '--name', 'x', '--authz-config', '/dev/fd/63', '--', 'node', 'server.js'],
      '--authz-config: /dev/fd/63 is there for this command only, and not for a server in the background; name a file',
    ],
    [
      'a script',
      ['run', './server.js'],
      '"./server.js": the built-in catalogue has no such server; a program of your own stands after --: thv run --name NAME -- COMMAND',
    ],
    [
      'what can be nothing at all',
      ['run', 'ghcr.io/a/b:1;x'],
      '"ghcr.io/a/b:1;x": the built-in catalogue has no such server; it is no image either, because of a character that names of images do not have',
    ],
    [
      'a command without --',
      ['run', 'node', 'server.js'],
      'run: too many arguments; a command stands after --: thv run --name NAME -- node …',
    ],
    [
      'npx as in a shell',
      ['run', 'npx', '-y', '@scope/server'],
      '-y: no such flag; a command stands after --: thv run --name NAME -- npx …',
    ],
    [
      'an issuer without a scheme',
      ['run', '--oidc-issuer', 'idp.example.com', '--oidc-audience', 'a', 'http://127.0.0.1:9/mcp'],
      '--oidc-issuer: "idp.example.com" is not an http(s) URL; write https://idp.example.com',
    ],
    [
      'a token with its quotes',
      ['mcp', 'list', 'tools', '--server', 'http://127.0.0.1:9/mcp', '--token-file', 'token'],
      '--token-file: the token stands in quotes; leave them out',
    ],
    [
      'a token with its quotes, on the command line',
      ['token', 'inspect', TOKEN, ...PROVIDER],
      'token: it stands in quotes; leave them out',
    ],
    ['a folder of policies', ['policy', 'check', 'folder'], 'folder: it is a folder, and no file'],
    ['help for what is no command', ['help', 'rn'], 'rn: no such command; did you mean run?'],
    [
      'help for what is no command of a group',
      ['help', 'secret', 'gt'],
      'gt: no such command; did you mean get?',
    ],
    [
      'a client without a server',
      ['client', 'add', 'cursor'],
      'client add: no server is named; name one of thv list, or add --url and --name',
    ],
  ])('%s', async (_name, args, message) => {
    const { code, out, err } = await thv(args);
    expect(err.split('\n').at(-2)).toBe(`thv: ${message}`);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  it('is found in JSON by its place', async () => {
    const { code, out } = await thv(['policy', 'check', 'comma.json']);
    expect(code).toBe(3);
    expect(out).toMatch(/^comma\.json:2:36: error ERR_AUTHZ_CONFIG\n/);
  });

  it('in a label is not taken for nothing that runs', async () => {
    const { out } = await thv(['list', '-l', 'team=nobody', '-l', 'a=b']);
    expect(out).toBe('No servers with team=nobody and a=b are running.\n');
  });

  it('help for a command is its help', async () => {
    expect((await thv(['help', 'run'])).out).toContain('Usage: thv run [options] SERVER');
    expect((await thv(['help'])).out).toContain('Usage: thv [options] [command]');
    expect((await thv(['help', 'secret', 'set'])).out).toContain('Usage: thv secret set [options]');
  });

  it.each(['--version', '-V'])('%s is what thv version prints', async (flag) => {
    expect(await thv([flag])).toEqual(await thv(['version']));
    expect((await thv(['list', flag])).err).toContain('no such flag');
  });

  it('images of a registry on this machine are still images', async () => {
    for (const image of [
      'localhost:5000/mcp:1',
      'localhost:5000/a/mcp',
      'localhost/mcp',
      'ghcr.io/x/y',
      'mcp/fetch',
    ]) {
      expect((await thv(['run', '-f', image])).err).not.toContain('scheme');
    }
  });

  it('of a port is told with the reason', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { code, err } = await thv(['run', '-f', `http://127.0.0.1:${port}/mcp`]);
    expect(code).toBe(1);
    expect(err).toContain(
      `http://127.0.0.1:${port} cannot be reached: nothing listens there; is the server running?`,
    );
  });
});
