/** `thv proxy` with limits and a proxy in front: the real chain and real tokens. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type DevIdp, startDevIdp } from '../src/dev-idp/index.ts';
import { callTool, type Serving, serve } from './serve.ts';
import { startUpstreamServer, type UpstreamServer } from './upstream-server.ts';

let idp: DevIdp;
let upstream: UpstreamServer;
const running: Serving[] = [];

beforeAll(async () => {
  [idp, upstream] = await Promise.all([startDevIdp(), startUpstreamServer()]);
});

afterEach(async () => {
  for (const serving of running.splice(0)) await serving.stop();
});

afterAll(async () => {
  await Promise.all([idp.close(), upstream.close()]);
});

async function start(...flags: readonly string[]): Promise<string> {
  const sign = ['--oidc-issuer', idp.issuer, '--oidc-audience', 'mcp'];
  const serving = await serve([...sign, ...flags], { target: upstream.url });
  running.push(serving);
  return serving.url;
}

const tokenOf = (sub: string, aud = 'mcp'): Promise<string> => idp.issueToken({ sub, aud });

it('limits the requests of an identity, whatever its token', async () => {
  const url = await start('--rate-limit', '4/24h');
  const found: number[] = [];
  for (let index = 0; index < 6; index += 1) {
    found.push((await callTool(url, await tokenOf('ann'))).status);
  }
  expect(found).toEqual([200, 200, 200, 200, 429, 429]);
  expect((await callTool(url, await tokenOf('bob'))).status).toBe(200);
});

it('counts requests that lack a scope', async () => {
  const url = await start('--rate-limit', '3/24h', '--oidc-required-scopes', 'mcp:use');
  const found: number[] = [];
  for (let index = 0; index < 5; index += 1) {
    found.push((await callTool(url, await tokenOf('ann'))).status);
  }
  expect(found).toEqual([403, 403, 403, 429, 429]);
});

it('limits failed sign-ins by address, and keeps nobody out who has signed in', async () => {
  const url = await start('--failed-sign-in-limit', '3/24h', '--trusted-proxies', '127.0.0.1');
  const from = async (address: string, token?: string): Promise<number> =>
    (await callTool(url, token, { 'x-forwarded-for': `198.51.100.66, ${address}` })).status;
  const office = '203.0.113.9';
  const ann = await tokenOf('ann');
  expect(await from(office, ann)).toBe(200);
  for (let index = 0; index < 3; index += 1) {
    expect(await from(office, await tokenOf(`u${index}`, 'other'))).toBe(401);
  }
  expect(await from(office, await tokenOf('u', 'other'))).toBe(429);
  expect(await from(office, await tokenOf('bob'))).toBe(429);
  // Somebody who is known, somebody who begins, and somebody elsewhere.
  expect(await from(office, ann)).toBe(200);
  expect(await from(office)).toBe(401);
  expect(await from('203.0.113.10', await tokenOf('bob'))).toBe(200);
});
