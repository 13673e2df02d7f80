/** One transport per session, or one per request, on whatever SDK. */
import { randomUUID } from 'node:crypto';
import { createEventStore } from './event-store.ts';

/** What the transports of both SDK generations have in common. */
export interface WebTransport {
  handleRequest(request: Request): Promise<Response>;
}

/** What a transport with a session is made with. */
export interface SessionOptions {
  readonly sessionIdGenerator: () => string;
  readonly eventStore: ReturnType<typeof createEventStore>;
  readonly onsessioninitialized: (id: string) => void;
  readonly onsessionclosed: (id: string) => void;
}

type Serve = (request: Request) => Promise<Response>;

/** @param open connects a new server to a new transport */
export function hostSessions(open: (options: SessionOptions) => Promise<WebTransport>): Serve {
  const sessions = new Map<string, WebTransport>();
  return async (request) => {
    const id = request.headers.get('mcp-session-id');
    if (id !== null) return sessions.get(id)?.handleRequest(request) ?? unknownSession();
    const transport = await open({
      sessionIdGenerator: () => randomUUID(),
      eventStore: createEventStore(),
      onsessioninitialized: (begun) => {
        sessions.set(begun, transport);
      },
      onsessionclosed: (ended) => {
        sessions.delete(ended);
      },
    });
    return transport.handleRequest(request);
  };
}

/** A new server for every request, as for functions that run anywhere and remember nothing. */
export function hostStateless(open: () => Promise<WebTransport>): Serve {
  return async (request) =>
    request.method === 'POST'
      ? (await open()).handleRequest(request)
      : new Response(null, { status: 405, headers: { allow: 'POST' } });
}

function unknownSession(): Response {
  const error = { code: -32001, message: 'Session not found' };
  return Response.json({ jsonrpc: '2.0', id: null, error }, { status: 404 });
}
