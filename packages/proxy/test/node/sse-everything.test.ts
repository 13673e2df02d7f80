/** A server of the 2024 transport that nobody here wrote, in a process of its own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createUndiciSseUpstream } from '../../src/node/index.ts';
import { as, type Front, serveFront } from '../support/front.ts';
import { listenHttp } from '../support/sse-servers.ts';

const require = createRequire(import.meta.url);
const manifest = require.resolve('@modelcontextprotocol/server-everything/package.json');
const SERVER = join(dirname(manifest), 'dist', 'index.js');

let child: ChildProcess;
let url: string;

beforeAll(async () => {
  const probe = await listenHttp(() => undefined);
  await probe.close();
  url = `${probe.url}/sse`;
  child = spawn(process.execPath, [SERVER, 'sse'], {
    env: { PATH: process.env['PATH'], PORT: String(probe.port) },
    stdio: 'ignore',
  });
  await vi.waitFor(
    async () => {
      const leaving = new AbortController();
      expect((await fetch(url, { signal: leaving.signal })).status).toBe(200);
      leaving.abort();
    },
    { timeout: 20_000, interval: 100 },
  );
});
afterAll(async () => {
  const gone = once(child, 'exit');
  child.kill();
  await gone;
});

async function connect(transport: Transport): Promise<Client> {
  const client = new Client(
    { name: 'c', version: '1' },
    { capabilities: { sampling: {}, elicitation: {} } },
  );
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: 'm',
    role: 'assistant',
    content: { type: 'text', text: 'sampled here' },
  }));
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'decline' }));
  await client.connect(transport);
  onTestFinished(() => client.close());
  return client;
}

describe.each<[string, (front: Front) => Transport]>([
  ['HTTP+SSE', ({ sse }) => new SSEClientTransport(sse, as('u'))],
  ['streamable HTTP', ({ mcp }) => new StreamableHTTPClientTransport(mcp, as('u')) as Transport],
])('the everything server, for a client of %s', (_, transportOf) => {
  it('lists, calls, reads, samples, and reports progress', async () => {
    const front = await serveFront(createUndiciSseUpstream({ url }));
    const client = await connect(transportOf(front));
    const progress: number[] = [];
    const [tools, prompts, resources, templates, echo, sampled, operation] = await Promise.all([
      client.listTools(),
      client.listPrompts(),
      client.listResources(),
      client.listResourceTemplates(),
      client.callTool({ name: 'echo', arguments: { message: 'hello' } }),
      client.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'p' } }),
      client.callTool(
        { name: 'trigger-long-running-operation', arguments: { duration: 0.3, steps: 3 } },
        undefined,
        { onprogress: ({ progress: step }) => void progress.push(step) },
      ),
    ]);
    expect(tools.tools.length).toBeGreaterThan(5);
    expect(prompts.prompts.length).toBeGreaterThan(1);
    expect(resources.resources.length).toBeGreaterThan(1);
    expect(templates.resourceTemplates.length).toBeGreaterThan(0);
    expect(JSON.stringify(echo)).toContain('Echo: hello');
    expect(JSON.stringify(sampled)).toContain('sampled here');
    expect(JSON.stringify(operation)).toContain('Steps: 3');
    // The last step and the result may come together, which the client of the SDK does not report.
    expect(progress.slice(0, 2)).toEqual([1, 2]);
    const uri = resources.resources[0]?.uri ?? '';
    expect((await client.readResource({ uri })).contents).toHaveLength(1);
  });
});
