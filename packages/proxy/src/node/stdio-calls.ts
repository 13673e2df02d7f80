/** Requests that the process has been asked and has not yet answered. */

import { randomUUID } from 'node:crypto';
import type { JsonRpcMessage } from '../mcp/json-rpc.ts';

/** How a request to the process ended. */
export type CallOutcome =
  | { readonly kind: 'reply'; readonly message: JsonRpcMessage }
  /** It was answered with a line that cannot be read strictly. */
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'timeout' }
  /** The process is gone. */
  | { readonly kind: 'lost' }
  /** The upstream is being closed. */
  | { readonly kind: 'closed' };

/** What becomes of a silent call: it ends, it gets another period of its life, or it lasts for ever. */
export type Patience = 'none' | 'period' | 'endless';

/** One request to the process. */
export interface CallRequest {
  readonly method: string;
  /** The request's line; `key` is its id and progress token. */
  readonly text: (key: string) => string;
  readonly settle: (outcome: CallOutcome) => void;
  /** A notification from the process that names this request: progress, or a subscription's. */
  readonly related?: (message: JsonRpcMessage) => void;
  /** Characters that are held in memory until it ends. Default 0. */
  readonly size?: number;
  /** Asked when time is up; see {@link Patience}. Default: `none`. */
  readonly patience?: () => Patience;
}

export interface Call {
  readonly key: string;
  /** Takes the call out of the table; an answer that still comes is nobody's. False: it had ended. */
  forget(): boolean;
  /** Puts something else in the place of what waits for the answer. False: it had ended. */
  replace(request: Omit<CallRequest, 'text' | 'size'>): boolean;
}

export interface CallTable {
  /** The sizes of all requests together. */
  readonly size: number;
  readonly count: number;
  open(request: CallRequest): Call;
  has(key: unknown): boolean;
  /** False when nobody waits for this answer. */
  settle(key: unknown, outcome: CallOutcome): boolean;
  /** False when the notification belongs to no request. */
  relate(key: unknown, message: JsonRpcMessage): boolean;
  settleAll(outcome: CallOutcome): void;
}

export interface CallTableOptions {
  /** Longest silence. Milliseconds. */
  readonly timeout: number;
  /** Longest life. Milliseconds. */
  readonly maxTimeout: number;
  readonly now: () => number;
  /** A call ran out of time and was settled. */
  readonly onTimeout: (key: string, method: string) => void;
}

interface Entry {
  request: Omit<CallRequest, 'text'>;
  readonly deadline: number;
  readonly timer: NodeJS.Timeout;
}

/** Characters as which the entry itself counts: of small requests there can be very many. */
const ENTRY = 1024;

/**
 * Creates an empty table.
 *
 * Keys are random, so that output of the process that a client may influence can never pass for
 * the answer to somebody else's request.
 */
export function createCallTable(options: CallTableOptions): CallTable {
  const entries = new Map<string, Entry>();
  let size = 0;

  const remove = (key: unknown): Entry | undefined => {
    // Only strings were ever put in; the process may have sent anything.
    const entry = entries.get(key as string);
    if (entry === undefined) return undefined;
    clearTimeout(entry.timer);
    entries.delete(key as string);
    size -= sizeOf(entry);
    return entry;
  };
  const replace = (key: string, request: Omit<CallRequest, 'text' | 'size'>): boolean => {
    const entry = entries.get(key);
    if (entry === undefined) return false;
    size -= sizeOf(entry);
    entry.request = request;
    size += sizeOf(entry);
    return true;
  };
  const settle = (key: unknown, outcome: CallOutcome): boolean => {
    const entry = remove(key);
    entry?.request.settle(outcome);
    return entry !== undefined;
  };
  const expire = (key: string): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    const patience = entry.request.patience?.() ?? 'none';
    if (patience === 'endless' || (patience === 'period' && options.now() < entry.deadline)) {
      entry.timer.refresh();
      return;
    }
    settle(key, { kind: 'timeout' });
    options.onTimeout(key, entry.request.method);
  };

  return {
    get size() {
      return size;
    },
    get count() {
      return entries.size;
    },
    open(request) {
      const key = randomUUID();
      const deadline = options.now() + options.maxTimeout;
      const timer = setTimeout(expire, Math.min(options.timeout, options.maxTimeout), key);
      // Its text is written by now, or never.
      const { text: _written, ...rest } = request;
      const opened: Entry = { request: rest, deadline, timer };
      entries.set(key, opened);
      size += sizeOf(opened);
      return { key, forget: () => remove(key) !== undefined, replace: (by) => replace(key, by) };
    },
    has: (key) => entries.has(key as string),
    settle,
    relate(key, message) {
      const entry = entries.get(key as string);
      if (entry === undefined) return false;
      if (options.now() < entry.deadline) entry.timer.refresh();
      entry.request.related?.(message);
      return true;
    },
    settleAll(outcome) {
      for (const key of [...entries.keys()]) settle(key, outcome);
    },
  };
}

function sizeOf({ request }: Entry): number {
  return ENTRY + (request.size ?? 0);
}
