/** One life of the server process, spoken to in JSON-RPC messages. */

import { type JsonRpcMessage, METHOD_NOT_FOUND, readJsonRpcText } from '../mcp/json-rpc.ts';
import { errorText } from '../mcp/reply.ts';
import { decodeUtf8 } from '../mcp/strict-json.ts';
import {
  type Call,
  type CallOutcome,
  type CallRequest,
  createCallTable,
  type Patience,
} from './stdio-calls.ts';
import type { StdioSettings } from './stdio-options.ts';
import { type ProcessExit, type StdioProcess, startStdioProcess } from './stdio-process.ts';
import { subscriptionOf, toLine } from './stdio-splice.ts';
import type { WriteResult } from './stdio-writer.ts';

export interface StdioConnection {
  readonly pid: number | undefined;
  /** Resolves when the process is gone and its calls have been settled. */
  readonly exited: Promise<ProcessExit>;
  /** True before the calls of an ended process are settled. */
  readonly hasExited: boolean;
  /** Requests that are not answered. */
  readonly pending: number;
  /** Sends a request. When it cannot be sent the reason is returned and nothing is settled. */
  call(request: CallRequest): Call | Exclude<WriteResult, 'written'>;
  /** Sends a request of the bridge's own. */
  ask(method: string, params: Readonly<Record<string, unknown>>): Promise<CallOutcome>;
  /** The same with a line of the caller's making; `patience` as in {@link CallRequest}. */
  askText(method: string, text: (key: string) => string, patience?: Patience): Promise<CallOutcome>;
  /** Tells the process that nobody waits for this call any more. */
  cancel(key: string): void;
  /** Sends a notification, whose method goes to the log if there is no room for it, or a response. */
  send(text: string, method?: string): void;
  /** Settles every call as `closed` and stops the process tree. */
  stop(): Promise<void>;
}

/** What the process says on its own account. */
export interface ConnectionEvents {
  readonly onNotification: (message: JsonRpcMessage) => void;
  /** A request to a client. `ping` is answered before it gets here. */
  readonly onRequest: (message: JsonRpcMessage) => void;
}

/** What may be held of unanswered requests, as a multiple of what may wait to be sent. */
const HELD_PER_QUEUED = 4;

/** Starts the process of these settings. */
export function openConnection(settings: StdioSettings, events: ConnectionEvents): StdioConnection {
  const { log } = settings;
  const calls = createCallTable({
    timeout: settings.requestTimeout,
    maxTimeout: settings.maxRequestTimeout,
    now: settings.now,
    onTimeout(key, method) {
      log({ type: 'request-timed-out', method });
      cancel(key);
    },
  });

  const child: StdioProcess = startStdioProcess({
    ...settings,
    stdout: {
      line: readLine,
      oversize(length, edges) {
        log({ type: 'line-skipped', reason: 'too-long', length });
        withhold(edges.map((edge) => Buffer.from(edge).toString('latin1')).join('\n'));
      },
    },
  });
  if (child.pid !== undefined) log({ type: 'process-started', pid: child.pid });

  function readLine(bytes: Uint8Array): void {
    const text = decodeUtf8(bytes);
    if (text === undefined) {
      log({ type: 'line-skipped', reason: 'encoding', length: bytes.length });
      withhold(Buffer.from(bytes).toString('latin1'));
      return;
    }
    if (text.trim() === '') return;
    const read = readJsonRpcText(text);
    if (read.ok) {
      route(read.message);
      return;
    }
    log({ type: 'line-skipped', reason: read.refusal.reason, length: bytes.length });
    withhold(text);
  }

  function route(message: JsonRpcMessage): void {
    switch (message.kind) {
      case 'response':
        if (!calls.settle(message.value['id'], { kind: 'reply', message })) {
          log({ type: 'reply-unmatched' });
        }
        return;
      case 'request':
        if (message.method === 'ping') send(resultLine(message));
        else events.onRequest(message);
        return;
      case 'notification':
        routeNotification(message);
        return;
      default:
        message.kind satisfies never;
    }
  }

  function routeNotification(message: JsonRpcMessage): void {
    const { method, params } = message;
    const subscription = subscriptionOf(message);
    const key =
      method === 'notifications/progress'
        ? params?.['progressToken']
        : // 2026: the process itself ends a subscription by cancelling its request.
          (subscription ?? (method === 'notifications/cancelled' && params?.['requestId']));
    if (calls.relate(key, message)) return;
    if (method === 'notifications/progress' || subscription !== undefined) {
      log({ type: 'message-dropped', method: method ?? '', reason: 'no-receiver' });
      return;
    }
    events.onNotification(message);
  }

  /** Fails the call that an unreadable line names as its own. Keys are unguessable. */
  function withhold(text: string): void {
    for (const match of text.matchAll(/"id"\s*:\s*"([0-9a-f-]{36})"/g)) {
      if (calls.settle(match[1], { kind: 'unreadable' })) return;
    }
  }

  function send(text: string, method = 'response'): void {
    if (child.write(toLine(text), true) !== 'full') return;
    log({ type: 'message-dropped', method, reason: 'queue-full' });
  }

  function cancel(key: string): void {
    send(
      JSON.stringify({
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId: key },
      }),
    );
  }

  function call(request: CallRequest): Call | 'full' | 'gone' {
    // Clients of the 2025 era may leave without ending what they asked for.
    if (calls.size > HELD_PER_QUEUED * settings.maxQueuedBytes) return 'full';
    const opened = calls.open(request);
    const result = child.write(toLine(request.text(opened.key)));
    if (result === 'written') return opened;
    opened.forget();
    return result;
  }

  function askText(
    method: string,
    text: (key: string) => string,
    patience: Patience = 'none',
  ): Promise<CallOutcome> {
    return new Promise((resolve) => {
      const asked = call({ method, text, settle: resolve, patience: () => patience });
      if (typeof asked === 'string') resolve({ kind: 'lost' });
    });
  }

  let hasExited = false;
  const exited = child.exited.then((exit) => {
    hasExited = true;
    calls.settleAll({ kind: 'lost' });
    return exit;
  });

  return {
    pid: child.pid,
    exited,
    get hasExited() {
      return hasExited;
    },
    get pending() {
      return calls.count;
    },
    call,
    ask: (method, params) => askText(method, requestText(method, params)),
    askText,
    cancel,
    send,
    async stop() {
      calls.settleAll({ kind: 'closed' });
      await child.stop();
    },
  };
}

/** A request as {@link CallRequest} wants it: `key` is its id. */
export function requestText(
  method: string,
  params: Readonly<Record<string, unknown>>,
): CallRequest['text'] {
  return (key) => JSON.stringify({ jsonrpc: '2.0', id: key, method, params });
}

/** −32601 to the process: this client cannot be asked. */
export function refusalLine(request: JsonRpcMessage): string {
  return errorText({ code: METHOD_NOT_FOUND, id: request.id });
}

function resultLine(request: JsonRpcMessage): string {
  return `{"jsonrpc":"2.0","id":${request.id?.text ?? 'null'},"result":{}}`;
}
