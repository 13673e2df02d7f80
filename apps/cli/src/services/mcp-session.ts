/** A session with an MCP server. The only file that knows the client library. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { loadVersion } from '../version.ts';
import type { Connection } from './mcp-flags.ts';
import { type Refusal, type RefusedRequest, toRefusal } from './mcp-refusal.ts';

const MAX_BODY = 4096;
const GOODBYE = 1000;

/**
 * Connects, uses the session, and says goodbye.
 *
 * @throws {CliError} that says what happened, why, and what to do.
 */
export async function withSession<T>(
  connection: Connection,
  request: RefusedRequest,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  let refusal: Refusal | undefined;
  const transport = new StreamableHTTPClientTransport(new URL(connection.url), {
    requestInit: { headers: connection.headers },
    onInsufficientScope: 'throw',
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      // Only the answer to a message counts: a server need not offer the stream that GET opens.
      if (init?.method === 'POST') {
        refusal = response.ok ? undefined : await readRefusal(response);
      }
      return response;
    },
  });
  const client = new Client(
    { name: 'thv', version: await loadVersion() },
    { versionNegotiation: { mode: 'auto' } },
  );
  try {
    await client.connect(transport);
    return await use(client);
  } catch (error) {
    throw toRefusal(error, { request, refusal, connection });
  } finally {
    await leave(client, transport);
  }
}

async function readRefusal(response: Response): Promise<Refusal> {
  const { status, headers } = response;
  const text = await response
    .clone()
    .text()
    .catch(() => '');
  return {
    status,
    challenge: headers.get('www-authenticate') ?? '',
    retryAfter: headers.get('retry-after') ?? undefined,
    body: text.slice(0, MAX_BODY),
  };
}

/** A server that does not listen to a goodbye forgets the session by itself. */
async function leave(client: Client, transport: StreamableHTTPClientTransport): Promise<void> {
  const late = new Promise((resolve) => setTimeout(resolve, GOODBYE).unref());
  const ended = transport.sessionId === undefined ? undefined : transport.terminateSession();
  await Promise.race([ended, late]).catch(() => undefined);
  await client.close().catch(() => undefined);
}
