/** One stdio process serves many people at once, and nobody gets what belongs to another. */
import type { DevIdp } from '@thv/cli/dev-idp';
import { beforeAll, describe, expect, it } from 'vitest';
import { findProcesses } from './support/machine.ts';
import { openSession, post, toolCall } from './support/mcp.ts';
import { signInFlags, startIdp, tokenFor } from './support/people.ts';
import { useStage } from './support/stage.ts';
import { serverCommand, startThv, type Thv } from './support/thv.ts';

const stage = useStage();
const MARK = `many-clients-${crypto.randomUUID()}`;
const CLIENTS = Array.from({ length: 10 }, (_, index) => `user-${index}`);
let idp: DevIdp;
let thv: Thv;
const tokens = new Map<string, string>();

beforeAll(async () => {
  idp = await startIdp(stage);
  const server = serverCommand('raw-stdio-server.ts', MARK);
  thv = await startThv(stage, [...signInFlags(idp), '--name', 'raw', ...server]);
  for (const name of CLIENTS) tokens.set(name, await tokenFor(idp, { sub: name }));
});

/** Answered after a while; the first to ask is the last to be answered. */
const marked = (name: string, round: number, id: unknown) => {
  const ms = 200 - 20 * CLIENTS.indexOf(name) + 10 * round;
  return toolCall('delay', { ms, mark: `${name} round ${round}` }, id);
};

describe('ten clients at once over one stdio process', () => {
  it.each([
    ['numbers', [0, 1, 2, 3, 4]],
    ['texts', ['', 'a', '1', 'request', 'é']],
    ['numbers and texts that look alike', [1, '1', 2, '2', '01']],
  ])('get their own answers when all use the same ids: %s', async (_what, ids) => {
    const sessions = await Promise.all(
      CLIENTS.map(async (name) => [name, await openSession(thv.url, tokens.get(name))] as const),
    );
    expect(new Set(sessions.map(([, session]) => session.id)).size).toBe(CLIENTS.length);
    const calls = sessions.flatMap(([name, session]) =>
      ids.map(async (id, round) => {
        const { status, message } = await session.send(marked(name, round, id));
        const content = [{ type: 'text', text: `${name} round ${round}` }];
        expect([status, message]).toEqual([200, { jsonrpc: '2.0', id, result: { content } }]);
      }),
    );
    await Promise.all(calls);
  });

  it('get their own answers without sessions as well', async () => {
    const answers = await Promise.all(
      CLIENTS.map((name) => post(thv.url, marked(name, 0, 1), { token: tokens.get(name) })),
    );
    expect(answers.map(({ message }) => [message.id, message.result.content[0].text])).toEqual(
      CLIENTS.map((name) => [1, `${name} round 0`]),
    );
  });

  it('were served by one process all the time', async () => {
    const servers = (await findProcesses(MARK)).filter((pid) => pid !== thv.pid);
    expect(servers).toHaveLength(1);
  });
});
