/** A provider that cannot be reached is nobody's fault who calls, and keeps nothing from starting. */
import { describe, expect, it, vi } from 'vitest';
import { takePort } from './support/machine.ts';
import { post, toolCall } from './support/mcp.ts';
import { BOB, signInFlags, startIdp, tokenFor } from './support/people.ts';
import { useStage } from './support/stage.ts';
import { serverCommand, startThv } from './support/thv.ts';

const stage = useStage();

describe('a provider that is down at the start', () => {
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

    const early = await tokenFor(await startIdp(stage), { ...BOB, claims: { iss: issuer } });
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
