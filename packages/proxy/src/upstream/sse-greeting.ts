/** Begins an MCP session on a fresh connection: `initialize`, and its answer from the stream. */

import { ProxyError } from '../errors.ts';
import { isRecord, readJsonRpcText } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import { idKey } from '../session/traffic.ts';
import type { Sender, SseConnection } from './sse-connection.ts';

export interface Greeting {
  /** The answer's text, result or error. */
  readonly text: string;
  /** The revision that the server agreed to; undefined when it refused. */
  readonly version: string | undefined;
  /** Messages that came before the answer. */
  readonly early: readonly string[];
}

/** Messages of the server before it has answered; a server has little to say then. */
const MAX_EARLY = 256;
const MAX_EARLY_LENGTH = 1024 * 1024;

/**
 * Sends `initialize` and waits for the answer.
 *
 * @param timeout milliseconds
 * @throws ProxyError when there is none
 */
export async function greet(
  connection: SseConnection,
  initialize: McpMessage,
  { context, timeout }: { readonly context: Sender; readonly timeout: number },
): Promise<Greeting> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    connection.close();
  }, timeout);
  const leave = (): void => connection.close();
  context.signal.addEventListener('abort', leave, { once: true });
  try {
    const refused = connection.post(initialize, context).then((status) => {
      if (status < 300) return new Promise<never>(() => undefined);
      throw unanswered(`the server answers initialize with status ${status}`);
    });
    // The answer may come first; whatever the POST ends with is then of no interest.
    refused.catch(() => undefined);
    return await Promise.race([findAnswer(connection, initialize), refused]);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isLate) throw error;
    throw new ProxyError('ERR_PROXY_UPSTREAM_TIMEOUT', 'the server did not answer initialize');
  } finally {
    clearTimeout(timer);
    context.signal.removeEventListener('abort', leave);
  }
}

async function findAnswer(connection: SseConnection, initialize: McpMessage): Promise<Greeting> {
  const early: string[] = [];
  let length = 0;
  for (;;) {
    const text = await connection.next();
    if (text === undefined) throw unanswered('the server ended the stream before it answered');
    const read = readJsonRpcText(text);
    const isAnswer =
      read.ok &&
      read.message.kind === 'response' &&
      idKey(read.message.id?.text ?? '') === idKey(initialize.id?.text ?? '');
    if (isAnswer) return { text, early, version: versionOf(read.message.value['result']) };
    early.push(text);
    length += text.length;
    if (early.length > MAX_EARLY || length > MAX_EARLY_LENGTH)
      throw unanswered('the server talks and does not answer');
  }
}

function versionOf(result: unknown): string | undefined {
  const version = isRecord(result) ? result['protocolVersion'] : undefined;
  return typeof version === 'string' ? version : undefined;
}

function unanswered(text: string): ProxyError {
  return new ProxyError('ERR_PROXY_UPSTREAM_ANSWER', text);
}
