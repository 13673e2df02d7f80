/** One client of a 2024-transport server: a connection of its own, renewed when the server loses it. */

import type { Answer } from '../http/answer.ts';
import { INTERNAL_ERROR, isRecord } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import { createOutbox, type Outbox } from '../stream/outbox.ts';
import * as answers from './answers.ts';
import { createExchange, type Exchange, listsMediaType } from './pending-answer.ts';
import { isHarmless, wasNeverSent } from './replay.ts';
import { INITIALIZED, type SessionMemory } from './session-memory.ts';
import type { Sender, SseConnection } from './sse-connection.ts';
import { greet } from './sse-greeting.ts';
import type { SseSettings } from './sse-options.ts';
import { createSseRouter, type SseRouter } from './sse-router.ts';
import type { UpstreamContext } from './upstream.ts';

export interface SseSession {
  readonly id: string;
  /** True for a client that speaks the transport of 2024 itself. */
  readonly isLegacy: boolean;
  /** True while the connection to the server is open. */
  readonly isLive: boolean;
  /** True while a stream is open or an answer is owed. */
  readonly isBusy: boolean;
  /** Sends a request; its answer is the response. */
  request(message: McpMessage, context: UpstreamContext): Promise<Answer>;
  /** Sends what is not answered on this way; gives the status for whoever sent it. */
  tell(message: McpMessage, context: UpstreamContext): Promise<number>;
  /** Opens the stream for everything that answers no request; the one before it ends. */
  open(): Response;
  end(): void;
}

export interface SseSessionOptions {
  readonly id: string;
  readonly settings: SseSettings;
  readonly connection: SseConnection;
  /** Messages that came while the session was begun. */
  readonly early: readonly string[];
  /** How the session began; undefined for a client that speaks the transport of 2024 itself. */
  readonly memory: SessionMemory | undefined;
  /** The revision that was agreed on. */
  readonly version: string | undefined;
  /** Opens a connection to the server, after a while if need be. */
  readonly connect: (sender: Sender) => Promise<SseConnection>;
  /** It has ended, and cannot be renewed. */
  readonly onEnd: () => void;
}

/** Characters that wait for a client before its server is made to wait. */
const ROOM = 256 * 1024;

