/** What a session holds on to while it goes on: not the messages that have passed. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { fakeUpstream, harness } from '../support/fakes.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void; // V8's own, there since the line before.

const MIB = 2 ** 20;

/** Large texts lie outside of the heap, and are freed a turn later. */
async function heldAfterCollection(): Promise<number> {
  for (let times = 0; times < 3; times += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

it('keeps the ids of requests and not their texts, of which they are a part', async () => {
  const upstream = fakeUpstream(
    (message) =>
      new Response(`data: {"jsonrpc":"2.0","id":${message!.id!.text},"result":{}}\n\n`, {
        headers: { 'content-type': 'text/event-stream' },
      }),
  );
  const { send } = harness({ upstream });
  const ask = async (number: number) => {
    // Long enough to be kept as a part of the text it stands in.
    const id = `a-rather-long-request-id-${number}`;
    const padding = 'x'.repeat(MIB);
    const response = await send(
      JSON.stringify({ jsonrpc: '2.0', id, method: 'ping', params: { padding } }),
    );
    expect(await response.text()).toContain(id);
    upstream.forwarded.length = 0;
  };
  await ask(0);
  const before = await heldAfterCollection();
  for (let number = 1; number <= 40; number += 1) await ask(number);
  const after = await heldAfterCollection();
  expect((after - before) / MIB).toBeLessThan(8);
});
