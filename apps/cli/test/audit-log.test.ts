/** The audit log of a server that `thv` protects: real tokens, a real full device, a real closed pipe. */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DEV_CLIENT, type DevIdp, startDevIdp } from '../src/dev-idp/index.ts';
import { callTool, type Serving, serve } from './serve.ts';
import { startThv } from './spawn-thv.ts';
import { authz, useTempFolder } from './temp-folder.ts';
import { startUpstreamServer, type UpstreamServer } from './upstream-server.ts';

const folder = useTempFolder({
  'full.yaml': 'log_file: /dev/full\nrequired: true\n',
  'stdout.yaml': 'log_file: "-"\narguments: values\n',
  'bad.yaml': 'logfile: x',
  'dir.yaml': 'log_file: .',
  'authz.json': authz('permit(principal, action, resource == Tool::"weather");'),
});
let idp: DevIdp;
let upstream: UpstreamServer;
let token: string;

beforeAll(async () => {
  [idp, upstream] = await Promise.all([startDevIdp(), startUpstreamServer()]);
  token = await idp.issueToken({ sub: 'alice', aud: 'mcp', claims: { department: 'payroll' } });
});

afterAll(() => Promise.all([idp.close(), upstream.close()]));

const signIn = () => ['--oidc-issuer', idp.issuer, '--oidc-audience', 'mcp'];
const at = (file: string) => join(folder.path, file);

async function serving<T>(
  args: readonly string[],
  use: (server: Serving) => Promise<T>,
): Promise<T> {
  const server = await serve([...signIn(), ...args], {
    target: upstream.url,
    env: { XDG_STATE_HOME: at('state') },
  });
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

function call(url: string, name: string, args: unknown) {
  return fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name, arguments: args },
    }),
  });
}

describe('--enable-audit', () => {
  it('has a line for everybody, with a reason and without a secret', async () => {
    const foreign = await idp.issueToken({ sub: 'alice', aud: 'other' });
    const args = ['--enable-audit', '--authz-config', at('authz.json')];
    const decision = await serving(args, async ({ url }) => {
      expect((await callTool(url, token)).status).toBe(200);
      expect((await callTool(url, foreign)).status).toBe(401);
      const denied = await call(url, 'a\n\u202eb', { key: 'hunter2' });
      return (await denied.json()).error.data.decision;
    });

    const file = at('state/thv/logs/guide.audit.log');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, 'utf8');
    expect(text).not.toMatch(/hunter2|payroll|eyJ|\u202e/);
    const who = { iss: idp.issuer, sub: 'alice', client_id: DEV_CLIENT.id };
    const place = { server: 'guide', source: '127.0.0.1' };
    expect(linesOf(text)).toMatchObject([
      { type: 'mcp_tool_call', outcome: 'success', status: 200, reason: null, ...who, ...place },
      { outcome: 'unauthorized', status: 401, reason: 'ERR_OIDC_AUDIENCE', sub: null, ...place },
      {
        outcome: 'denied',
        status: 403,
        reason: 'policy',
        decision,
        target: 'a\n\u202eb',
        arguments: ['key'],
        ...who,
        ...place,
      },
    ]);
  });
});

describe('--audit-config', () => {
  it.skipIf(!existsSync('/dev/full'))(
    'refuses everything while the disk is full, if the log is required',
    () =>
      serving(['--audit-config', at('full.yaml')], async ({ url, said }) => {
        const before = upstream.calls.length;
        for (let count = 0; count < 3; count += 1) {
          const response = await callTool(url, token);
          expect([response.status, response.headers.get('retry-after')]).toEqual([503, '10']);
        }
        expect((await fetch(new URL('/readyz', url))).status).toBe(503);
        expect(said.err.match(/thv: error: audit: .*ENOSPC/g)).toHaveLength(1);
        // The first one was carried out before anybody could know, and its answer withheld.
        expect(upstream.calls.length - before).toBe(1);
      }),
  );

  it.each([
    ['bad.yaml', 2, '"logfile" is no key of it; did you mean log_file?'],
    ['none.yaml', 2, 'cannot be read'],
    ['dir.yaml', 1, 'cannot be opened: it is a folder'],
  ])('stops the start with %s', async (file, code, why) => {
    const server = await serve(['--audit-config', at(file)], { target: upstream.url });
    expect(await server.code).toBe(code);
    expect(server.said).toMatchObject({ out: '', err: expect.stringContaining(why) });
  });

  it('writes to stdout and nothing else does; goes on when nobody reads it any more', async () => {
    const args = [...signIn(), '--format', 'json', '--audit-config', at('stdout.yaml')];
    const thv = startThv(['run', '-f', '--name', 'x', ...args, upstream.url]);
    const { said, child } = thv;
    try {
      const seen = /"url":"([^"]+)"/;
      await vi.waitFor(() => expect(said.err).toMatch(seen), { timeout: 15_000 });
      const url = seen.exec(said.err)![1]!; // as has just been expected
      expect((await call(url, 'weather', { city: 'Oslo' })).status).toBe(200);
      await vi.waitFor(() =>
        expect(linesOf(said.out)).toMatchObject([{ arguments: { city: 'Oslo' } }]),
      );
      child.stdout.destroy();
      expect((await callTool(url, token)).status).toBe(200);
      await vi.waitFor(() => expect(said.err).toMatch(/error: audit: .*EPIPE/));
      expect(await (await fetch(new URL('/readyz', url))).text()).toBe('degraded\n');
      expect((await callTool(url, token)).status).toBe(200);
    } finally {
      child.kill('SIGKILL');
      await thv.finished;
    }
  });
});
