/** A stub MCP server whose streams say every second when they said it. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const EVERY = 1000;

const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(': open\n\n');
  let number = 0;
  const say = (): void => {
    number += 1;
    const data = { number, at: performance.timeOrigin + performance.now() };
    const message = {
      jsonrpc: '2.0',
      method: 'notifications/message',
      params: { level: 'info', data },
    };
    response.write(`data: ${JSON.stringify(message)}\n\n`);
  };
  // Streams are opened at once; their events are not to come at once.
  let timer = setTimeout(() => {
    say();
    timer = setInterval(say, EVERY);
  }, Math.random() * EVERY);
  response.on('close', () => {
    clearTimeout(timer);
    clearInterval(timer);
  });
});
server.listen(0, '127.0.0.1', 4096, () => {
  const { port } = server.address() as AddressInfo; // A bound TCP server has one.
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}/mcp` })}\n`);
});
