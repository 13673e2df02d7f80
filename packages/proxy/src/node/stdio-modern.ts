/** Clients of the 2026 revision on a shared server: natively where it can be, else translated. */

import type { Answer } from '../http/answer.ts';
import { createFairPlaces, type FairPlaces } from '../limit/fair-places.ts';
import { isRecord, type JsonRpcMessage } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import * as answers from '../upstream/answers.ts';
import type { UpstreamContext } from '../upstream/upstream.ts';
import { type ForwardOptions, forwardRequest } from './stdio-forward.ts';
import { createInterests, type Interests, isLogLevel, type Listener } from './stdio-interests.ts';
import { createSubscriptions, isWished, wishOf } from './stdio-listen.ts';
import { createNativeServer } from './stdio-native.ts';
import type { StdioSettings } from './stdio-options.ts';
import { ownerOf } from './stdio-session.ts';
import { isUnavailable, type LiveServer, type Supervisor } from './stdio-supervisor.ts';
import {
  CLIENT_CAPABILITIES,
  createTranslator,
  isTranslatable,
  LOG_LEVEL,
  requestEdits,
  type Translator,
} from './stdio-translate.ts';

export interface ModernSide {
  handle(message: McpMessage, context: UpstreamContext): Promise<Answer>;
  /** The subscriptions that opted in to a notification of the 2025 process. */
  wantChange(method: string): readonly Listener[];
  /** Delivers a notification of a 2025 process that has no other clients. */
  hear(notice: JsonRpcMessage): void;
  /** True while a request is under way or a subscription is open. */
  readonly isBusy: boolean;
  close(): Promise<void>;
}

export interface ModernSideOptions {
  readonly settings: StdioSettings;
  /** Keeps the process that speaks a 2025 revision. */
  readonly supervisor: Supervisor;
  /** What the clients of that process listen to. */
  readonly interests: Interests;
  /** True while a log line can only be about the one user there is. */
  readonly isPrivate: () => boolean;
  /** The 2025 process has no other clients, so it is started only if there is need. Default false. */
  readonly isAlone?: boolean;
}

export function createModernSide(options: ModernSideOptions): ModernSide {
  const { settings, supervisor, interests, isPrivate, isAlone = false } = options;
  const nativeInterests = createInterests();
  const native = createNativeServer({
    settings,
    onNotification(notice) {
      const isLog = notice.method === 'notifications/message';
      const ears = isLog && isPrivate() ? nativeInterests.wantLog(notice.params?.['level']) : [];
      if (ears.length === 0) {
        const method = notice.method ?? '';
        settings.log({ type: 'message-dropped', method, reason: 'unroutable' });
      }
      // A log line names no request; of those that asked the newest is the likeliest.
      ears.at(-1)?.hear(notice);
    },
  });
  const places = createFairPlaces(settings.maxSessions);
  const subscriptions = createSubscriptions({
    ...{ settings, interests, places },
    connection: () => supervisor.live?.connection,
  });
  const translators = new WeakMap<LiveServer, Translator>();

  function forwardNatively(
    message: McpMessage,
    context: UpstreamContext,
    { connection }: LiveServer,
  ): Promise<Answer> {
    // The process reads the log level itself.
    const logs = listenToLog({ message, context }, nativeInterests, undefined);
    const options = { message, context, connection, settings, session: undefined, ...logs };
    return message.method === 'subscriptions/listen'
      ? listenNatively(options, places)
      : forwardRequest(options);
  }

  async function translate(
    message: McpMessage,
    context: UpstreamContext,
    server: LiveServer,
  ): Promise<Answer> {
    const translator = translators.get(server) ?? createTranslator(server.greeting.reply);
    translators.set(server, translator);
    if (message.method === 'server/discover') {
      return answers.answerJson(translator.discover(message.id));
    }
    if (message.method === 'subscriptions/listen') {
      return subscriptions.listen(message, context, server);
    }
    if (!isTranslatable(message.method)) {
      return answers.answerFailure(answers.NO_SUCH_METHOD_2026, message.id);
    }
    const { connection, greeting } = server;
    const canLog = isRecord(greeting.capabilities['logging']);
    return forwardRequest({
      ...{ message, context, connection, settings, session: undefined },
      edits: requestEdits(message),
      translate: translator.reply,
      ...(canLog && listenToLog({ message, context }, interests, connection)),
    });
  }

  /** The answer of the process that speaks a 2025 revision, or that refused to. */
  async function askOld(message: McpMessage, context: UpstreamContext): Promise<Answer> {
    const server = await supervisor.acquire();
    if (isUnavailable(server)) {
      return answers.answerFailure(answers.unavailable(server.retryAfter), message.id);
    }
    // It has refused the handshake: a process of the 2026 revision only.
    if (server.greeting.version === undefined) return forwardNatively(message, context, server);
    const isAbsent = !native.isKnown && (await native.acquire()) === 'absent';
    return isAbsent ? translate(message, context, server) : askNative(message, context);
  }

  async function askNative(message: McpMessage, context: UpstreamContext): Promise<Answer> {
    const server = await native.acquire();
    if (server === 'absent') return askOld(message, context);
    if (!isUnavailable(server)) return forwardNatively(message, context, server);
    return answers.answerFailure(answers.unavailable(server.retryAfter), message.id);
  }

  function hear(notice: JsonRpcMessage): void {
    const { method = '', params } = notice;
    let ears: readonly Listener[] = subscriptions.wantChange(method);
    if (method === 'notifications/message') ears = interests.wantLog(params?.['level']).slice(-1);
    if (method === 'notifications/resources/updated')
      ears = interests.wantResource(params?.['uri']);
    for (const listener of ears) listener.hear(notice);
  }

  return {
    async handle(message, context) {
      // Cancelling is done by closing the stream; nothing else is a client's to notify of.
      if (message.kind !== 'request') return answers.answerAccepted();
      if (!hasEnvelope(message)) return answers.answerFailure(answers.NO_ENVELOPE, message.id);
      // With other clients the 2025 process is there already, and may be all that there is.
      return native.isKnown || isAlone ? askNative(message, context) : askOld(message, context);
    },
    hear,
    get isBusy() {
      const pending = (supervisor.live?.connection.pending ?? 0) + native.pending;
      return pending > 0 || subscriptions.isOpen;
    },
    wantChange: subscriptions.wantChange,
    async close() {
      subscriptions.close();
      await native.close();
    },
  };
}

