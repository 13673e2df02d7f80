/** A server that ends connections which nobody uses, as all of them do after a while. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { buildMessage } from '../../src/mcp/message.ts';
import { createUndiciUpstream } from '../../src/node/index.ts';
import { identity } from '../support/fakes.ts';

/** In a thread of its own, so that it acts while the proxy is busy. */
const SERVER = `
const { parentPort } = require('node:worker_threads');
const body = '{"jsonrpc":"2.0","id":1,"result":{}}';
const server = require('node:net').createServer((socket) => {
  let timer;
  socket.on('error', () => undefined);
  socket.on('data', () => {
    clearTimeout(timer);
    parentPort.postMessage('called');
    socket.write('HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: ' + body.length + '\\r\\n\\r\\n' + body);
    timer = setTimeout(() => socket.end(), 10);
  });
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

it('loses no call that is made before the proxy has seen the end of the connection', async () => {
  const worker = new Worker(SERVER, { eval: true });
  onTestFinished(async () => void (await worker.terminate()));
  const [port] = (await once(worker, 'message')) as [number];
  let calls = 0;
  worker.on('message', () => {
    calls += 1;
  });
  const upstream = createUndiciUpstream({ url: `http://127.0.0.1:${port}/mcp` });
  onTestFinished(() => upstream.close());
  const call = () =>
    upstream.handle(buildMessage({ jsonrpc: '2.0', id: 1, method: 'tools/call' }, '2025'), {
      identity: identity(),
      sessionId: undefined,
      headers: new Headers(),
      signal: new AbortController().signal,
    });
  for (let round = 0; round < 4; round += 1) {
    expect((await call()).status).toBe(200);
    // The connection is idle now; then busy, while the server ends it.
    for (let turn = 0; turn < 5; turn += 1) await new Promise((done) => setImmediate(done));
    const busySince = performance.now();
    while (performance.now() - busySince < 60);
  }
  await expect.poll(() => calls).toBe(4);
});
