/** The servers of the matrix on SDK 1.x, with sessions and without. */
import { randomUUID } from 'node:crypto';
import { completable } from '@modelcontextprotocol/sdk/server/completable.js';
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CreateMessageResultSchema,
  ElicitResultSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import { createEventStore } from '../../conformance/event-store.ts';
import { type MatrixServer, NAMES, OWN, STEP } from '../surface.ts';
import { hostSessions, hostStateless } from './session-host.ts';

export function createOne(form: 'sessions' | 'stateless'): MatrixServer {
  const counts = { cancelled: 0 };
  const connect = async (transport: WebStandardStreamableHTTPServerTransport) => {
    // Safe: it is one; only optional members are stricter under exactOptionalPropertyTypes.
    await createServer(counts, ASK_TIMEOUT[form]).connect(transport as Transport);
    return transport;
  };
  return {
    surface: OWN,
    cancelled: () => counts.cancelled,
    fetch:
      form === 'stateless'
        ? hostStateless(() => connect(new WebStandardStreamableHTTPServerTransport({})))
        : hostSessions((hooks, made) => {
            const transport = new WebStandardStreamableHTTPServerTransport({
              sessionIdGenerator: () => randomUUID(),
              eventStore: createEventStore(),
              retryInterval: 20,
              ...hooks,
            });
            made(transport);
            return connect(transport);
          }),
  };
}

/** Milliseconds for which the server waits for its client; without sessions it waits in vain. */
const ASK_TIMEOUT = { sessions: 10_000, stateless: 100 } as const;

function createServer(counts: { cancelled: number }, timeout: number): McpServer {
  const server = new McpServer(
    { name: 'one', version: '1.0.0' },
    { capabilities: { logging: {}, resources: { subscribe: true } } },
  );
  registerTools(server, counts);
  registerAsking(server, timeout);
  server.registerPrompt(
    'greet',
    {
      argsSchema: {
        name: completable(z.string(), (value) => NAMES.filter((one) => one.startsWith(value))),
      },
    },
    ({ name }) => ({
      messages: [{ role: 'user', content: { type: 'text', text: `Greet ${name}.` } }],
    }),
  );
  const { uri, text: words } = OWN.resource;
  server.registerResource('readme', uri, {}, () => ({ contents: [{ uri, text: words }] }));
  server.registerResource(
    'user',
    new ResourceTemplate(OWN.template.uriTemplate, { list: undefined }),
    {},
    (at, { id }) => ({ contents: [{ uri: at.href, text: `The page of ${String(id)}.` }] }),
  );
  return server;
}

function registerTools(server: McpServer, counts: { cancelled: number }): void {
  server.registerTool('add', { inputSchema: { a: z.number(), b: z.number() } }, ({ a, b }) =>
    text(String(a + b)),
  );
  server.registerTool('long', {}, async ({ _meta, sendNotification }) => {
    const progressToken = _meta?.progressToken;
    for (let progress = 1; progress <= 3; progress += 1) {
      await pause(STEP);
      if (progressToken === undefined) continue;
      const params = { progressToken, progress, total: 3 };
      await sendNotification({ method: 'notifications/progress', params });
    }
    await pause(STEP);
    return text('done');
  });
  server.registerTool('hang', {}, async ({ signal }) => {
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
      setTimeout(resolve, 5_000).unref();
    });
    if (signal.aborted) counts.cancelled += 1;
    return text('ended');
  });
  server.registerTool('log', {}, async ({ sendNotification }) => {
    const params = { level: 'info', logger: 'matrix', data: 'logged' } as const;
    await sendNotification({ method: 'notifications/message', params });
    return text('logged');
  });
  const subscribed = new Set<string>();
  server.server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
    subscribed.add(params.uri);
    return {};
  });
  server.server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    subscribed.delete(params.uri);
    return {};
  });
  server.registerTool('touch', {}, async () => {
    for (const uri of subscribed) await server.server.sendResourceUpdated({ uri });
    return text('touched');
  });
}

function registerAsking(server: McpServer, timeout: number): void {
  server.registerTool('ask_model', {}, async ({ sendRequest }) => {
    const content = { type: 'text', text: 'What now?' } as const;
    const params = { messages: [{ role: 'user' as const, content }], maxTokens: 5 };
    const request = { method: 'sampling/createMessage', params } as const;
    const { content: said } = await sendRequest(request, CreateMessageResultSchema, { timeout });
    return text(JSON.stringify(said));
  });
  server.registerTool('ask_user', {}, async ({ sendRequest }) => {
    const requestedSchema = {
      type: 'object' as const,
      properties: { word: { type: 'string' as const } },
    };
    const request = {
      method: 'elicitation/create' as const,
      params: { message: 'A word?', requestedSchema },
    };
    const { content } = await sendRequest(request, ElicitResultSchema, { timeout });
    return text(JSON.stringify(content));
  });
}

function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
