/** A stdio server that is killed again and again. */

import { createInterface } from 'node:readline';
import { answer, CHANGED, type Incoming } from './mcp.ts';

const write = (text: string): void => void process.stdout.write(`${text}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line) as Incoming; // The bridge writes nothing but messages.
  if (message.id === undefined) continue;
  void answer(message).then((result) =>
    write(JSON.stringify({ jsonrpc: '2.0', id: message.id, result })),
  );
  if (Math.random() < 0.01) write(CHANGED);
}
