/** The servers of the matrix on SDK 2.x: both eras at once, the older one with sessions or without. */
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
import { hostSessions } from '../../conformance/session-host.ts';
import { type MatrixServer, OWN } from '../surface.ts';
import { completeName, greet, hang, TO_MODEL, TO_USER, takeLong, text } from './deeds.ts';

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
  const sessions = hostSessions(async (options) => {
    const transport = new WebStandardStreamableHTTPServerTransport({
      ...options,
      retryInterval: 20,
    });
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
    { argsSchema: z.object({ name: completable(z.string(), completeName) }) },
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

function registerTools(server: McpServer, shared: Shared): void {
  const sum = z.object({ a: z.number(), b: z.number() });
  server.registerTool('add', { inputSchema: sum }, ({ a, b }) => text(String(a + b)));
  server.registerTool('long', {}, ({ mcpReq }) =>
    takeLong(mcpReq._meta?.progressToken, (notice) => mcpReq.notify(notice)),
  );
  server.registerTool('hang', {}, ({ mcpReq: { signal } }) => hang(signal, shared));
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
    return inputRequired({ inputRequests: { model: inputRequired.createMessage(TO_MODEL) } });
  });
  server.registerTool('ask_user', {}, ({ mcpReq }) => {
    const answer = acceptedContent(mcpReq.inputResponses, 'user');
    if (answer !== undefined) return text(JSON.stringify(answer));
    return inputRequired({ inputRequests: { user: inputRequired.elicit(TO_USER) } });
  });
}
