/** The servers of the matrix on SDK 2.x: both eras at once, the older one with sessions or without. */
import { randomUUID } from 'node:crypto';
import {
  acceptedContent,
  completable,
  createMcpHandler,
  inputRequired,
  inputResponse,
  isLegacyRequest,
  McpServer,
  ResourceTemplate,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { createEventStore } from '../../conformance/event-store.ts';
import { type MatrixServer, NAMES, OWN, STEP } from '../surface.ts';
import { hostSessions } from './session-host.ts';

interface Shared {
  cancelled: number;
  /** Tells subscribers of the 2026 era, which belong to no server instance. */
  changed?: (uri: string) => void;
}

export function createTwo(form: 'sessions' | 'stateless'): MatrixServer {
  const shared: Shared = { cancelled: 0 };
  const handler = createMcpHandler(() => createServer(shared), {
    legacy: form === 'stateless' ? 'stateless' : 'reject',
  });
  shared.changed = (uri) => handler.notify.resourceUpdated(uri);
  const sessions = hostSessions(async (hooks, made) => {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      eventStore: createEventStore(),
      retryInterval: 20,
      ...hooks,
    });
    made(transport);
    await createServer(shared).connect(transport);
    return transport;
  });
  return {
    surface: OWN,
    cancelled: () => shared.cancelled,
    fetch: async (request) =>
      form === 'sessions' && (await isLegacyRequest(request))
        ? sessions(request)
        : handler.fetch(request),
  };
}

function createServer(shared: Shared): McpServer {
  const server = new McpServer(
    { name: 'two', version: '1.0.0' },
    { capabilities: { logging: {}, resources: { subscribe: true } } },
  );
  registerTools(server, shared);
  registerAsking(server);
  server.registerPrompt(
    'greet',
    {
      argsSchema: z.object({
        name: completable(z.string(), (value) => NAMES.filter((one) => one.startsWith(value))),
      }),
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

function registerTools(server: McpServer, shared: Shared): void {
  const sum = z.object({ a: z.number(), b: z.number() });
  server.registerTool('add', { inputSchema: sum }, ({ a, b }) => text(String(a + b)));
  server.registerTool('long', {}, async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (let progress = 1; progress <= 3; progress += 1) {
      await pause(STEP);
      if (progressToken === undefined) continue;
      const params = { progressToken, progress, total: 3 };
      await mcpReq.notify({ method: 'notifications/progress', params });
    }
    await pause(STEP);
    return text('done');
  });
  server.registerTool('hang', {}, async ({ mcpReq: { signal } }) => {
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
      setTimeout(resolve, 5_000).unref();
    });
    if (signal.aborted) shared.cancelled += 1;
    return text('ended');
  });
  server.registerTool('log', {}, async ({ mcpReq }) => {
    await mcpReq.log('info', 'logged', 'matrix');
    return text('logged');
  });
  const subscribed = new Set<string>();
  server.server.setRequestHandler('resources/subscribe', ({ params }) => {
    subscribed.add(params.uri);
    return {};
  });
  server.server.setRequestHandler('resources/unsubscribe', ({ params }) => {
    subscribed.delete(params.uri);
    return {};
  });
  server.registerTool('touch', {}, async () => {
    shared.changed?.(OWN.resource.uri);
    for (const uri of subscribed) await server.server.sendResourceUpdated({ uri });
    return text('touched');
  });
}

/** Written once, as results that require input; the SDK turns them into requests in the 2025 era. */
function registerAsking(server: McpServer): void {
  server.registerTool('ask_model', {}, ({ mcpReq }) => {
    const answer = inputResponse(mcpReq.inputResponses, 'model');
    if (answer.kind === 'sampling') return text(JSON.stringify(answer.result.content));
    const content = { type: 'text', text: 'What now?' } as const;
    const params = { messages: [{ role: 'user' as const, content }], maxTokens: 5 };
    return inputRequired({ inputRequests: { model: inputRequired.createMessage(params) } });
  });
  server.registerTool('ask_user', {}, ({ mcpReq }) => {
    const answer = acceptedContent(mcpReq.inputResponses, 'user');
    if (answer !== undefined) return text(JSON.stringify(answer));
    const requestedSchema = {
      type: 'object' as const,
      properties: { word: { type: 'string' as const } },
    };
    const user = inputRequired.elicit({ message: 'A word?', requestedSchema });
    return inputRequired({ inputRequests: { user } });
  });
}

function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
