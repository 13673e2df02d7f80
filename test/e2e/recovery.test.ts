/** What recovers by itself: a server process that dies, a provider that is down. Both at once, since both wait. */
import type { DevIdp } from '@thv/cli/dev-idp';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { findProcesses, takePort } from './support/machine.ts';
import { openSession, post, toolCall } from './support/mcp.ts';
import { ALICE, BOB, signInFlags, startIdp, tokenFor } from './support/people.ts';
import { useStage } from './support/stage.ts';
import { serverCommand, startThv } from './support/thv.ts';

const stage = useStage();
let idp: DevIdp;

beforeAll(async () => {
  idp = await startIdp(stage);
});

describe.concurrent('a server process that dies', () => {
  it('is started again, and the sessions of before go on', async () => {
    const mark = `recovery-${crypto.randomUUID()}`;
    const server = serverCommand('raw-stdio-server.ts', mark);
    const thv = await startThv(stage, [...signInFlags(idp), '--name', 'raw', ...server]);
    const session = await openSession(thv.url, await tokenFor(idp, ALICE));
    const [first] = (await findProcesses(mark)).filter((pid) => pid !== thv.pid);
    const inFlight = session.send(toolCall('delay', { ms: 30_000, mark: 'never' }));
    expect(await session.call('delay', { ms: 1, mark: 'alive' })).toEqual([200, 'alive']);
    process.kill(first!, 'SIGKILL');

    const lost = await inFlight;
    expect(lost.status).toBe(502);
    expect(lost.message.error).toBeDefined();
    const meanwhile = await session.send(toolCall('delay', { ms: 1, mark: 'too early' }));
    expect(meanwhile.status).toBe(503);
    expect(Number(meanwhile.headers.get('retry-after'))).toBeGreaterThan(0);
    await thv.until(
      'err',
      /was ended by SIGKILL\nthv: warning: the server is started again in 5 s/,
    );

    await vi.waitFor(
      async () => {
        const answer = await session.call('delay', { ms: 1, mark: 'back' });
        expect(answer).toEqual([200, 'back']);
      },
      { timeout: 20_000, interval: 100 },
    );
    const servers = (await findProcesses(mark)).filter((pid) => pid !== thv.pid);
    expect(servers).toHaveLength(1);
    expect(servers).not.toContain(first);
  });
});

describe.concurrent('a provider that is down at the start', () => {
  it('delays the callers, not the server, which recovers by itself', async () => {
    const port = await takePort(stage);
    const issuer = `http://127.0.0.1:${port}`;
    const server = serverCommand('raw-stdio-server.ts');
    const thv = await startThv(stage, [...signInFlags({ issuer }), '--name', 'raw', ...server]);
    expect(thv.said.err).toContain('thv: warning: not ready yet; it stays up and keeps trying\n');
    // Said once, not with every attempt.
    expect(thv.said.err.match(/sign-in is not ready/g)).toHaveLength(1);
    const { origin } = new URL(thv.url);
    const call = toolCall('delay', { ms: 1, mark: 'served' });

    const early = await tokenFor(idp, { ...BOB, claims: { iss: issuer } });
    const refused = await post(thv.url, call, { token: early });
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('www-authenticate')).toBeNull();
    expect(refused.message).toEqual({
      error: 'temporarily_unavailable',
      error_description: 'Authentication is temporarily unavailable',
    });
    // Without a token it is the caller's turn, provider or not.
    expect((await post(thv.url, call)).status).toBe(401);
    expect((await fetch(`${origin}/healthz`)).status).toBe(200);
    expect((await fetch(`${origin}/readyz`)).status).toBe(503);

    const late = await startIdp(stage, port);
    expect(late.issuer).toBe(issuer);
    await thv.until('err', /^thv: ready$/m);
    const answer = await post(thv.url, call, { token: await tokenFor(late, BOB) });
    expect([answer.status, answer.message.result?.content[0].text]).toEqual([200, 'served']);
    await vi.waitFor(async () => expect((await fetch(`${origin}/readyz`)).status).toBe(200), {
      timeout: 10_000,
      interval: 250,
    });
  });
});
