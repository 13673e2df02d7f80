/** A server is restarted under a running client, and the client goes on. */

import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createRecoveringUpstream, type RecoveryOptions } from '../src/index.ts';
import { createUndiciUpstream } from '../src/node/index.ts';
import { as, type Front, serveFront } from './support/front.ts';
import { type StreamableServer, startStreamableServer } from './support/streamable-server.ts';

async function start(
  unknown: 400 | 404 = 404,
  options: RecoveryOptions = {},
): Promise<{ readonly server: StreamableServer; readonly front: Front }> {
  const server = await startStreamableServer(0, unknown);
  onTestFinished(server.close);
  const upstream = createRecoveringUpstream(createUndiciUpstream({ url: server.url }), options);
  return { server, front: await serveFront(upstream) };
}

async function restart(server: StreamableServer, unknown: 400 | 404 = 404) {
  await server.close();
  const again = await startStreamableServer(server.port, unknown);
  onTestFinished(again.close);
  return again;
}

async function connect(front: Front): Promise<Client> {
  const client = new Client({ name: 'c', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(front.mcp, as('u')) as Transport);
  onTestFinished(() => client.close());
  return client;
}

const sessionOf = (client: Client): string | undefined => client.transport?.sessionId;

describe('a client of a server that is restarted', () => {
  it.each([404, 400] as const)('goes on when unknown sessions get %i', async (unknown) => {
    const renewed = vi.fn();
    const { server, front } = await start(unknown, { onRenewed: renewed });
    const client = await connect(front);
    const before = sessionOf(client);
    await client.callTool({ name: 'weather' });
    const again = await restart(server, unknown);
    const results = await Promise.all([
      client.callTool({ name: 'weather' }),
      client.listTools(),
      client.ping(),
    ]);
    expect(JSON.stringify(results)).toContain('sunny');
    expect(again.done).toEqual(['weather']);
    // One session for all three, although each of them found out by itself.
    expect(again.sessions.size).toBe(1);
    expect(renewed).toHaveBeenCalledTimes(1);
    expect(sessionOf(client)).toBe(before);
    expect([...again.sessions.keys()]).not.toContain(before);
    await client.callTool({ name: 'weather' });
    expect(again.sessions.size).toBe(1);
  });

  it('of the second SDK goes on as well', async () => {
    const { server, front } = await start();
    const client = new ModernClient({ name: 'c', version: '1' });
    await client.connect(new ModernTransport(front.mcp, as('u')));
    onTestFinished(() => client.close());
    const again = await restart(server);
    expect(JSON.stringify(await client.callTool({ name: 'weather' }))).toContain('sunny');
    expect(again.done).toEqual(['weather']);
  });

  it('keeps its subscriptions and its log level', async () => {
    const { server, front } = await start();
    const client = await connect(front);
    await client.subscribeResource({ uri: 'file:///r' });
    await client.subscribeResource({ uri: 'file:///gone' });
    await client.unsubscribeResource({ uri: 'file:///gone' }).catch(() => undefined);
    await client.setLoggingLevel('warning');
    const again = await restart(server);
    await client.ping();
    expect(again.done).toEqual(['subscribe file:///r']);
    expect(again.posted).toContain('logging/setLevel');
  });

  it('opens its stream again, and hears the new server on it', async () => {
    const { server, front } = await start();
    const client = await connect(front);
    const heard = vi.fn();
    client.fallbackNotificationHandler = async ({ method }) => heard(method);
    const again = await restart(server);
    // The client comes back by itself; whoever it finds, it hears.
    await vi.waitFor(
      async () => {
        again.servers.at(-1)?.sendToolListChanged();
        expect(heard).toHaveBeenCalledWith('notifications/tools/list_changed');
      },
      { timeout: 15_000, interval: 100 },
    );
  });

  it('waits for a server that is away for a moment', async () => {
    const { server, front } = await start(404, { patience: 20_000 });
    const client = await connect(front);
    await server.close();
    const call = client.callTool({ name: 'weather' });
    // It is refused before there is a server again.
    await expect(Promise.race([call, fetch(server.url)])).rejects.toThrow();
    const again = await startStreamableServer(server.port);
    onTestFinished(again.close);
    expect(JSON.stringify(await call)).toContain('sunny');
    expect(again.done).toEqual(['weather']);
  });

  it('is told at once of an outage that has lasted, and served again when it is over', async () => {
    const { server, front } = await start(404, { patience: 1 });
    const client = await connect(front);
    await server.close();
    await expect(client.ping()).rejects.toThrow('Upstream unavailable');
    await expect(client.ping()).rejects.toThrow('Upstream unavailable');
    const again = await startStreamableServer(server.port);
    onTestFinished(again.close);
    await client.ping();
    expect(again.sessions.size).toBe(1);
  });

  it('can end a session that the server has forgotten', async () => {
    const { server, front } = await start();
    const client = await connect(front);
    await restart(server);
    await (client.transport as StreamableHTTPClientTransport).terminateSession();
    expect(sessionOf(client)).toBeUndefined();
  });

  it('begins anew by itself when this replica does not know how its session began', async () => {
    const { server, front } = await start();
    const client = await connect(front);
    const headers = { 'mcp-session-id': sessionOf(client) ?? '' };
    const other = createRecoveringUpstream(createUndiciUpstream({ url: server.url }));
    const replica = await serveFront(other, {
      sessions: {
        ownerOf: async () => ({ issuer: 'https://idp.test', subject: 'u' }),
        remember: async () => undefined,
        forget: async () => undefined,
      },
    });
    const ping = (): Promise<Response> =>
      replica.fetch('/mcp', {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: '{"jsonrpc":"2.0","id":9,"method":"ping"}',
      });
    expect((await ping()).status).toBe(200);
    const again = await restart(server);
    expect((await ping()).status).toBe(404);
    expect(again.posted).toEqual(['ping']);
  });
});
