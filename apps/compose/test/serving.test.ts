/** What timeouts, sessions and processes come to, with a real process behind. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { composeServer } from '../src/compose-server.ts';
import type { ProtectedServerConfig, UpstreamConfig } from '../src/config.ts';
import type { ServingConfig } from '../src/serving-config.ts';
import { openWatchers } from '../src/watchers.ts';

/** Answers everything but `slow` with its process id. */
const SCRIPT = `
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined || (params && params.name === 'slow')) return;
  const hello = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 's', version: '1' } };
  const result = method === 'initialize' ? hello : { pid: process.pid };
  console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
});`;
const PROCESS: UpstreamConfig = {
  kind: 'stdio',
  command: process.execPath,
  args: ['-e', SCRIPT],
  env: {},
};

async function start(serving: ServingConfig, upstream: UpstreamConfig = PROCESS) {
  const log = (): void => undefined;
  const config: ProtectedServerConfig = {
    name: 'pids',
    listen: { host: '127.0.0.1', port: 0 },
    signIn: { kind: 'local-user', subject: 'ann' },
    ...{ upstream, serving, log },
  };
  const server = await composeServer(config, () => 8080, { watchers: await openWatchers({}, log) });
  onTestFinished(() => server.close());
  const send = (method: string, params: object, session?: string, verb = 'POST') =>
    server.proxy.fetch(
      new Request('http://127.0.0.1:8080/mcp', {
        method: verb,
        headers: {
          host: '127.0.0.1:8080',
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
          ...(session !== undefined && { 'mcp-session-id': session }),
        },
        ...(verb === 'POST' && {
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
        }),
      }),
    );
  const begin = async () => {
    const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: {} };
    const response = await send('initialize', hello);
    await response.text();
    return response.headers.get('mcp-session-id') ?? '';
  };
  const pid = async (session: string): Promise<number> => {
    const response = await send('tools/call', { name: 'pid' }, session);
    return (await response.json()).result.pid;
  };
  return { send, begin, pid };
}

describe('settings of a server', () => {
  it('keep sessions in processes of their own, or in one', async () => {
    const alone = await start({ isolation: 'session' });
    expect(await alone.pid(await alone.begin())).not.toBe(await alone.pid(await alone.begin()));
    const together = await start({});
    expect(await together.pid(await together.begin())).toBe(
      await together.pid(await together.begin()),
    );
  });

  it('end a request of which nothing is heard', async () => {
    const { send, begin } = await start({ requestTimeout: 50 });
    const response = await send('tools/call', { name: 'slow' }, await begin());
    expect(response.status).toBe(504);
  });

  it('end a session that nobody uses', async () => {
    const { send, begin } = await start({ sessionTtl: 1 });
    const session = await begin();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await send('tools/call', { name: 'pid' }, session)).status).toBe(404);
  });

  it('keep GET and DELETE from a server that knows only POST', async () => {
    const { send } = await start(
      { stateless: true },
      { kind: 'http', url: 'http://127.0.0.1:1/mcp' },
    );
    for (const verb of ['GET', 'DELETE']) {
      const response = await send('', {}, undefined, verb);
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
    }
    // It gets as far as the server, which is not there.
    expect((await send('ping', {})).status).toBe(502);
  });

  it('that would do nothing are an error', async () => {
    await expect(start({ stateless: true })).rejects.toThrow('"stateless" means nothing');
  });

  it('are judged by what a host stands for', async () => {
    const host = { start: async () => undefined, close: async () => undefined };
    const url: UpstreamConfig = {
      ...{ kind: 'hosted', host },
      upstream: { kind: 'http', url: 'http://127.0.0.1:1/mcp' },
    };
    const { send } = await start({ stateless: true }, url);
    expect((await send('', {}, undefined, 'GET')).status).toBe(405);
    await expect(start({ isolation: 'session' }, url)).rejects.toThrow('a URL has no process');
  });
});
