/** Callers who ask, leave, and ask again: what nobody waits for any more must not fill the memory. */

import { expect, it, onTestFinished } from 'vitest';
import type { Upstream } from '../../src/index.ts';
import { createUndiciSseUpstream } from '../../src/node/index.ts';
import { createStdioUpstream } from '../../src/node/stdio-upstream.ts';
import { LINE_SERVER } from '../node/stdio-harness.ts';
import { type Front, serveFront } from '../support/front.ts';
import { heldAfterCollection, MIB } from '../support/held.ts';
import { answer, startScriptedServer } from '../support/sse-servers.ts';

const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

async function begin(upstream: Upstream): Promise<{ front: Front; session: string }> {
  const front = await serveFront(upstream);
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'c', version: '1' },
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
  const response = await front.fetch('/mcp', { method: 'POST', headers: HEADERS, body });
  await response.text();
  return { front, session: response.headers.get('mcp-session-id') ?? '' };
}

const hang = (id: number, pad: string): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"hang","_meta":{"progressToken":"token-of-call-${id}"},"arguments":{"pad":"${pad}"}}}`;

/** Calls a tool that never answers, and leaves once the server has the call. */
async function leave(front: Front, session: string, body: string): Promise<void> {
  const leaving = new AbortController();
  const headers = { ...HEADERS, 'mcp-session-id': session };
  const asked = front.fetch('/mcp', { method: 'POST', headers, body, signal: leaving.signal });
  setTimeout(() => leaving.abort(), 40);
  await asked.then(
    () => expect.fail('it was answered'),
    () => undefined,
  );
}

async function startLegacy(): Promise<Upstream> {
  const server = await startScriptedServer({
    onPost(body, stream) {
      // It runs in this process, and keeps what it was sent.
      server.posts.length = 0;
      return body.includes('"hang"') ? 202 : answer(body, stream);
    },
  });
  onTestFinished(server.close);
  return createUndiciSseUpstream({ url: server.url, keepAlive: 50 });
}

const UPSTREAMS: readonly (readonly [string, () => Promise<Upstream>])[] = [
  ['a server of the 2024 transport', startLegacy],
  [
    'a process',
    async () =>
      createStdioUpstream({
        ...{ command: process.execPath, args: [LINE_SERVER], env: {} },
        ...{ log: () => undefined, keepAlive: 50 },
      }),
  ],
  [
    'a process of its own',
    async () =>
      createStdioUpstream({
        ...{ command: process.execPath, args: [LINE_SERVER], env: {}, isolation: 'session' },
        ...{ log: () => undefined, keepAlive: 50 },
      }),
  ],
];

it.each(UPSTREAMS)('large calls of %s', async (_name, start) => {
  const { front, session } = await begin(await start());
  const pad = 'x'.repeat(MIB / 2);
  await leave(front, session, hang(1, pad));
  const before = await heldAfterCollection();
  for (let id = 2; id < 42; id += 1) await leave(front, session, hang(id, pad));
  const after = await heldAfterCollection();
  // Forty of them are 20 MiB of text, and three times as much with what is read of it.
  expect((after - before) / MIB).toBeLessThan(10);
});

it.each(UPSTREAMS)(
  'calls with many members of %s whose answers have begun',
  async (_name, start) => {
    const { front, session } = await begin(await start());
    const ask = async (id: number): Promise<void> => {
      const headers = { ...HEADERS, 'mcp-session-id': session };
      const body = hang(id, '').replace('"pad":""', `"pad":[${Array(20_000).fill('{}')}]`);
      const { status } = await front.fetch('/mcp', { method: 'POST', headers, body });
      expect(status).toBe(200);
    };
    await ask(1);
    const before = await heldAfterCollection();
    for (let id = 2; id < 42; id += 1) await ask(id);
    // One MiB is read of each of them, and the client in this process holds what it has sent.
    expect(((await heldAfterCollection()) - before) / MIB).toBeLessThan(15);
  },
);
