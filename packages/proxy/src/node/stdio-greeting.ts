/** The handshake with the process, and the answer to clients that ask for one of their own. */

import {
  SUPPORTED_VERSIONS,
  UNSUPPORTED_VERSION,
  VERSION_2026,
  VERSIONS_2025,
} from '../mcp/era.ts';
import { isRecord, type JsonRpcMessage } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import { spliceText } from '../mcp/splice.ts';
import { requestText, type StdioConnection } from './stdio-connection.ts';
import type { StdioSettings } from './stdio-options.ts';
import { findSpan, replaceId } from './stdio-splice.ts';

/** What the process answered to `initialize`. */
export interface Greeting {
  readonly reply: JsonRpcMessage;
  /** The version that the process speaks; undefined when it knows the 2026 revision only. */
  readonly version: string | undefined;
  readonly capabilities: Readonly<Record<string, unknown>>;
}

/** The newest version of the era that has a handshake. */
export const BRIDGE_VERSION = '2025-11-25';

/** Makes the acquaintance of a new process. */
export type Greet = (
  connection: StdioConnection,
  settings: StdioSettings,
) => Promise<GreetingResult>;

export type GreetingResult =
  | { readonly ok: true; readonly greeting: Greeting }
  /** For the operator. */
  | { readonly ok: false; readonly reason: string };

/**
 * Initialises the process on behalf of every client to come.
 *
 * The bridge declares no client capabilities: on a shared process nobody could tell which client a
 * sampling, elicitation or roots request is for.
 */
export const greetProcess: Greet = async (connection, settings) => {
  const { command, clientInfo } = settings;
  const params = { protocolVersion: BRIDGE_VERSION, capabilities: {}, clientInfo };
  const text = requestText('initialize', params);
  const opened = await openWith('initialize', text, { connection, settings });
  if ('reason' in opened) return { ok: false, reason: opened.reason };
  const greeting = readGreeting(opened.reply);
  if (greeting === undefined) {
    return { ok: false, reason: `"${command}" refused initialize` };
  }
  if (greeting.version !== undefined) connection.send(INITIALIZED);
  return { ok: true, greeting };
};

export const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** Asks a process whether it speaks the 2026 revision. Nothing but a yes is one. */
export const discoverProcess: Greet = async (connection, settings) => {
  const { command, clientInfo } = settings;
  const meta = { protocolVersion: VERSION_2026, clientCapabilities: {}, clientInfo };
  const _meta = Object.fromEntries(
    Object.entries(meta).map(([key, value]) => [`io.modelcontextprotocol/${key}`, value]),
  );
  const text = requestText('server/discover', { _meta });
  const opened = await openWith('server/discover', text, { connection, settings });
  if ('reason' in opened) return { ok: false, reason: opened.reason };
  const { result } = opened.reply.value;
  const versions = isRecord(result) ? result['supportedVersions'] : undefined;
  if (!Array.isArray(versions) || !versions.includes(VERSION_2026)) {
    return { ok: false, reason: `"${command}" does not speak ${VERSION_2026}` };
  }
  return { ok: true, greeting: { reply: opened.reply, version: undefined, capabilities: {} } };
};

/** The answer to the first request of a process, or for the operator why there is none. */
export async function openWith(
  method: string,
  text: (key: string) => string,
  { connection, settings }: { connection: StdioConnection; settings: StdioSettings },
): Promise<{ readonly reply: JsonRpcMessage } | { readonly reason: string }> {
  const { command, startTimeout } = settings;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<'too-slow'>((resolve) => {
    timer = setTimeout(resolve, startTimeout, 'too-slow');
  });
  // Its own timeout, because an `initialize` must never be cancelled.
  const asked = connection.askText(method, text, 'endless');
  const outcome = await Promise.race([asked, timeout]);
  clearTimeout(timer);
  if (outcome === 'too-slow' || outcome.kind === 'timeout') {
    return { reason: `"${command}" did not answer ${method} in time` };
  }
  if (outcome.kind === 'lost') {
    const { reason } = await connection.exited;
    const isLate = connection.pid !== undefined;
    return { reason: isLate ? `${reason} before answering ${method}` : reason };
  }
  if (outcome.kind !== 'reply') return { reason: `"${command}" was stopped` };
  return { reply: outcome.message };
}

/** Reads an answer to `initialize`; undefined when no session can be built on it. */
export function readGreeting(reply: JsonRpcMessage): Greeting | undefined {
  const { result, error } = reply.value;
  // A server of the 2026 revision only says so; its clients need no handshake.
  if (isRecord(error) && error['code'] === UNSUPPORTED_VERSION) {
    return { reply, version: undefined, capabilities: {} };
  }
  if (!isRecord(result)) return undefined;
  const version = result['protocolVersion'];
  const capabilities = result['capabilities'];
  if (typeof version !== 'string' || !isVersion2025(version)) return undefined;
  return { reply, version, capabilities: isRecord(capabilities) ? capabilities : {} };
}

/**
 * The answer to a client's `initialize`: the process's own, under the client's id.
 *
 * The version is the older of what client and process speak. A client asks for the newest version
 * that it knows, so answering with a newer one would make it leave; and within the 2025 era newer
 * results are older results with members added. A client that asks for something newer, or unknown,
 * is told what the process speaks, as the specification demands.
 */
export function answerGreeting(greeting: Greeting, request: McpMessage): string {
  const text = replaceId(greeting.reply, request.id?.text ?? 'null');
  const asked = request.params?.['protocolVersion'];
  if (greeting.version === undefined || typeof asked !== 'string') return text;
  if (!isVersion2025(asked) || asked >= greeting.version) return text;
  const span = findSpan(text, ['result', 'protocolVersion']);
  return span === undefined ? text : spliceText(text, [{ span, text: JSON.stringify(asked) }]);
}

/** Versions are dates, so that text order is age. */
function isVersion2025(version: string): boolean {
  return (
    SUPPORTED_VERSIONS.includes(version) && version <= VERSIONS_2025[VERSIONS_2025.length - 1]!
  );
}
