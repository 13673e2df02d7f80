/** `thv proxy` as a process, before a real MCP server over HTTP. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type HttpFixture, startGuideServer } from '../../../test/fixtures/spawn-fixture.ts';
import { type DevIdp, startDevIdp } from '../src/dev-idp/index.ts';
import { callTool } from './serve.ts';
import { type RunningThv, runThv, startThv } from './spawn-thv.ts';

let idp: DevIdp;
let guide: HttpFixture;
let folder: string;
const running: RunningThv[] = [];

beforeAll(async () => {
  [idp, guide] = await Promise.all([startDevIdp(), startGuideServer()]);
  folder = await mkdtemp(join(tmpdir(), 'thv-proxy-'));
});

afterEach(async () => {
  for (const { child, finished } of running.splice(0)) {
    child.kill('SIGKILL');
    await finished;
  }
});

afterAll(async () => {
  await Promise.all([idp.close(), guide.stop(), rm(folder, { recursive: true })]);
});

async function startProxy(args: readonly string[]) {
  const thv = startThv(['proxy', 'guide', '--format', 'json', ...args]);
  running.push(thv);
  await vi.waitFor(() => expect(thv.said.out, thv.said.err).toMatch(/\}\n$/), { timeout: 15_000 });
  return { ...thv, url: String(JSON.parse(thv.said.out).url) };
}

describe('thv proxy', () => {
  it('has the same chain as run: sign-in, policies, filtered lists', async () => {
    const policies = join(folder, 'authz.json');
    await writeFile(
      policies,
      JSON.stringify({
        version: '1.0',
        type: 'cedarv1',
        cedar: {
          policies: [
            'permit(principal, action == Action::"call_tool", resource == Tool::"weather") when { resource in MCP::"guide" };',
          ],
          entities_json: '[]',
        },
      }),
    );
    const { child, finished, url } = await startProxy([
      ...['--target-uri', guide.url, '--authz-config', policies],
      ...['--oidc-issuer', idp.issuer, '--oidc-audience', 'mcp'],
    ]);
    expect((await callTool(url)).status).toBe(401);
    const token = await idp.issueToken({ aud: 'mcp', sub: 'ann' });
    const client = new Client({ name: 'test', version: '1.0.0' });
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['weather']);
    const told = await client.callTool({ name: 'weather', arguments: { city: 'Oslo' } });
    expect(JSON.stringify(told)).toContain('The weather in Oslo is sunny.');
    await expect(client.callTool({ name: 'admin_tool', arguments: {} })).rejects.toThrow(/403/);
    await client.close();
    child.kill('SIGINT');
    expect((await finished).code).toBe(0);
  });

  it('takes an origin to mean /mcp, and says so', async () => {
    const { said, url } = await startProxy(['--target-uri', new URL(guide.url).origin]);
    expect(said.err).toContain('thv: --target-uri has no path: /mcp is used');
    const client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(url)));
    expect((await client.listTools()).tools.length).toBeGreaterThan(3);
    await client.close();
  });

  it.each([
    ['no target', ['proxy', 'x'], 'thv: --target-uri: missing; add the URL'],
    ['no name', ['proxy', '--target-uri', 'http://127.0.0.1:1'], 'thv: proxy: missing required'],
    [
      'a bad name',
      ['proxy', 'a/b', '--target-uri', 'http://127.0.0.1:1'],
      'thv: NAME: "a/b" is not',
    ],
    [
      'a target that is no URL',
      ['proxy', 'x', '--target-uri', 'npx://y'],
      'thv: --target-uri: "npx',
    ],
    [
      'credentials in the target',
      ['proxy', 'x', '--target-uri', 'http://u:p@127.0.0.1'],
      'thv: server URL: holds a user name',
    ],
    [
      'a flag without a provider',
      ['proxy', 'x', '--target-uri', 'http://127.0.0.1:1', '--oidc-audience', 'a'],
      'thv: --oidc-audience: means nothing without a provider',
    ],
    [
      'a misspelled flag',
      ['proxy', 'x', '--target-uri', 'http://127.0.0.1:1', '--oidc-isuer', 'https://i.example'],
      'thv: --oidc-isuer: no such flag; did you mean --oidc-issuer?',
    ],
  ])('refuses %s: exit code 2', async (_name, args, message) => {
    const { code, out, err } = await runThv(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });
});
