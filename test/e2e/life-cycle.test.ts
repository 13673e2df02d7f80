/** How everything ends: at once, in order, and without leaving anything behind. */
import type { DevIdp } from '@thv/cli/dev-idp';
import { beforeAll, describe, expect, it } from 'vitest';
import { startGuideServer } from '../fixtures/spawn-fixture.ts';
import { connectClient, type Generation } from './support/clients.ts';
import { findProcesses } from './support/machine.ts';
import { openSession } from './support/mcp.ts';
import { BOB, signInFlags, startIdp, tokenFor } from './support/people.ts';
import { useStage } from './support/stage.ts';
import { serverCommand, spawnThv, startThv } from './support/thv.ts';

const stage = useStage();
let idp: DevIdp;

beforeAll(async () => {
  idp = await startIdp(stage);
});

const newMark = () => `life-cycle-${crypto.randomUUID()}`;

async function startRaw(mark: string) {
  const server = serverCommand('raw-stdio-server.ts', mark);
  return startThv(stage, [...signInFlags(idp), '--name', 'raw', ...server]);
}

/** Long before the 30 seconds that requests in flight would get. */
const SOON = 5_000;

describe('SIGTERM', () => {
  it('ends the command with exit code 0, and its server process', async () => {
    const mark = newMark();
    const thv = await startRaw(mark);
    expect((await findProcesses(mark)).length).toBe(2);
    const { code, err } = await thv.stop('SIGTERM');
    expect(code).toBe(0);
    expect(err).toMatch(/thv: stopping\n$/);
    expect(await findProcesses(mark)).toEqual([]);
    await expect(fetch(thv.url)).rejects.toThrow();
  });

  it('lets a call in flight finish', async () => {
    const thv = await startRaw(newMark());
    const token = await tokenFor(idp, BOB);
    const session = await openSession(thv.url, token);
    const slow = session.call('delay', { ms: 700, mark: 'finished' });
    // Answered behind the slow call, which has therefore arrived.
    await session.call('delay', { ms: 1, mark: 'first' });
    const ended = thv.stop('SIGTERM');
    await thv.until('err', /stopping/);
    expect(await slow).toEqual([200, 'finished']);
    expect((await ended).code).toBe(0);
  });

  it.each<[string, 'stdio' | 'http', Generation]>([
    ['a stdio server', 'stdio', '1.x'],
    ['a stdio server', 'stdio', '2.x'],
    ['an HTTP server', 'http', '1.x'],
    ['an HTTP server', 'http', '2.x'],
  ])(
    'does not wait for streams that clients hold open over %s (%s, %s)',
    async (_, kind, generation) => {
      const guide = kind === 'http' ? await startGuideServer() : undefined;
      if (guide !== undefined) stage.defer(() => guide.stop());
      const server =
        guide === undefined
          ? ['--name', 'guide', ...serverCommand('guide-server.ts')]
          : [guide.url];
      const thv = await startThv(stage, [...signInFlags(idp), ...server]);
      const client = await connectClient(generation, thv.url, await tokenFor(idp, BOB));
      await client.listTools();
      const start = performance.now();
      const { code } = await thv.stop('SIGTERM');
      expect(code).toBe(0);
      expect(performance.now() - start).toBeLessThan(SOON);
      // The client may find its server gone already.
      await client.close().catch(() => undefined);
    },
  );

  it('ends the development provider as well', async () => {
    const provider = spawnThv(stage, ['dev', 'idp', '--format', 'json']);
    const { issuer } = JSON.parse(await provider.until('out', /\}\n$/)) as { issuer: string };
    expect((await fetch(`${issuer}/.well-known/openid-configuration`)).status).toBe(200);
    expect((await provider.stop('SIGTERM')).code).toBe(0);
  });
});
