/** What a session must be told again when the server has forgotten it: how it began, and its interests. */

import { readJsonRpc } from '../mcp/json-rpc.ts';
import { buildMessage, type McpMessage } from '../mcp/message.ts';

export interface SessionMemory {
  /** The client's `initialize`; undefined when it was too large to keep. */
  readonly initialize: McpMessage | undefined;
  /** Bytes kept. */
  readonly size: number;
  /**
   * The `initialize` with which to begin the session anew; undefined when it was too large to keep, or
   * was asked for too often of late.
   *
   * @param at milliseconds since the epoch
   */
  beginAnew(at: number): McpMessage | undefined;
  /** Keeps a message that changes what the server sends by itself. */
  note(message: McpMessage): void;
  /** Subscriptions and log level, as they are now. */
  interests(): readonly McpMessage[];
}

/** Follows every `initialize`, also one that the proxy sends itself. */
export const INITIALIZED: McpMessage = buildMessage(
  { jsonrpc: '2.0', method: 'notifications/initialized' },
  '2025',
);

/** Bytes of an `initialize`, and of one interest. */
const MAX_INITIALIZE = 64 * 1024;
const MAX_INTEREST = 4 * 1024;
const MAX_INTERESTS = 100;
/** How often a session is begun anew within a minute, so that no broken server is courted. */
const MAX_RENEWALS = 3;
const MINUTE = 60_000;

/** Begins to remember a session. Only bytes are kept: they are read again when they are needed. */
export function createSessionMemory(initialize: McpMessage): SessionMemory {
  const begun = initialize.raw.byteLength <= MAX_INITIALIZE ? initialize.raw.slice() : undefined;
  const interests = new Map<string, Uint8Array>();
  let size = begun?.byteLength ?? 0;
  let renewals: number[] = [];

  const forget = (key: string): void => {
    size -= interests.get(key)?.byteLength ?? 0;
    interests.delete(key);
  };
  return {
    get initialize() {
      return begun === undefined ? undefined : toMessage(begun);
    },
    get size() {
      return size;
    },
    beginAnew(at) {
      renewals = renewals.filter((earlier) => at - earlier < MINUTE);
      if (begun === undefined || renewals.length >= MAX_RENEWALS) return undefined;
      renewals.push(at);
      return toMessage(begun);
    },
    note(message) {
      const uri = message.params?.['uri'];
      const key = message.method === 'logging/setLevel' ? 'level' : `uri ${String(uri)}`;
      switch (message.method) {
        case 'logging/setLevel':
        case 'resources/subscribe':
          forget(key);
          if (message.raw.byteLength > MAX_INTEREST || interests.size >= MAX_INTERESTS) return;
          interests.set(key, message.raw.slice());
          size += message.raw.byteLength;
          return;
        case 'resources/unsubscribe':
          forget(key);
          return;
        default:
          return;
      }
    },
    interests: () => [...interests.values()].map(toMessage),
  };
}

function toMessage(raw: Uint8Array): McpMessage {
  const read = readJsonRpc(raw);
  // It was read before it was kept.
  if (!read.ok) throw new TypeError('a remembered message cannot be read');
  return { ...read.message, era: '2025', raw };
}
