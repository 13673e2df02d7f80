/** The official clients of both generations, with one face. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientOne } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportOne } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { ToolUse } from './surface.ts';

export const GENERATIONS = ['1.x', '2.x', '2.x, 2026-07-28'] as const;
export type Generation = (typeof GENERATIONS)[number];

export interface CallOptions {
  readonly onprogress?: (progress: { readonly progress: number }) => void;
  readonly signal?: AbortSignal;
  readonly timeout?: number;
}

/** What a feature needs of a client. */
export interface MatrixClient {
  call(tool: ToolUse, options?: CallOptions): Promise<unknown>;
  list(kind: 'tools' | 'prompts' | 'resources' | 'templates'): Promise<unknown>;
  getPrompt(params: { name: string; arguments: Record<string, string> }): Promise<unknown>;
  read(uri: string): Promise<unknown>;
  complete(prompt: string, argument: { name: string; value: string }): Promise<readonly string[]>;
  /** Asks for log messages of every level. */
  wantLogs(): Promise<void>;
  subscribe(uri: string): Promise<void>;
  /** What the server has told of its own accord. */
  readonly heard: { readonly logs: unknown[]; readonly updates: string[] };
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly token: string;
  readonly fetch: typeof globalThis.fetch;
}

const INFO = { name: 'matrix', version: '1.0.0' };
const CAPABILITIES = { sampling: {}, elicitation: {} };
/** What the client's model and user say to everything. */
const MODEL = {
  model: 'm',
  role: 'assistant' as const,
  content: { type: 'text' as const, text: 'said by the model' },
};
const USER = { action: 'accept' as const, content: { word: 'said by the user' } };
export const MODEL_SAYS = MODEL.content.text;
export const USER_SAYS = USER.content.word;

export function connect(
  generation: Generation,
  url: string,
  options: ConnectOptions,
): Promise<MatrixClient> {
  const { token, fetch } = options;
  const transportOptions = {
    fetch,
    requestInit: { headers: { authorization: `Bearer ${token}` } },
    reconnectionOptions: {
      initialReconnectionDelay: 20,
      maxReconnectionDelay: 100,
      reconnectionDelayGrowFactor: 1,
      maxRetries: 5,
    },
  };
  return generation === '1.x'
    ? connectOne(new URL(url), transportOptions)
    : connectTwo(new URL(url), generation, transportOptions);
}

type TransportOptions = ConstructorParameters<typeof TransportOne>[1] &
  ConstructorParameters<typeof StreamableHTTPClientTransport>[1];

async function connectOne(url: URL, options: TransportOptions): Promise<MatrixClient> {
  const client = new ClientOne(INFO, { capabilities: CAPABILITIES });
  const heard = { logs: [] as unknown[], updates: [] as string[] };
  client.setRequestHandler(CreateMessageRequestSchema, () => MODEL);
  client.setRequestHandler(ElicitRequestSchema, () => USER);
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
    heard.logs.push(params.data);
  });
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    heard.updates.push(params.uri);
  });
  // Safe: it is one; only `sessionId?: string` is stricter under exactOptionalPropertyTypes.
  await client.connect(new TransportOne(url, options) as Transport);
  return {
    ...commonOf(client),
    heard,
    call: (tool, more) => client.callTool({ ...tool }, undefined, more),
    wantLogs: async () => void (await client.setLoggingLevel('debug')),
    subscribe: async (uri) => void (await client.subscribeResource({ uri })),
  };
}

const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';

async function connectTwo(
  url: URL,
  generation: '2.x' | '2.x, 2026-07-28',
  options: TransportOptions,
): Promise<MatrixClient> {
  const isModern = generation !== '2.x';
  const mode = isModern ? ({ pin: '2026-07-28' } as const) : 'legacy';
  const client = new Client(INFO, {
    capabilities: CAPABILITIES,
    versionNegotiation: { mode },
  });
  const heard = { logs: [] as unknown[], updates: [] as string[] };
  client.setRequestHandler('sampling/createMessage', () => MODEL);
  client.setRequestHandler('elicitation/create', () => USER);
  client.setNotificationHandler('notifications/message', ({ params }) => {
    heard.logs.push(params.data);
  });
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
    heard.updates.push(params.uri);
  });
  await client.connect(new StreamableHTTPClientTransport(url, options));
  let meta: Record<string, unknown> | undefined;
  return {
    ...commonOf(client),
    heard,
    call: (tool, more) =>
      client.callTool({ ...tool, ...(meta !== undefined && { _meta: meta }) }, more),
    // 2026-07-28 asks with every request.
    wantLogs: async () => {
      if (isModern) meta = { [LOG_LEVEL]: 'debug' };
      else await client.setLoggingLevel('debug');
    },
    subscribe: async (uri) => {
      if (isModern) await client.listen({ resourceSubscriptions: [uri] });
      else await client.subscribeResource({ uri });
    },
  };
}

/** What both generations are asked in the same words. */
interface Asked {
  listTools(): Promise<unknown>;
  listPrompts(): Promise<unknown>;
  listResources(): Promise<unknown>;
  listResourceTemplates(): Promise<unknown>;
  getPrompt(params: { name: string; arguments: Record<string, string> }): Promise<unknown>;
  readResource(params: { uri: string }): Promise<unknown>;
  complete(params: {
    ref: { type: 'ref/prompt'; name: string };
    argument: { name: string; value: string };
  }): Promise<{ completion: { values: string[] } }>;
  close(): Promise<void>;
}

function commonOf(
  client: Asked,
): Pick<MatrixClient, 'list' | 'getPrompt' | 'read' | 'complete' | 'close'> {
  return {
    list: (kind) => {
      switch (kind) {
        case 'tools':
          return client.listTools();
        case 'prompts':
          return client.listPrompts();
        case 'resources':
          return client.listResources();
        case 'templates':
          return client.listResourceTemplates();
        default:
          return kind satisfies never;
      }
    },
    getPrompt: (params) => client.getPrompt(params),
    read: (uri) => client.readResource({ uri }),
    complete: async (name, argument) =>
      (await client.complete({ ref: { type: 'ref/prompt', name }, argument })).completion.values,
    close: () => client.close(),
  };
}
