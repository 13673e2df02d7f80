/** What a stream holds while it is open: not the request that it answers. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { createHttpUpstream, createRecoveringUpstream } from '../../src/index.ts';
import { createUndiciUpstream } from '../../src/node/index.ts';
import { serveFront } from '../support/front.ts';
import { heldAfterCollection, MIB } from '../support/held.ts';
import { listenHttp } from '../support/sse-servers.ts';

const STREAMS = 40;
const open: Socket[] = [];

afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

/** A server that begins to answer everything, and never ends. */
async function startServer(): Promise<string> {
  const server = await listenHttp((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': hello\n\n');
    });
  });
  onTestFinished(server.close);
  return server.url;
}

/** Sends a request of one MiB, and keeps nothing of it but the connection. */
async function ask({ host, port }: URL): Promise<void> {
  const socket = connect(Number(port), '127.0.0.1');
  open.push(socket);
  const padding = 'x'.repeat(MIB);
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather","arguments":{"padding":"${padding}"}}}`;
  const head = [
    'POST /mcp HTTP/1.1',
    `host: ${host}`,
    'authorization: Bearer u',
    'content-type: application/json',
    'accept: application/json, text/event-stream',
    `content-length: ${body.length}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toContain('HTTP/1.1 200');
}

it.each([
  ['undici', createUndiciUpstream, 0.3],
  // The platform's own keeps what it sends, twice.
  ['fetch', createHttpUpstream, 2.3],
])('an open answer does not hold the request (%s)', async (_name, createUpstream, most) => {
  const upstream = createRecoveringUpstream(createUpstream({ url: await startServer() }));
  const { mcp } = await serveFront(upstream, {}, true);
  await ask(mcp);
  const before = await heldAfterCollection();
  for (let number = 1; number <= STREAMS; number += 1) await ask(mcp);
  const after = await heldAfterCollection();
  expect((after - before) / MIB / STREAMS).toBeLessThan(most);
});