/** Begins to serve a connection. */
export function createSseSession(options: SseSessionOptions): SseSession {
  const { settings, memory } = options;
  const router = createSseRouter(settings, memory === undefined);
  let connection: SseConnection | undefined;
  let outbox: Outbox | undefined;
  let hasEnded = false;
  let renewing: Promise<SseConnection> | undefined;

  const end = (): void => {
    if (hasEnded) return;
    hasEnded = true;
    connection?.close();
    outbox?.close();
    router.lose();
    options.onEnd();
  };
  const serve = (opened: SseConnection, early: readonly string[]): void => {
    connection = opened;
    const lost = (): void => {
      opened.close();
      if (connection === opened) connection = undefined;
      router.lose();
      // Its client knows only this one connection, and finds out by the end of its stream.
      if (memory === undefined) end();
    };
    pump(opened, router, early).then(lost, lost);
  };
  serve(options.connection, options.early);

  const renew = async ({ headers }: UpstreamContext): Promise<SseConnection> => {
    // For everybody who waits, so no single request may abort it; every step has its own time.
    const context: Sender = { headers, signal: new AbortController().signal };
    if (hasEnded) throw new SessionGone();
    // A server that cannot be reached has not been asked for anything, so this comes first.
    const opened = await options.connect(context);
    try {
      const initialize = hasEnded ? undefined : memory?.beginAnew(settings.now());
      if (initialize === undefined) throw new SessionGone();
      const greeting = await greet(opened, initialize, {
        context,
        timeout: settings.headersTimeout,
      });
      // The client goes on as it was told at first, so the server must agree to the same.
      if (greeting.version !== options.version || hasEnded) throw new SessionGone();
      await opened.post(INITIALIZED, context);
      if (hasEnded) throw new SessionGone();
      serve(opened, greeting.early);
      for (const interest of memory?.interests() ?? []) await opened.post(interest, context);
    } catch (error) {
      opened.close();
      throw error;
    }
    settings.onNotice({ type: 'session-renewed' });
    return opened;
  };
  const connected = async (context: UpstreamContext): Promise<SseConnection> => {
    if (connection?.isOpen === true) return connection;
    renewing ??= renew(context).finally(() => {
      renewing = undefined;
    });
    return renewing;
  };

  const deliver = async (errand: Errand, mayRepeat: boolean): Promise<void> => {
    const { exchange, idText, context } = errand;
    const opened = await connected(context);
    if (errand.message === undefined) return exchange.fail(answers.LOST);
    const lost = Promise.withResolvers<'lost'>();
    const onLost = (): void => lost.resolve('lost');
    const waiter = { exchange, progress: progressOf(errand.message), onLost };
    if (!router.expect(idText, waiter)) return exchange.fail(answers.BUSY);
    memory?.note(errand.message);
    const repeat = (): Promise<void> => {
      router.take(idText);
      opened.close();
      return deliver(errand, false);
    };
    const sent = opened.post(errand.message, context).catch((error: unknown) => {
      if (wasNeverSent(error)) return 404;
      router.take(idText);
      throw error;
    });
    // It is of interest below; here it is only not unhandled.
    sent.catch(() => undefined);
    const status = await Promise.race([sent, lost.promise.then(() => atMost(sent, FATE_KNOWN_IN))]);
    if (status === 404 && mayRepeat) return repeat();
    if (typeof status === 'number' && status >= 300) {
      router.take(idText);
      return exchange.fail({ ...REFUSED, status });
    }
    if (!mayRepeat || !isWorthKeeping(errand.message)) errand.message = undefined;
    await lost.promise;
    if (errand.message !== undefined) return repeat();
    exchange.fail(answers.LOST);
  };

  return {
    id: options.id,
    isLegacy: memory === undefined,
    get isLive() {
      return connection?.isOpen === true;
    },
    get isBusy() {
      return outbox !== undefined || router.waiting > 0;
    },
    request(message, context) {
      const accept = context.headers.get('accept');
      const { keepAlive } = settings;
      const idText = message.id?.text ?? '';
      const leave = (): void => {
        // Else clients that come and go would fill the memory with what they asked for.
        router.disown(idText, exchange);
        exchange.fail(answers.CLIENT_GONE);
      };
      const exchange = createExchange({
        id: message.id,
        accept,
        maxStreamBytes: 4 * ROOM,
        keepAlive,
        onCancel: leave,
      });
      context.signal.addEventListener('abort', leave, { once: true });
      const errand: Errand = { message, context, exchange, idText };
      return new Promise((resolve, reject) => {
        // Who takes no event stream gets no sign of life meanwhile, and waits only so long.
        const timer = listsMediaType(accept, 'text/event-stream')
          ? undefined
          : setTimeout(() => {
              router.take(idText);
              exchange.fail(answers.TIMED_OUT);
            }, settings.headersTimeout);
        // Never rejected.
        void exchange.response.then((response) => {
          clearTimeout(timer);
          resolve(response);
        });
        deliver(errand, true).catch((error: unknown) => {
          if (error instanceof SessionGone) {
            exchange.fail(answers.SESSION_UNKNOWN);
            end();
            return;
          }
          reject(error);
          exchange.fail(answers.LOST);
        });
      });
    },
    async tell(message, context) {
      if (connection?.isOpen !== true) {
        // What it is about was lost with the connection; the session itself may be renewed.
        return memory?.initialize === undefined ? 404 : 202;
      }
      const status = await connection.post(message, context);
      const cancelled =
        message.method === 'notifications/cancelled' ? cancelledId(message) : undefined;
      if (cancelled !== undefined) router.take(cancelled)?.exchange.fail(answers.CANCELLED);
      return status < 300 ? 202 : status;
    },
    open() {
      const { keepAlive } = settings;
      const own = createOutbox({
        room: ROOM,
        keepAlive,
        onEnd: () => {
          if (outbox !== own) return;
          outbox = undefined;
          router.attach(undefined);
          if (memory === undefined) end();
        },
      });
      outbox = own;
      router.attach(own);
      if (hasEnded) own.close();
      return new Response(own.body, { status: 200, headers: STREAM_HEADERS });
    },
    end,
  };
}

/** A request on its way, and whose it is. */
interface Errand {
  /** Let go as soon as it will not be sent again: its answer may take for ever. */
  message: McpMessage | undefined;
  readonly context: UpstreamContext;
  readonly exchange: Exchange;
  readonly idText: string;
}

/** Bytes of a request that is kept until it is answered. */
const MAX_KEPT = 64 * 1024;

/** True for what may be sent again when its answer was lost. */
function isWorthKeeping({ method, raw }: McpMessage): boolean {
  return isHarmless(method) && raw.byteLength <= MAX_KEPT;
}

/** Nothing can continue the session: its client has to begin a new one. */
class SessionGone extends Error {
  override readonly name: string = 'SessionGone';
}

/** Milliseconds after the loss of a stream within which it shows whether a message was read at all. */
const FATE_KNOWN_IN = 2000;

async function atMost<T>(promise: Promise<T>, milliseconds: number): Promise<T | 'unknown'> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<'unknown'>((resolve) => {
    timer = setTimeout(() => resolve('unknown'), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The server refused the message itself; its status is passed on. */
const REFUSED = { status: 502, code: INTERNAL_ERROR, message: 'Upstream refused the message' };

const STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
} as const;

/** Reads a connection to its end, no faster than its client does. */
async function pump(
  connection: SseConnection,
  router: SseRouter,
  early: readonly string[],
): Promise<void> {
  for (const text of early) await router.route(text);
  for (;;) {
    const text = await connection.next();
    if (text === undefined) return;
    await router.route(text);
  }
}

function progressOf(message: McpMessage): string | undefined {
  const meta = message.params?.['_meta'];
  return isRecord(meta) ? JSON.stringify(meta['progressToken']) : undefined;
}

function cancelledId(message: McpMessage): string | undefined {
  const span = message.spans.get('params.requestId');
  return span === undefined ? undefined : message.text.slice(span.start, span.end);
}
