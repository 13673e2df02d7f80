/** What a process says to the one client of its session: requests, and notifications. */

import { INTERNAL_ERROR, type JsonRpcId, type JsonRpcMessage } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import { errorText } from '../mcp/reply.ts';
import type { StdioEvent } from './stdio-options.ts';
import type { Session } from './stdio-session.ts';
import { idKey } from './stdio-splice.ts';

export interface ServerAsks {
  /** Delivers a request of the process. */
  ask(message: JsonRpcMessage): void;
  /** Delivers a notification of the process. */
  notify(message: JsonRpcMessage): void;
  /** Takes the client's answer to the process. False: nothing with this id is outstanding (D8). */
  answer(response: McpMessage): boolean;
  /** Delivers what had to wait for a stream. */
  flush(): void;
  /** The process is gone: nothing that it asked can be answered, and the client is told so. */
  withdraw(): void;
  /** True while the client owes the process an answer. */
  readonly isWaiting: boolean;
}

export interface ServerAsksOptions {
  readonly log: (event: StdioEvent) => void;
  readonly reply: (text: string) => void;
}

/** Questions that wait for the client's answer; processes do not withdraw all that they give up. */
const MAX_OUTSTANDING = 256;
/** Messages that wait for the client to open a stream; it usually does right after `initialize`. */
const MAX_HELD = 64;
const MAX_HELD_LENGTH = 1024 * 1024;

/** Delivers on the session's GET stream, else on a POST answer that can stream, else later. */
export function createServerAsks(session: Session, options: ServerAsksOptions): ServerAsks {
  /** By key, the ids as the process wrote them; no more, since nobody may ever answer. */
  const outstanding = new Map<string, JsonRpcId | undefined>();
  let held: JsonRpcMessage[] = [];

  const deliver = (message: JsonRpcMessage): boolean => deliverText(message.text);
  const deliverText = (text: string): boolean => {
    if (session.stream.send(text)) return true;
    const open = session.inFlight.all().findLast(({ exchange }) => exchange?.canStream);
    return open?.exchange?.deliver(text) === 'delivered';
  };

  const hold = (message: JsonRpcMessage): void => {
    const length = held.reduce((sum, { text }) => sum + text.length, message.text.length);
    if (held.length < MAX_HELD && length <= MAX_HELD_LENGTH) {
      held.push(message);
      return;
    }
    options.log({ type: 'message-dropped', method: message.method ?? '', reason: 'queue-full' });
    if (message.kind !== 'request') return;
    outstanding.delete(keyOf(message));
    options.reply(errorText({ code: INTERNAL_ERROR, id: message.id }));
  };

  const expect = (message: JsonRpcMessage): void => {
    outstanding.set(keyOf(message), message.id);
    if (outstanding.size <= MAX_OUTSTANDING) return;
    for (const [key, id] of outstanding) {
      outstanding.delete(key);
      options.reply(errorText({ code: INTERNAL_ERROR, id }));
      return;
    }
  };

  return {
    ask(message) {
      expect(message);
      if (!deliver(message)) hold(message);
    },
    notify(message) {
      if (message.method === 'notifications/cancelled') {
        const span = message.spans.get('params.requestId');
        const text = span === undefined ? '' : message.text.slice(span.start, span.end);
        outstanding.delete(idKey(message.params?.['requestId'], text));
      }
      if (!deliver(message)) hold(message);
    },
    answer(response) {
      if (!outstanding.delete(keyOf(response))) return false;
      options.reply(response.text);
      return true;
    },
    flush() {
      const waiting = held;
      held = [];
      for (const message of waiting) if (!deliver(message)) hold(message);
    },
    withdraw() {
      held = [];
      for (const id of outstanding.values()) {
        const params = `{"requestId":${id?.text ?? 'null'}}`;
        const method = 'notifications/cancelled';
        deliverText(`{"jsonrpc":"2.0","method":"${method}","params":${params}}`);
      }
      outstanding.clear();
    },
    get isWaiting() {
      return outstanding.size > 0;
    },
  };
}

function keyOf(message: JsonRpcMessage): string {
  return idKey(message.value['id'], message.id?.text ?? '');
}
