/** Real clients of both transports, before a real server of the transport of 2024-11-05. */

import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createSseUpstream, type Upstream } from '../src/index.ts';
import { createUndiciSseUpstream } from '../src/node/index.ts';
import { W } from './support/fakes.ts';
import { as, type Front, serveFront } from './support/front.ts';
import { type SdkSseServer, startSdkSseServer } from './support/sse-servers.ts';

const TRANSPORTS: readonly (readonly [string, (front: Front, name: string) => Transport])[] = [
  ['HTTP+SSE', ({ sse }, name) => new SSEClientTransport(sse, as(name))],
  [
    'streamable HTTP',
    ({ mcp }, name) => new StreamableHTTPClientTransport(mcp, as(name)) as Transport,
  ],
];

async function start(
  options: Parameters<typeof serveFront>[1] = {},
): Promise<{ readonly server: SdkSseServer; readonly front: Front }> {
  const server = await startSdkSseServer();
  onTestFinished(server.close);
  return { server, front: await serveFront(createUndiciSseUpstream({ url: server.url }), options) };
}

async function connect(transport: Transport): Promise<Client> {
  const client = new Client({ name: 'c', version: '1' }, { capabilities: { roots: {} } });
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///mine' }] }));
  await client.connect(transport);
  onTestFinished(() => client.close());
  return client;
}

const textOf = (result: unknown): string => JSON.stringify(result);

describe.each(TRANSPORTS)('a client of %s', (_, transportOf) => {
  it('calls tools, gets progress, and answers what the server asks', async () => {
    const { front } = await start();
    const client = await connect(transportOf(front, 'u'));
    const steps: number[] = [];
    expect(textOf(await client.callTool({ name: 'weather', arguments: { mark: 'm1' } }))).toContain(
      'weather m1',
    );
    expect(textOf(await client.callTool({ name: 'ask' }))).toContain('roots file:///mine');
    await client.callTool({ name: 'slow' }, undefined, {
      onprogress: ({ progress }) => void steps.push(progress),
    });
    expect(steps).toEqual([1, 2]);
  });

  it('sees and calls only what the policy permits', async () => {
    const { front, server } = await start({ authorize: W });
    const client = await connect(transportOf(front, 'u'));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['weather']);
    await expect(client.callTool({ name: 'admin_tool' })).rejects.toThrow(/403|Forbidden/);
    expect(server.calls).toEqual([]);
  });

  it('sees and calls tools by the names that the operator gave them', async () => {
    const override = { weather: { name: 'forecast' } };
    const { front, server } = await start({ tools: { override, only: ['forecast'] } });
    const client = await connect(transportOf(front, 'u'));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['forecast']);
    const answer = await client.callTool({ name: 'forecast', arguments: { mark: 'm1' } });
    expect(textOf(answer)).toContain('weather m1');
    const calls = [...server.calls];
    await expect(client.callTool({ name: 'weather' })).rejects.toThrow(/Unknown tool/);
    await expect(client.callTool({ name: 'admin_tool' })).rejects.toThrow(/Unknown tool/);
    expect(server.calls).toEqual(calls);
  });

  it('hears what the server says by itself', async () => {
    const { front, server } = await start();
    const client = await connect(transportOf(front, 'u'));
    const heard = vi.fn();
    client.fallbackNotificationHandler = async ({ method }) => heard(method);
    server.connections.at(-1)?.sendToolListChanged();
    await vi.waitFor(() => expect(heard).toHaveBeenCalledWith('notifications/tools/list_changed'));
  });

  it('never gets the answer of another client with the same ids', async () => {
    const { front, server } = await start();
    const marks = Array.from({ length: 6 }, (_item, index) => `mark-${index}`);
    await Promise.all(
      marks.map(async (mark) => {
        const client = await connect(transportOf(front, mark.replace('-', '')));
        const results = await Promise.all(
          [1, 2, 3].map((n) =>
            client.callTool({ name: 'weather', arguments: { mark: `${mark}/${n}` } }),
          ),
        );
        expect(results.map(textOf).map((text) => /mark-\d\/\d/.exec(text)?.[0])).toEqual(
          [1, 2, 3].map((n) => `${mark}/${n}`),
        );
      }),
    );
    expect(server.connections).toHaveLength(6);
  });

  it('leaves nothing open at the server when it goes', async () => {
    const { front, server } = await start();
    const client = await connect(transportOf(front, 'u'));
    const connection = server.connections.at(-1)!;
    const { transport } = client;
    if (transport instanceof StreamableHTTPClientTransport) await transport.terminateSession();
    await client.close();
    await vi.waitFor(() => expect(connection.isConnected()).toBe(false));
  });
});

describe('a server of the 2024 transport', () => {
  it('serves a client of the second SDK, which negotiates down', async () => {
    const { front } = await start({ authorize: W });
    const client = new ModernClient({ name: 'c', version: '1' });
    await client.connect(new ModernTransport(front.mcp, as('u')));
    onTestFinished(() => client.close());
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['weather']);
  });

  it('is not for clients that only speak 2026-07-28', async () => {
    const { front, server } = await start();
    const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
    const response = await front.fetch('/mcp', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/list',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/list',
        params: { _meta: meta },
      }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: -32022, data: { supported: expect.arrayContaining(['2025-11-25']) } },
    });
    expect(server.connections).toEqual([]);
  });

  it('is initialised anew when it comes back, and its client notices nothing', async () => {
    const { front, server } = await start();
    const client = await connect(TRANSPORTS[1]![1](front, 'u'));
    await client.callTool({ name: 'weather' });
    await server.close();
    const again = await startSdkSseServer(server.port);
    onTestFinished(again.close);
    expect(textOf(await client.callTool({ name: 'weather', arguments: { mark: 'x' } }))).toContain(
      'weather x',
    );
    expect(again.posted).toEqual(['initialize', 'notifications/initialized', 'tools/call']);
    expect(again.calls).toEqual(['weather']);
  });

  it('keeps the sessions of clients that call while it is down, however often', async () => {
    const server = await startSdkSseServer();
    onTestFinished(server.close);
    const front = await serveFront(createUndiciSseUpstream({ url: server.url, patience: 50 }));
    const client = await connect(TRANSPORTS[1]![1](front, 'u'));
    await server.close();
    for (let call = 0; call < 5; call += 1) {
      await expect(client.callTool({ name: 'weather' })).rejects.toThrow(/Upstream unavailable/);
    }
    const again = await startSdkSseServer(server.port);
    onTestFinished(again.close);
    expect(textOf(await client.callTool({ name: 'weather' }))).toContain('weather');
  });

  it.each<[string, (url: string) => Upstream]>([
    ['undici', (url) => createUndiciSseUpstream({ url })],
    ['fetch', (url) => createSseUpstream({ url })],
  ])('is ready when it opens a stream, over %s', async (_, create) => {
    const server = await startSdkSseServer();
    onTestFinished(server.close);
    const upstream = create(server.url);
    onTestFinished(() => upstream.close());
    await upstream.ready(new AbortController().signal);
    const wrong = create(server.url.replace('/sse', '/mcp'));
    onTestFinished(() => wrong.close());
    await expect(wrong.ready(new AbortController().signal)).rejects.toMatchObject({
      code: 'ERR_PROXY_UPSTREAM_ANSWER',
      message: expect.stringContaining('does it speak HTTP+SSE?'),
    });
  });
});