/** A subscription lasts, so it takes a place; the process keeps it, and may say more than was asked. */
async function listenNatively(options: ForwardOptions, places: FairPlaces): Promise<Answer> {
  const { message, context, onBegin } = options;
  const owner = ownerOf(context);
  let giveWay: () => void = () => undefined;
  const holder = { giveWay: (): void => giveWay() };
  if (context.signal.aborted) return answers.answerFailure(answers.CLIENT_GONE, message.id);
  if (!places.take(owner, holder)) {
    return answers.answerFailure(answers.TOO_MANY_SUBSCRIPTIONS, message.id);
  }
  const wish = wishOf(message);
  return forwardRequest({
    ...options,
    admits: (notice) => isWished(wish, notice),
    onBegin(running) {
      giveWay = () => running.abandon(answers.TOO_MANY_SUBSCRIPTIONS);
      const end = onBegin?.(running);
      return () => {
        places.leave(owner, holder);
        end?.();
      };
    },
  });
}

/** Over HTTP the transport is to refuse a request without what the revision demands of each. */
function hasEnvelope(message: McpMessage): boolean {
  const meta = message.params?.['_meta'];
  if (!isRecord(meta) || !isRecord(meta[CLIENT_CAPABILITIES])) return false;
  return meta[LOG_LEVEL] === undefined || isLogLevel(meta[LOG_LEVEL]);
}

/** 2026-07-28: each request names the log level that it wants to hear, or hears nothing. */
function listenToLog(
  { message, context }: Pick<ForwardOptions, 'message' | 'context'>,
  interests: Interests,
  connection: LiveServer['connection'] | undefined,
): Pick<ForwardOptions, 'onBegin'> {
  const meta = message.params?.['_meta'];
  const level = isRecord(meta) ? meta[LOG_LEVEL] : undefined;
  if (typeof level !== 'string') return {};
  return {
    onBegin({ deliver }) {
      const listener: Listener = {
        owner: ownerOf(context),
        hasEnded: false,
        hear: ({ text }: JsonRpcMessage) => deliver(text),
      };
      interests.listenToLog(level, listener, connection);
      return () => interests.release(listener, connection);
    },
  };
}
