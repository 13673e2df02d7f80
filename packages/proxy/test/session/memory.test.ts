/** What a session holds on to while it goes on: not the messages that have passed. */

import { expect, it } from 'vitest';
import { readStrictJson } from '../../src/mcp/strict-json.ts';
import { fakeUpstream, harness } from '../support/fakes.ts';
import { heldAfterCollection, MIB } from '../support/held.ts';

it.each([
  // Long enough to be kept as a part of the text they stand in.
  ['text', (number: number) => `"a-rather-long-request-id-${number}"`],
  ['numbers', (number: number) => `12345678901234567890${number}`],
])('keeps ids that are %s and not the messages, of which they are a part', async (_name, idOf) => {
  const upstream = fakeUpstream(
    (message) =>
      new Response(`data: {"jsonrpc":"2.0","id":${message!.id!.text},"result":{}}\n\n`, {
        headers: { 'content-type': 'text/event-stream' },
      }),
  );
  const { send } = harness({ upstream });
  const ask = async (number: number) => {
    const id = idOf(number);
    const padding = 'x'.repeat(MIB);
    const response = await send(
      `{"jsonrpc":"2.0","id":${id},"method":"ping","params":{"padding":"${padding}"}}`,
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

it('keeps members of a message with odd keys, such as a URI that is subscribed to, and not the message', async () => {
  const uriOf = (number: number): unknown => {
    const padding = 'x'.repeat(MIB);
    const read = readStrictJson(
      `{"uri":"file:///a/rather/long/path/${number}","\\u00e9":"${padding}"}`,
    );
    return read.ok ? (read.json.value as { readonly uri: string }).uri : undefined;
  };
  const before = await heldAfterCollection();
  const kept = new Set(Array.from({ length: 40 }, (_, number) => uriOf(number)));
  const after = await heldAfterCollection();
  expect(kept.size).toBe(40);
  expect((after - before) / MIB).toBeLessThan(8);
});
