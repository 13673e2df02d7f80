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

/** Begins to remember a session. Only bytes are kept, as a copy: what a server reads shares its memory. */
export function createSessionMemory(initialize: McpMessage): SessionMemory {
  return new Memory(initialize);
}

/** There are many sessions, and most have no interests. */
class Memory implements SessionMemory {
  readonly #begun: Uint8Array | undefined;
  #interests: Map<string, Uint8Array> | undefined;
  #renewals: readonly number[] = [];
  #size: number;

  constructor({ raw }: McpMessage) {
    this.#begun = raw.byteLength <= MAX_INITIALIZE ? new Uint8Array(raw) : undefined;
    this.#size = this.#begun?.byteLength ?? 0;
  }

  get initialize(): McpMessage | undefined {
    return this.#begun === undefined ? undefined : toMessage(this.#begun);
  }

  get size(): number {
    return this.#size;
  }

  beginAnew(at: number): McpMessage | undefined {
    const renewals = this.#renewals.filter((earlier) => at - earlier < MINUTE);
    this.#renewals = renewals;
    if (renewals.length >= MAX_RENEWALS) return undefined;
    this.#renewals = [...renewals, at];
    return this.initialize;
  }

  note(message: McpMessage): void {
    const uri = message.params?.['uri'];
    const key = message.method === 'logging/setLevel' ? 'level' : `uri ${String(uri)}`;
    switch (message.method) {
      case 'logging/setLevel':
      case 'resources/subscribe':
        this.#forget(key);
        this.#keep(key, message.raw);
        return;
      case 'resources/unsubscribe':
        this.#forget(key);
        return;
      default:
        return;
    }
  }

  interests(): readonly McpMessage[] {
    return [...(this.#interests?.values() ?? [])].map(toMessage);
  }

  #keep(key: string, raw: Uint8Array): void {
    this.#interests ??= new Map();
    if (raw.byteLength > MAX_INTEREST || this.#interests.size >= MAX_INTERESTS) return;
    this.#interests.set(key, new Uint8Array(raw));
    this.#size += raw.byteLength;
  }

  #forget(key: string): void {
    this.#size -= this.#interests?.get(key)?.byteLength ?? 0;
    this.#interests?.delete(key);
  }
}

function toMessage(raw: Uint8Array): McpMessage {
  const read = readJsonRpc(raw);
  // It was read before it was kept.
  if (!read.ok) throw new TypeError('a remembered message cannot be read');
  return { ...read.message, era: '2025', raw };
}
