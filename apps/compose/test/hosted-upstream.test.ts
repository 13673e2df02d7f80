/** A server that is still being started when it is told to stop. */
import { once } from 'node:events';
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { ServerHost } from '../src/config.ts';
import { startProtectedServer } from '../src/start-protected-server.ts';

const INITIALIZE = JSON.stringify({
  ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
  params: {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'c', version: '1' },
  },
});

/** Would download for ever. */
function downloading() {
  const begun = Promise.withResolvers<void>();
  const done: string[] = [];
  const host: ServerHost = {
    async start(_reports, signal) {
      begun.resolve();
      await once(signal, 'abort');
      done.push('stopped');
      throw new Error('stopped');
    },
    close: async () => void done.push('closed'),
  };
  return { host, begun: begun.promise, done };
}

describe('closing a server whose host is still being started', () => {
  it('ends the start at once, and answers those who wait for it', async () => {
    const { host, begun, done } = downloading();
    const server = await startProtectedServer({
      name: 'x',
      listen: { host: '127.0.0.1', port: 0 },
      upstream: {
        ...{ kind: 'hosted', host },
        upstream: { kind: 'http', url: 'http://127.0.0.1:1/mcp' },
      },
      signIn: { kind: 'local-user', subject: 'ann' },
      log: () => undefined,
    });
    await begun;
    const waiting = request(server.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
    });
    const answered = once(waiting, 'response');
    waiting.end(INITIALIZE);
    await once(waiting, 'finish');
    // It has arrived before what comes later on another connection is answered.
    await fetch(new URL('/healthz', server.url));
    await server.close();
    expect(done).toEqual(['stopped', 'closed']);
    const [answer] = await answered;
    expect(answer.statusCode).toBe(502);
    await expect(server.ready).rejects.toThrow('the server is being stopped');
  });
});
