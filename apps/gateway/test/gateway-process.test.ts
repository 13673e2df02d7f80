/** The gateway as a process, with two providers, an introspection endpoint and real tokens. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
// By path: the command is no dependency of the gateway, only its provider for tests is needed.
import { DEV_CLIENT, type DevIdp, startDevIdp } from '../../cli/src/dev-idp/index.ts';
import { callTool } from '../../cli/test/serve.ts';
import { startUpstreamServer, type UpstreamServer } from '../../cli/test/upstream-server.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const running: ChildProcessWithoutNullStreams[] = [];
let corp: DevIdp;
let partner: DevIdp;
let upstream: UpstreamServer;
let folder: string;

beforeAll(async () => {
  [corp, partner, upstream] = await Promise.all([
    startDevIdp(),
    startDevIdp(),
    startUpstreamServer(),
  ]);
  folder = await mkdtemp(join(tmpdir(), 'thv-gateway-'));
});

afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

afterAll(async () => {
  await Promise.all([corp.close(), partner.close(), upstream.close()]);
  await rm(folder, { recursive: true });
});

async function startGateway(
  config: unknown,
  {
    args = [],
    env = {},
  }: { args?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
) {
  const file = join(folder, 'gateway.yaml');
  await writeFile(file, stringify(config));
  const node = ['--conditions=@thv/source', MAIN, '--config', file, ...args];
  const child = spawn(process.execPath, node, { env: { PATH: process.env['PATH'], ...env } });
  running.push(child);
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    said.out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    said.err += String(chunk);
  });
  const finished = once(child, 'close').then(([code]) => ({ code, ...said }));
  return { child, said, finished };
}

/** Waits until it listens; the URL of one of its servers. */
async function urlOf(said: { readonly out: string; readonly err: string }, server: string) {
  await vi.waitFor(() => expect(said.out, said.err).toMatch(/^listening on /), { timeout: 15_000 });
  return `http://127.0.0.1:${/:(\d+)\n/.exec(said.out)?.[1]}/${server}/mcp`;
}

const base = () => ({
  version: 1,
  listen: { host: '127.0.0.1', port: 0 },
  servers: {
    weather: { url: upstream.url },
    special: { url: upstream.url, audiences: ['special'] },
  },
});

