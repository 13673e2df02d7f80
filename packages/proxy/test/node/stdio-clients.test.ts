/** Real clients through the whole proxy, over a real stdio server. */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Identity } from '@thv/oidc';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createProxy } from '../../src/create-proxy.ts';
import { listen } from '../../src/node/serve.ts';
import { startRig } from './stdio-harness.ts';

const require = createRequire(import.meta.url);
const manifest = require.resolve('@modelcontextprotocol/server-everything/package.json');
const SERVER = join(dirname(manifest), 'dist', 'index.js');

/** Serves the everything server; the bearer token is the caller's name. */
async function serve(isolation: 'shared' | 'session'): Promise<URL> {
  const { upstream } = startRig([], { args: [SERVER, 'stdio'], isolation });
  const listener = await listen({ host: '127.0.0.1', port: 0 });
  const proxy = createProxy({
    upstream,
    authorize: 'anything-authenticated',
    origins: { loopbackPort: listener.port },
    authenticate: {
      verify: async (request) => {
        const subject = request.headers.get('authorization')?.slice('Bearer '.length);
        // The proxy reads issuer, subject and expiry only.
        return {
          issuer: 'https://id.example',
          subject,
          claims: {},
          scopes: [],
        } as unknown as Identity;
      },
      toResponse: () => new Response(null, { status: 401 }),
    },
  });
  listener.answer(proxy.fetch);
  onTestFinished(() => listener.close(100));
  return new URL(`http://127.0.0.1:${listener.port}/mcp`);
}

function transportOptions(name: string) {
  return { requestInit: { headers: { authorization: `Bearer ${name}` } } };
}

describe('clients of the 2025 era', () => {
  it('share one process, and each hears its own answers and progress', async () => {
    const url = await serve('shared');
    await Promise.all(
      Array.from({ length: 5 }, async (_, index) => {
        const client = new Client({ name: `client-${index}`, version: '1' });
        await client.connect(new StreamableHTTPClientTransport(url, transportOptions(`c${index}`)));
        const progress: number[] = [];
        const [echo, operation] = await Promise.all([
          client.callTool({ name: 'echo', arguments: { message: `from ${index}` } }),
          client.callTool(
            {
              name: 'trigger-long-running-operation',
              arguments: { duration: 0.3, steps: index + 1 },
            },
            undefined,
            { onprogress: ({ progress: step }) => void progress.push(step) },
          ),
        ]);
        expect(JSON.stringify(echo)).toContain(`Echo: from ${index}`);
        expect(JSON.stringify(operation)).toContain(`Steps: ${index + 1}`);
        expect(progress).toEqual(Array.from({ length: index + 1 }, (_step, step) => step + 1));
        await client.close();
      }),
    );
  });

  it('can be asked by a process of their own', async () => {
    const url = await serve('session');
    const client = new Client({ name: 'c', version: '1' }, { capabilities: { sampling: {} } });
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      model: 'm',
      role: 'assistant',
      content: { type: 'text', text: 'sampled by the client' },
    }));
    await client.connect(new StreamableHTTPClientTransport(url, transportOptions('ada')));
    const answer = await client.callTool({
      name: 'trigger-sampling-request',
      arguments: { prompt: 'hi', maxTokens: 5 },
    });
    expect(JSON.stringify(answer)).toContain('sampled by the client');
    await client.close();
  });
});

describe('clients that know the 2026 era', () => {
  it.each(['shared', 'session'] as const)('find a version in common (%s)', async (isolation) => {
    const url = await serve(isolation);
    const client = new ModernClient(
      { name: 'modern', version: '1' },
      { versionNegotiation: { mode: 'auto' } },
    );
    await client.connect(new ModernTransport(url, transportOptions('ada')));
    const answer = await client.callTool({ name: 'echo', arguments: { message: 'hello' } });
    expect(JSON.stringify(answer)).toContain('Echo: hello');
    await client.close();
  });
});
