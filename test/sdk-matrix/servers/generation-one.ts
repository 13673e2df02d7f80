/** The servers of the matrix on SDK 1.x, with sessions and without. */
import { completable } from '@modelcontextprotocol/sdk/server/completable.js';
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import {
  WebStandardStreamableHTTPServerTransport,
  type WebStandardStreamableHTTPServerTransportOptions,
} from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CreateMessageResultSchema,
  ElicitResultSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import { hostSessions, hostStateless } from '../../conformance/session-host.ts';
import { type MatrixServer, OWN } from '../surface.ts';
import { completeName, greet, hang, TO_MODEL, TO_USER, takeLong, text } from './deeds.ts';

export function createOne(form: 'sessions' | 'stateless'): MatrixServer {
  const counts = { cancelled: 0 };
  const open = async (options: WebStandardStreamableHTTPServerTransportOptions) => {
    const transport = new WebStandardStreamableHTTPServerTransport(options);
    // Safe: it is one; only optional members are stricter under exactOptionalPropertyTypes.
    await createServer(counts, ASK_TIMEOUT[form]).connect(transport as Transport);
    return transport;
  };
  return {
    surface: OWN,
    cancelled: () => counts.cancelled,
    fetch:
      form === 'stateless'
        ? hostStateless(() => open({}))
        : hostSessions((options) => open({ ...options, retryInterval: 20 })),
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
    { argsSchema: { name: completable(z.string(), completeName) } },
    greet,
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
  server.registerTool('long', {}, ({ _meta, sendNotification }) =>
    takeLong(_meta?.progressToken, sendNotification),
  );
  server.registerTool('hang', {}, ({ signal }) => hang(signal, counts));
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
    const request = { method: 'sampling/createMessage', params: TO_MODEL } as const;
    const { content: said } = await sendRequest(request, CreateMessageResultSchema, { timeout });
    return text(JSON.stringify(said));
  });
  server.registerTool('ask_user', {}, async ({ sendRequest }) => {
    const request = { method: 'elicitation/create', params: TO_USER } as const;
    const { content } = await sendRequest(request, ElicitResultSchema, { timeout });
    return text(JSON.stringify(content));
  });
}
