/** The official MCP clients, connected through a proxy. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientOne } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportOne } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';

/** What both generations of the client can do. */
export interface AnyClient {
  listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>;
  listPrompts(): Promise<{ readonly prompts: readonly { readonly name: string }[] }>;
  listResources(): Promise<{ readonly resources: readonly { readonly uri: string }[] }>;
  callTool(params: {
    name: string;
    arguments?: Record<string, unknown>;
  }): Promise<Readonly<Record<string, unknown>>>;
  getPrompt(params: { name: string }): Promise<{ readonly messages: readonly unknown[] }>;
  readResource(params: { uri: string }): Promise<{ readonly contents: readonly unknown[] }>;
  getServerVersion(): { readonly name: string } | undefined;
  close(): Promise<void>;
}

/** The client's major version, and for 2.x how it chooses the revision of the protocol. */
export type Generation = '1.x' | '2.x' | '2.x, 2026-07-28' | '2.x, auto';

/** Connects a client; rejects as the client itself does. */
export async function connectClient(
  generation: Generation,
  url: string,
  token?: string,
): Promise<AnyClient> {
  const requestInit = token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } };
  const info = { name: 'e2e', version: '1.0.0' };
  switch (generation) {
    case '1.x': {
      const client = new ClientOne(info);
      const transport = new TransportOne(new URL(url), { requestInit });
      // Safe: it is one; only `sessionId?: string` is stricter under exactOptionalPropertyTypes.
      await client.connect(transport as Transport);
      return client;
    }
    case '2.x':
    case '2.x, auto':
    case '2.x, 2026-07-28': {
      const client = new Client(info, { versionNegotiation: { mode: MODES[generation] } });
      await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
      return client;
    }
    default:
      return generation satisfies never;
  }
}

const MODES = {
  '2.x': 'legacy',
  '2.x, auto': 'auto',
  '2.x, 2026-07-28': { pin: '2026-07-28' },
} as const;
