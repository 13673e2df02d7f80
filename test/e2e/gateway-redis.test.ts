/** Replicas of the gateway that share one Redis, which goes away and comes back. */
import type { DevIdp } from '@thv/cli/dev-idp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  NEEDS_REDIS,
  type RedisServer,
  startRedis,
} from '../../apps/gateway/test/support/redis-server.ts';
import { startGuideServer } from '../fixtures/spawn-fixture.ts';
import { writeFiles } from './support/machine.ts';
import { openSession, post, request, toolCall } from './support/mcp.ts';
import { ALICE, AUDIENCE, BOB, startIdp, tokenFor } from './support/people.ts';
import { type Program, useStage } from './support/stage.ts';
import { spawnGateway } from './support/thv.ts';

const stage = useStage();
const ALLOWED = 40;
let idp: DevIdp;
let redis: RedisServer;
/** `deny` and `allow` are what they do when they cannot count. */
const replicas: Record<'deny' | 'allow' | 'doomed', { gateway: Program; url: string }> =
  {} as never;

/** What needs no session. */
const LIST_2026 = request('tools/list', {
  _meta: {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'e2e', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  },
});
const HEADERS_2026 = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };

const configFor = (guide: string, onStoreError: string): string => `version: 1
listen: { host: 127.0.0.1, port: 0 }
issuers:
  - { issuer: "${idp.issuer}", audiences: [${AUDIENCE}] }
servers:
  guide: { url: "${guide}" }
store: { type: redis, url_env: REDIS_URL }
limits:
  # So slow that nothing comes back during a test.
  rate: { per: identity, requests: ${ALLOWED}, window: 24h }
  on_store_error: ${onStoreError}
`;

describe.skipIf(NEEDS_REDIS !== '')(`gateways that share a Redis${NEEDS_REDIS}`, () => {
  beforeAll(async () => {
    [idp, redis] = await Promise.all([startIdp(stage), startRedis()]);
    const guide = await startGuideServer();
    stage.defer(() => guide.stop());
    const file = await writeFiles(stage, {
      'deny.yaml': configFor(guide.url, 'deny'),
      'allow.yaml': configFor(guide.url, 'allow'),
      'doomed.yaml': configFor(guide.url, 'deny'),
    });
    await Promise.all(
      (['deny', 'allow', 'doomed'] as const).map(async (name) => {
        const args = ['--config', file(`${name}.yaml`)];
        const gateway = spawnGateway(stage, args, { env: { REDIS_URL: redis.url } });
        const words = await gateway.until('out', /listening on \S+\n/);
        const url = `http://${/listening on (\S+)/.exec(words)?.[1]}/guide/mcp`;
        replicas[name] = { gateway, url };
      }),
    );
  });

  afterAll(() => redis.kill());

  it('continue a session that another one began, for its owner alone', async () => {
    const { deny, allow } = replicas;
    const token = await tokenFor(idp, ALICE);
    const { headers } = await openSession(deny.url, token);
    const call = toolCall('echo', { text: 'hi' });
    const answer = await post(allow.url, call, { token, headers });
    expect([answer.status, answer.message.result?.content?.[0]?.text]).toEqual([200, 'hi']);
    const bob = await tokenFor(idp, BOB);
    expect((await post(allow.url, call, { token: bob, headers })).status).toBe(404);
    const authorization = `Bearer ${token}`;
    const end = { method: 'DELETE', headers: { ...headers, authorization } };
    expect((await fetch(allow.url, end)).ok).toBe(true);
    expect((await post(deny.url, call, { token, headers })).status).toBe(404);
  });

  it('count the requests of an identity together', async () => {
    const token = await tokenFor(idp, { sub: 'eager' });
    const urls = [replicas.deny.url, replicas.allow.url];
    const found: number[] = [];
    for (let index = 0; index < ALLOWED + 4; index += 1) {
      // Counted although it is no message.
      const answer = await post(urls[index % 2]!, 'nonsense', { token });
      found.push(answer.status);
    }
    expect(found.slice(0, ALLOWED)).toEqual(Array(ALLOWED).fill(400));
    expect(found.slice(ALLOWED)).toEqual(Array(4).fill(429));
    const refused = await post(urls[0]!, 'nonsense', { token });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60);
  });

  it('go on when one of them is killed', async () => {
    const token = await tokenFor(idp, ALICE);
    const { headers } = await openSession(replicas.doomed.url, token);
    await replicas.doomed.gateway.stop('SIGKILL');
    const answer = await post(replicas.allow.url, request('tools/list'), { token, headers });
    expect(answer.status).toBe(200);
  });

  it('say what they cannot do without Redis, do the rest, and recover', async () => {
    const { deny, allow } = replicas;
    const token = await tokenFor(idp, BOB);
    const before = await openSession(allow.url, token);
    await redis.kill();
    const readyz = (url: string) => fetch(new URL('/readyz', url)).then((answer) => answer.text());
    await vi.waitFor(async () => expect(await readyz(allow.url)).toBe('degraded\n'));

    // Who owns the session cannot be known.
    const lost = await before.send(request('tools/list'));
    expect([lost.status, lost.headers.get('retry-after')]).toEqual([503, '1']);
    expect(lost.text).not.toMatch(/redis/i);
    // Nor, where that matters, how often the caller asked.
    expect((await post(deny.url, 'nonsense', { token })).status).toBe(503);
    // What needs neither is decided as ever.
    expect((await post(allow.url, 'nonsense', { token })).status).toBe(400);
    expect((await post(deny.url, 'nonsense')).status).toBe(401);
    const list = await post(allow.url, LIST_2026, { token, headers: HEADERS_2026 });
    expect([list.status, list.message.result?.tools?.length]).toEqual([200, expect.any(Number)]);
    expect(allow.gateway.said.err).toContain('store: Redis is gone');

    await redis.start();
    await vi.waitFor(async () => expect(await readyz(deny.url)).toBe('ok\n'), { timeout: 15_000 });
    const after = await openSession(deny.url, token);
    const { headers } = after;
    await vi.waitFor(async () => expect(await readyz(allow.url)).toBe('ok\n'), { timeout: 15_000 });
    expect((await post(allow.url, request('tools/list'), { token, headers })).status).toBe(200);
    expect(allow.gateway.said.err).toContain('store: Redis is back');
    for (const { gateway } of [deny, allow]) {
      expect(gateway.said.err).not.toContain('a-password-of-redis');
      expect((await gateway.stop()).code).toBe(0);
    }
  });
});
