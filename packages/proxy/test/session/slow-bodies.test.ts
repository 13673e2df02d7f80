/** What a body holds while it arrives: its bytes, however it is cut. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { fakeUpstream, jsonResult } from '../support/fakes.ts';
import { serveFront } from '../support/front.ts';
import { heldAfterCollection, MIB } from '../support/held.ts';

const CHUNKS = 200_000;

it('a body in chunks of one byte takes no more than its bytes', async () => {
  const upstream = fakeUpstream((message) =>
    jsonResult(message!.id!.text, message!.raw.byteLength),
  );
  const front = await serveFront(upstream, {}, true);
  const { host, port } = front.mcp;
  const socket = connect(Number(port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const head = [
    'POST /mcp HTTP/1.1',
    `host: ${host}`,
    'authorization: Bearer u',
    'content-type: application/json',
    'transfer-encoding: chunked',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  const before = await heldAfterCollection();
  const spaces = '1\r\n \r\n'.repeat(1000);
  for (let sent = 0; sent < CHUNKS; sent += 1000) {
    if (!socket.write(spaces)) await once(socket, 'drain');
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  const held = async () => ((await heldAfterCollection()) - before) / MIB;
  // On a busy machine the proxy is behind; what it keeps in the end is what counts.
  await expect.poll(held, { timeout: 10_000 }).toBeLessThan(4);
  socket.write(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toContain(`"result":${CHUNKS + body.length}`);
});