describe('a gateway with several issuers', () => {
  it('takes tokens of each, by its own rules', async () => {
    const { said, child, finished } = await startGateway({
      ...base(),
      scope_implies: { 'mcp:admin': ['mcp:use'] },
      issuers: [
        { name: 'corp', issuer: corp.issuer, audiences: ['mcp'], required_scopes: ['mcp:use'] },
        {
          name: 'partner',
          issuer: partner.issuer,
          audiences: ['partner'],
          principal_claim: 'email',
        },
      ],
    });
    const url = await urlOf(said, 'weather');
    const status = async (idp: DevIdp, token: Parameters<DevIdp['issueToken']>[0], at = url) =>
      (await callTool(at, await idp.issueToken(token))).status;

    expect(await status(corp, { aud: 'mcp', scope: 'mcp:use' })).toBe(200);
    expect(await status(corp, { aud: 'mcp', scope: 'mcp:admin' })).toBe(200);
    expect(await status(corp, { aud: 'partner', scope: 'mcp:use' })).toBe(401);
    const poor = await callTool(url, await corp.issueToken({ aud: 'mcp', scope: 'x' }));
    expect(poor.status).toBe(403);
    expect(poor.headers.get('www-authenticate')).toContain('scope="x mcp:use"');
    // The other issuer needs no scope, but its own audience and principal.
    const email = { claims: { email: 'a@b.example' } };
    expect(await status(partner, { aud: 'partner', ...email })).toBe(200);
    expect(await status(partner, { aud: 'partner' })).toBe(401);
    expect(await status(partner, { aud: 'mcp', ...email })).toBe(401);
    // Nobody speaks for another issuer.
    const iss = { claims: { ...email.claims, iss: partner.issuer } };
    expect(await status(corp, { aud: 'partner', ...iss })).toBe(401);
    // Audiences of a server replace those of every issuer.
    const special = url.replace('weather', 'special');
    expect(await status(partner, { aud: 'special', ...email }, special)).toBe(200);
    expect(await status(partner, { aud: 'partner', ...email }, special)).toBe(401);
    expect(await status(corp, { aud: 'special', scope: 'mcp:use' }, special)).toBe(200);

    const at = new URL('/.well-known/oauth-protected-resource/weather/mcp', url);
    expect(await (await fetch(at)).json()).toMatchObject({
      resource: url,
      authorization_servers: [corp.issuer, partner.issuer],
      scopes_supported: ['mcp:use'],
    });
    child.kill('SIGTERM');
    expect((await finished).code).toBe(0);
  });

  it('asks about opaque tokens, with a secret of the environment or a file', async () => {
    await writeFile(join(folder, 'secret'), DEV_CLIENT.secret);
    for (const secret of [{ client_secret_env: 'IDP_SECRET' }, { client_secret_file: 'secret' }]) {
      const { said, child, finished } = await startGateway(
        {
          ...base(),
          issuers: [
            {
              issuer: corp.issuer,
              audiences: ['mcp'],
              introspection: { url: corp.introspectionUrl, client_id: DEV_CLIENT.id, ...secret },
            },
          ],
        },
        { args: ['--debug'], env: { IDP_SECRET: DEV_CLIENT.secret } },
      );
      const url = await urlOf(said, 'weather');
      const token = await corp.issueToken({ aud: 'mcp', sub: 'mark-subject', opaque: true });
      expect((await callTool(url, token)).status).toBe(200);
      expect((await callTool(url, 'opaque-of-nobody')).status).toBe(401);
      child.kill('SIGTERM');
      const { code, out, err } = await finished;
      expect(code).toBe(0);
      for (const mark of [DEV_CLIENT.secret, token, 'opaque-of-nobody', 'mark-subject']) {
        expect(out + err).not.toContain(mark);
      }
    }
  });

  it('goes on when nobody reads its log any more', async () => {
    const issuers = [{ issuer: corp.issuer, audiences: ['mcp'] }];
    const { said, child, finished } = await startGateway({ ...base(), issuers });
    const url = await urlOf(said, 'weather');
    child.stdout.destroy();
    child.stderr.destroy();
    // What is refused is logged.
    expect((await callTool(url, 'of-nobody')).status).toBe(401);
    expect((await callTool(url, await corp.issueToken({ aud: 'mcp' }))).status).toBe(200);
    child.kill('SIGTERM');
    expect((await finished).code).toBe(0);
  });

  it('warns once of what is dangerous, by the name of the issuer', async () => {
    const { said } = await startGateway({
      ...base(),
      issuers: [
        { name: 'lax', jwks_url: corp.jwksUrl, allow_insecure_any_audience: true },
        {
          name: 'inner',
          issuer: partner.issuer,
          audiences: ['mcp'],
          allow_insecure_http: true,
          allow_private_addresses: true,
        },
      ],
    });
    await urlOf(said, 'weather');
    const lines = said.err.trim().split('\n');
    const warnings = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'warn');
    const named = warnings.map(({ message }) => message).filter((text) => /^issuer /.test(text));
    expect(named.map((text: string) => text.split(': ').slice(0, 2).join(': '))).toEqual([
      'issuer lax: allow_insecure_any_audience',
      'issuer lax: no issuer',
      'issuer inner: allow_insecure_http',
      'issuer inner: allow_private_addresses',
    ]);
  });

  it('warns of each server without policies', async () => {
    await writeFile(
      join(folder, 'authz.json'),
      JSON.stringify({
        version: '1.0',
        type: 'cedarv1',
        cedar: { policies: ['permit(principal, action, resource);'] },
      }),
    );
    const { said } = await startGateway({
      ...base(),
      issuers: [{ name: 'corp', issuer: corp.issuer, audiences: ['mcp'] }],
      servers: {
        open: { url: upstream.url },
        judged: { url: upstream.url, authorization: { config: 'authz.json' } },
      },
    });
    await urlOf(said, 'open');
    const warnings = said.err.split('\n').filter((line) => line.includes('authorization'));
    expect(warnings.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 'warn',
        message: 'servers.open: no authorization: everyone who signs in may do everything',
      }),
    ]);
  });

  it.each(['--help', '-h'])('says how it is called: %s', async (flag) => {
    const { finished } = await startGateway({}, { args: [flag] });
    const { code, out, err } = await finished;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^usage: thv-gateway --config FILE \[--check\]/);
    expect(out).toContain('--check        say what is wrong');
  });

  it('does not choose between two files: exit code 2', async () => {
    const { finished } = await startGateway(base(), { args: ['--config', 'other.yaml'] });
    expect(await finished).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^thv-gateway: --config is given twice$/m),
    });
  });

  it.each<[string, object, Readonly<Record<string, string>>, RegExp]>([
    [
      'a secret that is not set',
      { introspection: { url: 'https://i.example', client_id: 'c', client_secret_env: 'NOPE' } },
      {},
      /"introspection.clientSecret": NOPE is not set/,
    ],
    [
      'a CA bundle that is not there',
      { ca_bundle_file: 'no-such' },
      {},
      /"caBundleFile" cannot be/,
    ],
    [
      'a token file that is not there',
      { jwks_auth_token_file: 'no-such' },
      {},
      /jwksAuthTokenFile/,
    ],
    [
      'an unknown key',
      { jwks_uri: 'https://i.example' },
      {},
      /issuers\[0\]\.jwks_uri: unknown key/,
    ],
    ['a leeway of an hour', { leeway: '1h' }, {}, /"leeway" must be a whole number from 0 to 600/],
  ])('does not start with %s: exit code 2', async (_name, more, env, message) => {
    const issuer = { issuer: corp.issuer, audiences: ['mcp'], ...more };
    const { finished } = await startGateway({ ...base(), issuers: [issuer] }, { env });
    const { code, out, err } = await finished;
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
  });

  it('does not start with a Redis whose URL is not set: exit code 2', async () => {
    const issuers = [{ issuer: corp.issuer, audiences: ['mcp'] }];
    const store = { type: 'redis', url_env: 'NOPE' };
    for (const args of [[], ['--check']]) {
      const { code, err } = await (await startGateway({ ...base(), issuers, store }, { args }))
        .finished;
      expect([code, err]).toEqual([2, expect.stringContaining('"store": NOPE is not set')]);
    }
  });
});
