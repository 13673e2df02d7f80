/** The gateway: several servers behind one address, each with its own audience and policies. */
import type { DevIdp } from '@thv/cli/dev-idp';
import { beforeAll, describe, expect, it } from 'vitest';
import { startGuideServer } from '../fixtures/spawn-fixture.ts';
import { findProcesses, writeFiles } from './support/machine.ts';
import { openSession, post, toolCall } from './support/mcp.ts';
import { ALICE, AUDIENCE, BOB, PAULA, startIdp, tokenFor } from './support/people.ts';
import { type Program, useStage } from './support/stage.ts';
import { dataFile, serverCommand, spawnGateway } from './support/thv.ts';

const stage = useStage();
const MARK = `gateway-${crypto.randomUUID()}`;
let idp: DevIdp;
let gateway: Program;
let origin: string;
let config: string;

beforeAll(async () => {
  idp = await startIdp(stage);
  const guide = await startGuideServer();
  stage.defer(() => guide.stop());
  const [, ...command] = serverCommand('guide-server.ts', MARK);
  config = `version: 1
listen: { host: 127.0.0.1, port: 0 }
issuers:
  - name: dev
    issuer: ${idp.issuer}
    audiences: [${AUDIENCE}]
authorization: { config: ${JSON.stringify(dataFile('authz-basic.yaml'))} }
servers:
  local:
    command: ${JSON.stringify(command)}
    env: { DECLARED: "1" }
  remote:
    url: ${guide.url}
    audiences: [remote-only]
    authorization: { config: ${JSON.stringify(dataFile('authz-safe-tools.yaml'))} }
`;
  const file = await writeFiles(stage, { 'gateway.yaml': config });
  gateway = spawnGateway(stage, ['--config', file('gateway.yaml')], {
    env: { GATEWAY_SECRET: 'hunter2' },
  });
  const words = await gateway.until('out', /listening on \S+\n/);
  origin = `http://${/listening on (\S+)/.exec(words)?.[1]}`;
});

const WEATHER = toolCall('weather', { city: 'Oslo' });
const urlOf = (server: string) => `${origin}/${server}/mcp`;

describe('a gateway', () => {
  it('asks for a token at every server, and says where that server is described', async () => {
    for (const server of ['local', 'remote']) {
      const { status, headers } = await post(urlOf(server), WEATHER);
      expect(status).toBe(401);
      const metadata = `${origin}/.well-known/oauth-protected-resource/${server}/mcp`;
      expect(headers.get('www-authenticate')).toContain(`resource_metadata="${metadata}"`);
      expect(await (await fetch(metadata)).json()).toMatchObject({
        resource: urlOf(server),
        authorization_servers: [idp.issuer],
      });
    }
  });

  it('accepts at a server only what was issued for that server', async () => {
    const local = await tokenFor(idp, BOB);
    const remote = await tokenFor(idp, { ...BOB, aud: 'remote-only' });
    expect((await post(urlOf('local'), WEATHER, { token: remote })).status).toBe(401);
    expect((await post(urlOf('remote'), WEATHER, { token: local })).status).toBe(401);
    const session = await openSession(urlOf('local'), local);
    expect(await session.call('weather', { city: 'Oslo' })).toEqual([
      200,
      'The weather in Oslo is sunny.',
    ]);
    const other = await openSession(urlOf('remote'), remote);
    expect(await other.call('echo', { text: 'hi' })).toEqual([200, 'hi']);
  });

  it('applies to each server its own policies', async () => {
    const alice = await openSession(urlOf('local'), await tokenFor(idp, ALICE));
    expect((await alice.call('admin_tool'))[0]).toBe(200);
    expect((await alice.list('tools')).sort()).toEqual(['admin_tool', 'calculator', 'weather']);
    expect(await alice.list('prompts')).toEqual([]);
    const bob = await openSession(urlOf('local'), await tokenFor(idp, BOB));
    expect((await bob.call('admin_tool'))[0]).toBe(403);
    const aud = 'remote-only';
    const paula = await openSession(urlOf('remote'), await tokenFor(idp, { ...PAULA, aud }));
    expect((await paula.call('admin_tool'))[0]).toBe(403);
    expect(await paula.list('tools')).toEqual(['weather', 'calculator', 'echo']);
    expect(await paula.list('prompts')).toEqual(['greeting', 'farewell']);
  });

  it('gives no session of one server to another', async () => {
    const aud = ['remote-only', AUDIENCE];
    const token = await tokenFor(idp, { ...BOB, aud });
    const { headers } = await openSession(urlOf('remote'), token);
    expect((await post(urlOf('local'), WEATHER, { token, headers })).status).toBe(404);
  });

  it('gives a stdio server only the environment that was declared', async () => {
    const paula = await openSession(urlOf('local'), await tokenFor(idp, PAULA));
    const [, text = '{}'] = await paula.call('whoami');
    const { env } = JSON.parse(text) as { readonly env: readonly string[] };
    expect(env).toContain('DECLARED');
    expect(env).not.toContain('GATEWAY_SECRET');
  });

  it.each(['/mcp', '/other/mcp', '/local', '/local/mcp/', '/local/../remote', '/%6cocal/mcp'])(
    'knows no path %s',
    async (path) => {
      const token = await tokenFor(idp, BOB);
      expect((await post(`${origin}${path}`, WEATHER, { token })).status).toBe(404);
    },
  );

  it('is alive and ready', async () => {
    expect((await fetch(`${origin}/healthz`)).status).toBe(200);
    expect((await fetch(`${origin}/readyz`)).status).toBe(200);
  });
});

