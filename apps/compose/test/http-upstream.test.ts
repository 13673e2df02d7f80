/** What a server that is reached by URL is sent, as it arrives. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProxy, type Upstream } from '@thv/proxy';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openHttpUpstream } from '../src/http-upstream.ts';
import type { HttpUpstreamConfig } from '../src/http-upstream-config.ts';

let server: Server;
let elsewhere: Server;
let folder: string;
let status = 200;
const seen: IncomingHttpHeaders[] = [];
const stray: IncomingHttpHeaders[] = [];

const portOf = (one: Server): number => (one.address() as AddressInfo).port;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thv-upstream-'));
  elsewhere = createServer((request, response) => {
    stray.push(request.headers);
    response.end();
  });
  server = createServer((request, response) => {
    seen.push(request.headers);
    request.resume();
    response
      .writeHead(status, {
        'content-type': 'application/json',
        location: `http://127.0.0.1:${portOf(elsewhere)}/`,
      })
      .end('{"jsonrpc":"2.0","id":1,"result":{}}');
  });
  for (const one of [server, elsewhere]) {
    await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
  }
});
beforeEach(() => {
  status = 200;
  seen.length = 0;
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  for (const one of [server, elsewhere]) one.close();
});

async function ask(options: Partial<HttpUpstreamConfig>, headers: Record<string, string> = {}) {
  const errors: unknown[] = [];
  const url = `http://127.0.0.1:${portOf(server)}/mcp`;
  const upstream: Upstream = await openHttpUpstream({ kind: 'http', url, ...options }, () => {});
  onTestFinished(() => upstream.close());
  const proxy = createProxy({
    upstream,
    authorize: 'anything-authenticated',
    origins: {},
    onError: (error) => errors.push(error),
    authenticate: {
      verify: async (request) => ({
        issuer: 'i',
        subject: 's',
        claims: {},
        scopes: [],
        expiresAt: undefined,
        token: request.headers.get('authorization')?.replace('Bearer ', '') ?? '',
        actors: [],
        delegation: 'none',
      }),
      toResponse: () => new Response(null, { status: 401 }),
    },
  });
  const send = (): Promise<Response> =>
    proxy.fetch(
      new Request('http://localhost/mcp', {
        method: 'POST',
        headers: {
          authorization: 'Bearer caller-token',
          'content-type': 'application/json',
          ...headers,
        },
        body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
      }),
    );
  return { send, errors };
}

describe('a server that is reached by URL', () => {
  it('never sees the token of a caller, unless that is wanted', async () => {
    await (await ask({})).send();
    expect(seen[0]?.authorization).toBeUndefined();
    await (await ask({ forwardToken: true })).send();
    expect(seen[1]?.authorization).toBe('Bearer caller-token');
  });

  it('gets the token of a file, as it is at the time', async () => {
    const file = join(folder, 'rotating');
    await writeFile(file, 'first\n');
    const { send } = await ask({ bearerToken: { file } });
    await send();
    await writeFile(file, 'second-one\n');
    await send();
    expect(seen.map(({ authorization }) => authorization)).toEqual([
      'Bearer first',
      'Bearer second-one',
    ]);
  });

  it('is not asked without its credential, and nobody is told what is wrong with it', async () => {
    const file = join(folder, 'vanishing');
    await writeFile(file, 'token');
    const { send, errors } = await ask({ bearerToken: { file } });
    for (const content of ['', 'two words', 'a\r\nX-Evil: 1']) {
      await writeFile(file, content);
      const response = await send();
      expect(response.status).toBe(502);
      expect(await response.text()).not.toContain('token');
    }
    await rm(file);
    expect((await send()).status).toBe(502);
    expect(seen).toEqual([]);
    expect(errors.map(String).join()).not.toMatch(/two words|Evil/);
  });

  it('gets the headers of the configuration in place of those that a caller sends', async () => {
    vi.stubEnv('THV_TEST_KEY', 'from-env');
    onTestFinished(() => void vi.unstubAllEnvs());
    const headers = [
      { name: 'X-Api-Key', value: { env: 'THV_TEST_KEY' } },
      { name: 'X-Team', value: 'blue' },
    ];
    const smuggled = { 'x-api-key': 'mine', 'x-team': 'red', connection: 'x-api-key, x-team' };
    await (await ask({ headers }, smuggled)).send();
    expect(seen[0]).toMatchObject({ 'x-api-key': 'from-env', 'x-team': 'blue' });
  });

  it('that redirects takes no credential elsewhere', async () => {
    status = 307;
    const headers = [{ name: 'X-Api-Key', value: 'k' }];
    const { send } = await ask({ headers, forwardToken: true });
    expect((await send()).status).toBe(502);
    expect(stray).toEqual([]);
  });

  it.each<[string, Partial<HttpUpstreamConfig>, RegExp]>([
    ['a variable that is not set', { bearerToken: { env: 'THV_TEST_NONE' } }, /not set/],
    ['a file that is not there', { bearerToken: { file: '/none' } }, /cannot be read/],
    ['both tokens', { bearerToken: { env: 'PATH' }, forwardToken: true }, /contradicts/],
    [
      'a header of this hop',
      { headers: [{ name: 'Transfer-Encoding', value: 'chunked' }] },
      /describes the connection/,
    ],
    ['a header of two lines', { headers: [{ name: 'X-A', value: 'a\r\nb: c' }] }, /X-A/],
    [
      'a second Authorization',
      { forwardToken: true, headers: [{ name: 'Authorization', value: 'x' }] },
      /given twice/,
    ],
  ])('is not started with %s', async (_, options, message) => {
    await expect(ask(options)).rejects.toThrow(message);
  });
});
