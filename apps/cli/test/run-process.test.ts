/** `thv run -f` as a process, with a real MCP server, a real provider and real signals. */
import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type DevIdp, startDevIdp } from '../src/dev-idp/index.ts';
import { type RunningThv, runThv, type SpawnOptions, startThv } from './spawn-thv.ts';

const GUIDE = fileURLToPath(new URL('../../../test/fixtures/guide-server.ts', import.meta.url));
const COMMAND = ['--name', 'guide', '--', process.execPath, GUIDE, 'stdio'];
const running: RunningThv[] = [];
let idp: DevIdp;

beforeAll(async () => {
  idp = await startDevIdp();
});

afterAll(() => idp.close());

afterEach(async () => {
  for (const { child, finished } of running.splice(0)) {
    child.kill('SIGKILL');
    await finished;
  }
});

async function startServer(args: readonly string[], options?: SpawnOptions) {
  const thv = startThv(['run', '-f', '--format', 'json', ...args], options);
  running.push(thv);
  await vi.waitFor(() => expect(thv.said.out, thv.said.err).toMatch(/\}\n$/), { timeout: 15_000 });
  return { ...thv, url: String(JSON.parse(thv.said.out).url) };
}

function call(url: string, name: string, token?: string) {
  return fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name, arguments: { city: 'Oslo' } },
    }),
  });
}

/** Process ids of the server below thv, from its own log. */
function childPid(log: string): number {
  return Number(/\bpid=(\d+)/.exec(log)?.[1]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('thv run -f', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'lets in who signed in, and stops everything at %s',
    async (signal) => {
      const sign = ['--oidc-issuer', idp.issuer, '--oidc-audience', 'guide'];
      const { child, said, finished, url } = await startServer(['--debug', ...sign, ...COMMAND]);
      const refused = await call(url, 'weather');
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer .*resource_metadata=/);
      expect((await call(url, 'weather', await idp.issueToken({ aud: 'other' }))).status).toBe(401);
      const token = await idp.issueToken({ sub: 'alice', aud: 'guide' });
      const answer = await call(url, 'weather', token);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain('The weather in Oslo is sunny.');
      const pid = childPid(said.err);
      expect(isAlive(pid)).toBe(true);
      child.kill(signal);
      const { code, err } = await finished;
      expect(code).toBe(0);
      expect(err).not.toContain(token);
      await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
    },
  );

  it.skipIf(process.platform === 'win32')(
    'ends at the second signal, also while it reads a pipe that nobody writes to',
    async () => {
      const pipe = join(await mkdtemp(join(tmpdir(), 'thv-pipe-')), 'server.env');
      execFileSync('mkfifo', [pipe]);
      const thv = startThv(['run', '-f', '--env-file', pipe, ...COMMAND]);
      running.push(thv);
      // Succeeds once somebody reads there.
      const { O_WRONLY, O_NONBLOCK } = constants;
      const writer = await vi.waitFor(() => open(pipe, O_WRONLY | O_NONBLOCK), { timeout: 15_000 });
      const { child } = thv;
      child.kill('SIGTERM');
      try {
        await vi.waitFor(
          () => {
            child.kill('SIGTERM');
            expect(child.signalCode).toBe('SIGTERM');
          },
          { timeout: 5000, interval: 500 },
        );
      } finally {
        await writer.close();
        await rm(dirname(pipe), { recursive: true });
      }
    },
    20_000,
  );

  it('gives the server a clean environment', async () => {
    const env = { HOME: '/home/ann', LC_ALL: 'C', MY_SECRET: 'hunter2' };
    const { url } = await startServer(['-e', 'DECLARED=1', ...COMMAND], { env });
    const seen = await (await call(url, 'whoami')).text();
    expect(seen).toContain('DECLARED');
    expect(seen).toContain('LC_ALL');
    expect(seen).not.toContain('MY_SECRET');
  });

  it('runs an installed npx package without a network', async () => {
    const cwd = fileURLToPath(new URL('..', import.meta.url));
    const { child, finished } = await startServer(
      ['npx://@modelcontextprotocol/server-everything'],
      { cwd, env: { npm_config_offline: 'true' } },
    );
    child.kill('SIGTERM');
    expect((await finished).code).toBe(0);
  });

  it('stays up while the provider is down', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => free.once('listening', resolve));
    // Safe: a server that listens on a port has an address object.
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const issuer = `http://127.0.0.1:${port}`;
    const sign = ['--oidc-issuer', issuer, '--oidc-audience', 'guide'];
    const { url, said } = await startServer([...sign, ...COMMAND]);
    expect(said.err).toContain('thv: warning: not ready yet');
    expect(
      (await call(url, 'weather', await idp.issueToken({ aud: 'guide', claims: { iss: issuer } })))
        .status,
    ).toBe(503);
  });

  it.each([
    ['a command that is not there', ['--name', 'x', '--', '/nonexistent/thv-test'], 'check that'],
    ['a command that ends at once', ['--name', 'x', '--', 'false'], 'check that'],
    [
      'a server that is not there',
      ['--name', 'x', 'http://127.0.0.1:9/mcp'],
      'is the server running',
    ],
  ])('fails with the reason in the last line for %s', async (_name, args, wayOut) => {
    const { code, out, err } = await runThv(['run', '-f', ...args]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err.trimEnd().split('\n').at(-1)).toMatch(new RegExp(`^thv: x: .*; ${wayOut}`));
  });

  it('says that a port is taken', async () => {
    const { port } = new URL(idp.issuer);
    const { code, err } = await runThv(['run', '-f', '--proxy-port', port, ...COMMAND]);
    expect(code).toBe(1);
    expect(err).toMatch(/^thv: guide: .*; choose another --proxy-port, or 0 for a free one$/m);
  });

  it('refuses to trust everybody as a proxy', async () => {
    const { code, err } = await runThv(['run', '-f', '--trusted-proxies', '::/0', ...COMMAND]);
    expect(code).toBe(2);
    expect(err).toMatch(/^thv: bad configuration: --trusted-proxies: "::\/0" is every address/m);
  });

  it('refuses a policy file that cannot be understood', async () => {
    const { code, out, err } = await runThv(['run', '-f', '--authz-config', GUIDE, ...COMMAND]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.trimEnd().split('\n').at(-1)).toMatch(/^thv: bad configuration: /);
  });
});