describe.concurrent('a configuration file', () => {
  async function start(text: string, ...flags: string[]) {
    const file = await writeFiles(stage, { 'gateway.yaml': text });
    const path = file('gateway.yaml');
    const { code, out, err } = await spawnGateway(stage, ['--config', path, ...flags]).finished;
    return { code, out, err: err.replaceAll(path, 'FILE') };
  }

  it('is checked without starting anything', async () => {
    expect(await start(config, '--check')).toEqual({ code: 0, out: 'ok\n', err: '' });
    expect(await findProcesses(MARK)).toHaveLength(1);
  });

  it.each<[string, (text: string) => string, string | RegExp]>([
    [
      'an unknown key',
      (text) => text.replace('servers:', 'sevrers:'),
      'thv-gateway: FILE: sevrers: unknown key; did you mean "servers"?\n',
    ],
    [
      'an unknown key of a server',
      (text) => text.replace('    url:', '    ulr:'),
      'thv-gateway: FILE: servers.remote.ulr: unknown key; did you mean "url"?\n',
    ],
    [
      'no audience',
      (text) => text.replace(`[${AUDIENCE}]`, '[]'),
      'thv-gateway: FILE: issuers[0].audiences: at least one audience is needed: tokens for other services must not pass\n',
    ],
    [
      'no issuer',
      (text) => text.replace(/issuers:[\s\S]*?authorization/, 'authorization'),
      'thv-gateway: FILE: issuers: at least one issuer is needed: a gateway is never open\n',
    ],
    [
      'a policy file that is not there',
      (text) => text.replace('authz-basic.yaml', 'authz-missing.yaml'),
      /^thv-gateway: \S+authz-missing\.yaml: [^\n]+\n$/,
    ],
    ['no YAML', () => 'version: [1\n', /^thv-gateway: FILE:2:1: [^\n]+\n$/],
  ])('with %s is refused, with and without --check', async (_what, change, message) => {
    for (const flags of [['--check'], []]) {
      const { code, out, err } = await start(change(config), ...flags);
      expect({ code, out }, err).toEqual({ code: 2, out: '' });
      if (typeof message === 'string') expect(err).toBe(message);
      else expect(err).toMatch(message);
    }
  });

  it('with a server that cannot be started fails, and leaves nothing running', async () => {
    const broken = config.replace(/command: .*/, 'command: [/nonexistent/server]');
    const { code, err } = await start(broken);
    expect(code).toBe(1);
    expect(err).toMatch(/thv-gateway: servers\.\w+: .*cannot start "\/nonexistent\/server".*\n$/);
  });
});

describe('a Node that is too old', () => {
  it('is told so by the gateway, in one line and with exit code 2', async () => {
    const shim = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.11.0' } })`;
    const old = ['--import', `data:text/javascript,${encodeURIComponent(shim)}`];
    expect(await spawnGateway(stage, ['--check'], { nodeArgs: old }).finished).toEqual({
      code: 2,
      out: '',
      err: 'thv-gateway: needs Node 22.12 or newer; this is 22.11.0\n',
    });
  });
});

describe('SIGTERM', () => {
  it('ends the gateway with exit code 0, and the processes of its servers', async () => {
    expect(await findProcesses(MARK)).toHaveLength(1);
    expect((await gateway.stop('SIGTERM')).code).toBe(0);
    expect(await findProcesses(MARK)).toEqual([]);
  });
});
