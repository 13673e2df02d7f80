/**
 * Gives every message of one server stream to whom it belongs: answers to the requests that wait
 * for them, everything else to the session's own stream.
 */

import { type JsonRpcMessage, readJsonRpcText } from '../mcp/json-rpc.ts';
import { idKey } from '../session/traffic.ts';
import type { Outbox } from '../stream/outbox.ts';
import type { Exchange } from './pending-answer.ts';
import type { SseSettings } from './sse-options.ts';

/** A request whose answer is owed to one HTTP exchange. */
export interface Waiter {
  readonly exchange: Pick<Exchange, 'canStream' | 'deliver' | 'finish' | 'fail'>;
  /** JSON of the progress token that the client chose. */
  readonly progress: string | undefined;
  /** The connection broke before the answer came. */
  readonly onLost: () => void;
}

export interface SseRouter {
  readonly waiting: number;
  /** False: a request with this id, or too many of them, wait already. */
  expect(idText: string, waiter: Waiter): boolean;
  /** Ends the wait for an answer; undefined when nobody waits. */
  take(idText: string): Waiter | undefined;
  /**
   * The client has left, and the server goes on: only the id is kept, for an answer that is nobody's,
   * and no longer than an answer may take.
   */
  disown(idText: string, exchange: Waiter['exchange']): void;
  /** Sets the stream for everything else, and gives it what came while there was none. */
  attach(outbox: Outbox | undefined): void;
  /** Routes one message. A promise: the reader of the stream is behind; wait for it. */
  route(text: string): Promise<void> | undefined;
  /** The connection is gone: nobody's answer will come. */
  lose(): void;
}

/** Requests that wait in one session at most. */
const MAX_WAITING = 1000;
/** What is kept for a client that has not opened its stream yet. */
const MAX_BACKLOG = 256;
const MAX_BACKLOG_LENGTH = 1024 * 1024;
/** Milliseconds for which a client may leave its stream unread while answers wait behind it. */
const PATIENCE = 5000;

/** Waits in the place of a client that has left. */
const NOBODY: Waiter = {
  exchange: {
    canStream: false,
    deliver: () => 'unwanted',
    finish: () => undefined,
    fail: () => undefined,
  },
  progress: undefined,
  onLost: () => undefined,
};

/** @param keepsAnswers answers that nobody waits for belong to the stream (the transport of 2024) */
export function createSseRouter(settings: SseSettings, keepsAnswers: boolean): SseRouter {
  const waiters = new Map<string, Waiter>();
  let main: Outbox | undefined;
  let backlog: string[] = [];
  let backlogLength = 0;
  let isBehind = false;
  let patience: ReturnType<typeof setTimeout> | undefined;

  const watch = (): void => {
    if (!isBehind || waiters.size === 0 || patience !== undefined) return;
    patience = setTimeout(() => {
      settings.onNotice({ type: 'stream-abandoned' });
      main?.abandon();
    }, PATIENCE);
  };
  const wait = async (room: Promise<void>): Promise<void> => {
    isBehind = true;
    watch();
    await room;
    isBehind = false;
    clearTimeout(patience);
    patience = undefined;
  };
  const keep = (text: string): void => {
    backlog.push(text);
    backlogLength += text.length;
    while (backlog.length > MAX_BACKLOG || backlogLength > MAX_BACKLOG_LENGTH) {
      backlogLength -= backlog.shift()?.length ?? 0;
      settings.onNotice({ type: 'message-dropped' });
    }
  };
  const toMain = (text: string): Promise<void> | undefined => {
    const room = main?.push(text);
    return room === undefined ? undefined : wait(room);
  };

  /** True when a request waited for it. */
  const settle = (idText: string, text: string): boolean => {
    const key = idKey(idText);
    const waiter = waiters.get(key);
    waiters.delete(key);
    waiter?.exchange.finish(text);
    return waiter !== undefined;
  };
  /** True when it went to the request that it is about, or to one that may well be it. */
  const toRequest = (message: JsonRpcMessage): boolean => {
    const all = [...waiters.values()].reverse();
    const isProgress = message.method === 'notifications/progress';
    const token = isProgress ? JSON.stringify(message.params?.['progressToken']) : undefined;
    if (!isProgress && main !== undefined) return false;
    const waiter = all.find(
      ({ exchange, progress }) => exchange.canStream && (!isProgress || progress === token),
    );
    return waiter?.exchange.deliver(message.text) === 'delivered';
  };

  return {
    get waiting() {
      return waiters.size;
    },
    expect(idText, waiter) {
      const key = idKey(idText);
      if (waiters.has(key) || waiters.size >= MAX_WAITING) return false;
      waiters.set(key, waiter);
      watch();
      return true;
    },
    take(idText) {
      const key = idKey(idText);
      const waiter = waiters.get(key);
      waiters.delete(key);
      return waiter;
    },
    disown(idText, exchange) {
      const key = idKey(idText);
      if (waiters.get(key)?.exchange !== exchange) return;
      const nobody = { ...NOBODY };
      waiters.set(key, nobody);
      const giveUp = (): void => {
        if (waiters.get(key) === nobody) waiters.delete(key);
      };
      // Where timers keep nothing alive, they are numbers.
      (setTimeout(giveUp, settings.headersTimeout) as { unref?: () => void }).unref?.();
    },
    attach(outbox) {
      main?.close();
      main = outbox;
      if (outbox === undefined) return;
      for (const text of backlog) outbox.push(text);
      backlog = [];
      backlogLength = 0;
    },
    route(text) {
      const read = readJsonRpcText(text);
      if (!read.ok) {
        // An answer that has several readings is still the answer; what may pass is judged later.
        const id = couldBeAnswer(text) ? read.refusal.id : undefined;
        return id !== undefined && settle(id.text, text) ? undefined : toMain(text);
      }
      const { message } = read;
      if (message.kind === 'response') {
        if (settle(message.id?.text ?? '', text)) return undefined;
        if (keepsAnswers) return toMain(text);
        settings.onNotice({ type: 'message-dropped' });
        return undefined;
      }
      if (!keepsAnswers && toRequest(message)) return undefined;
      if (main !== undefined) return toMain(text);
      keep(text);
      return undefined;
    },
    lose() {
      const lost = [...waiters.values()];
      waiters.clear();
      for (const waiter of lost) waiter.onLost();
    },
  };
}

function couldBeAnswer(text: string): boolean {
  return /"(?:result|error)"\s*:/.test(text);
}
