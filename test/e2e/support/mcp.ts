/** Speaks MCP by hand, so that tests see statuses, headers and bytes. */

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON body, or the first message of an event stream that answers a request. */
  readonly message: RpcAnswer;
}

export interface RpcAnswer {
  readonly id?: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect and fail otherwise.
  readonly result?: any;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: Readonly<Record<string, unknown>>;
  };
}

export interface PostOptions {
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Posts a message: an object, or the exact text of a body. */
export async function post(
  url: string,
  message: object | string,
  { token, headers }: PostOptions = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: typeof message === 'string' ? message : JSON.stringify(message),
  });
  return readAnswer(response);
}

async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return {
    status: response.status,
    headers: response.headers,
    text,
    message: type.startsWith('text/event-stream') ? lastEvent(text) : parseOr(text, {}),
  };
}

/** The answer to a request is the last message of its stream. */
function lastEvent(text: string): RpcAnswer {
  const data = [...text.matchAll(/^data: ?(\{.*)$/gm)].at(-1)?.[1];
  return parseOr(data ?? '', {});
}

function parseOr(text: string, otherwise: RpcAnswer): RpcAnswer {
  try {
    return JSON.parse(text) as RpcAnswer;
  } catch {
    // Not every answer is JSON; the text is there for those.
    return otherwise;
  }
}

export function request(method: string, params: object = {}, id: unknown = 1): object {
  return { jsonrpc: '2.0', id, method, params };
}

export function toolCall(name: string, args: object = {}, id: unknown = 1): object {
  return request('tools/call', { name, arguments: args }, id);
}

/** A session of the 2025 era. */
export interface Session {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  send(message: object | string): Promise<Answer>;
  /** The status of a call, and the text of its first content when it was answered. */
  call(tool: string, args?: object): Promise<readonly [status: number, text: string | undefined]>;
  /** The `name` or `uri` of everything in a list. */
  list(kind: 'tools' | 'prompts' | 'resources'): Promise<string[]>;
}

/** Begins a session as a client of 2025-11-25 does. */
export async function openSession(url: string, token?: string): Promise<Session> {
  const hello = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'e2e', version: '1' },
  };
  const greeting = await post(url, request('initialize', hello), { token });
  const id = greeting.headers.get('mcp-session-id') ?? '';
  if (greeting.status !== 200 || id === '') {
    throw new Error(`initialize was answered with ${greeting.status}: ${greeting.text}`);
  }
  const headers = { 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' };
  const send = (message: object | string) => post(url, message, { token, headers });
  await send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  return {
    id,
    headers,
    send,
    async call(tool, args) {
      const { status, message } = await send(toolCall(tool, args));
      return [status, message.result?.content?.[0]?.text];
    },
    async list(kind) {
      const { message } = await send(request(`${kind}/list`));
      return message.result[kind].map(
        (item: { name: string; uri?: string }) => item.uri ?? item.name,
      );
    },
  };
}
