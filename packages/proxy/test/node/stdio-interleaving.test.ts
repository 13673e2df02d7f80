/** Many clients at random, from a printed seed: every answer belongs to whom it reaches. */

import { describe, expect, it } from 'vitest';
import {
  allEvents,
  BOTH,
  beginSession,
  contextOf,
  deed,
  isAlive,
  jsonOf,
  notification,
  startRig,
} from './stdio-harness.ts';

const seed = Number(process.env['THV_TEST_SEED'] ?? Date.now() % 1_000_000);

/** A small deterministic generator (mulberry32); enough to shuffle a test. */
function createRandom(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return Math.floor((((value ^ (value >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

const IDS = ['0', '1', '"1"', '""', '9007199254740993', '9007199254740992'];

describe(`random interleaving (THV_TEST_SEED=${seed})`, () => {
  it('never gives anybody the answer or the progress of somebody else', async () => {
    const random = createRandom(seed);
    const { upstream, events } = startRig();
    const clients = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const subject = `client-${index}`;
        const sessionId = index < 6 ? await beginSession(upstream, { subject }) : undefined;
        return { subject, sessionId };
      }),
    );
    let serial = 0;

    async function act(client: (typeof clients)[number]): Promise<void> {
      serial += 1;
      const mark = `${client.subject}#${serial}`;
      const id = IDS[random(IDS.length)] ?? '0';
      const ms = random(25);
      switch (random(4)) {
        case 0: {
          const response = await upstream.handle(
            deed('delay', { ms, mark }, { id }),
            contextOf(client),
          );
          const body = await response.text();
          expect(body).toContain(`"id":${id},`);
          // A cancellation of the same id by the same client may have struck it.
          if (!body.includes('Request cancelled'))
            expect(JSON.parse(body).result).toEqual({ mark });
          return;
        }
        case 1: {
          const token = IDS[random(IDS.length)] ?? '0';
          const call = deed('progress', { steps: 3, ms: 1 + random(8), mark }, { id, token });
          const received = await allEvents(
            await upstream.handle(call, contextOf({ ...client, accept: BOTH })).then((response) =>
              // Cancelled before any progress: the answer is plain JSON.
              response.headers.get('content-type') === 'application/json'
                ? new Response('', { headers: { 'content-type': 'text/event-stream' } })
                : response,
            ),
          );
          for (const event of received.slice(0, -1)) {
            expect(event).toContain(`"progressToken":${token},`);
            expect(JSON.parse(event).params.message).toBe(mark);
          }
          return;
        }
        case 2: {
          const { signal, abort } = createAbort();
          const call = upstream.handle(
            deed('delay', { ms, mark }, { id }),
            contextOf({ ...client, signal }),
          );
          abort();
          await call;
          return;
        }
        default: {
          const cancel = notification('notifications/cancelled', `{"requestId":${id}}`);
          expect((await upstream.handle(cancel, contextOf(client))).status).toBe(202);
        }
      }
    }

    await Promise.all(
      clients.map(async (client) => {
        for (let step = 0; step < 40; step += 1) {
          await Promise.all(Array.from({ length: 1 + random(4) }, () => act(client)));
        }
      }),
    );
    const { result } = await jsonOf(await upstream.handle(deed('echo'), contextOf()));
    expect(isAlive(result.pid)).toBe(true);
    expect(events.filter(({ type }) => type === 'line-skipped')).toEqual([]);
  });
});

function createAbort(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
