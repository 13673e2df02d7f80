/** Keeps clients' sessions alive when the server behind loses them, as it does when it is restarted. */

import { isProxyError } from '../errors.ts';
import { readResult } from '../hints/read-result.ts';
import { type Answer, discard, isSuccess } from '../http/answer.ts';
import { Fields } from '../http/fields.ts';
import { isRecord } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import { quietly } from '../quietly.ts';
import { createLostSessions } from '../session/lost-sessions.ts';
import { createPatience } from './patience.ts';
import { createRecoveryBook, type RecoverableSession } from './recovery-book.ts';
import { isHarmless } from './replay.ts';
import { type JudgedAnswer, judgeAnswer } from './session-loss.ts';
import { INITIALIZED } from './session-memory.ts';
import type { Upstream, UpstreamContext } from './upstream.ts';

export interface RecoveryOptions {
  /** Milliseconds for which callers wait for a server that refuses connections. Default 3000. */
  readonly patience?: number;
  /** Sessions remembered; the least recently used are forgotten first. Default 10,000. */
  readonly maxSessions?: number;
  /** Bytes remembered of all sessions together. Default 16 MiB. */
  readonly maxBytes?: number;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** Told when a session was begun anew. */
  readonly onRenewed?: () => void;
}

const HEADER = 'mcp-session-id';
/** Milliseconds for the answer to a repeated `initialize`, and bytes of it. */
const GREETING_TIMEOUT = 30_000;
const MAX_GREETING = 1024 * 1024;

/**
 * Wraps the upstream of a streamable HTTP server.
 *
 * When the server has forgotten a session that began here, the session is begun anew with the
 * client's own `initialize`, its subscriptions and its log level, behind the id that the client
 * knows; the request is sent once more, because the server has not read it. A request of which
 * nobody knows whether it was read is sent again only when it does no more than read: `tools/call`
 * never runs twice. Sessions that began elsewhere end with the server's own 404.
 */
export function createRecoveringUpstream(
  upstream: Upstream,
  options: RecoveryOptions = {},
): Upstream {
  const now = options.now ?? Date.now;
  const send = createPatience({ patience: options.patience ?? 3000, now });
  const book = createRecoveryBook({
    maxSessions: options.maxSessions ?? 10_000,
    maxBytes: options.maxBytes ?? 16 * 1024 * 1024,
  });

  const lost = createLostSessions({ now, onOver: (clientId) => book.forget(clientId) });
  const tellRenewed = quietly(options.onRenewed ?? (() => undefined));

  /** Sends, twice if need be and if it does no harm. */
  const ask = async (message: McpMessage, context: UpstreamContext): Promise<Answer> => {
    const attempt = (): Promise<Answer> =>
      send(() => upstream.handle(message, context), context.signal);
    return attempt().catch((error: unknown) => {
      if (context.signal.aborted || !isBrokenOff(error) || !isHarmless(message.method)) throw error;
      return attempt();
    });
  };

  /** True when the server knows the session again, by whatever id. */
  const renew = (
    session: RecoverableSession,
    lostId: string,
    context: UpstreamContext,
  ): Promise<boolean> => {
    // Somebody else has seen to it meanwhile.
    if (session.serverId !== lostId) return Promise.resolve(true);
    if (session.endings > 0) return Promise.resolve(false);
    session.renewing ??= begin(session, context)
      .catch(() => false)
      .finally(() => {
        session.renewing = undefined;
      });
    return session.renewing;
  };

  const begin = async (
    session: RecoverableSession,
    { identity, headers }: UpstreamContext,
  ): Promise<boolean> => {
    const initialize = session.memory.beginAnew(now());
    if (initialize === undefined) return false;
    // For all requests that wait, so no single one may abort it.
    const signal = AbortSignal.timeout(GREETING_TIMEOUT);
    const tell = (message: McpMessage, sessionId?: string): Promise<Answer> =>
      upstream.handle(message, {
        identity,
        sessionId,
        headers: greetingHeaders(headers, sessionId),
        signal,
      });
    const response = await tell(initialize);
    const serverId = response.headers.get(HEADER);
    if (!isSuccess(response) || serverId === null) {
      discard(response);
      return false;
    }
    const result = await readResult(response, initialize, { maxBytes: MAX_GREETING, signal });
    // The client goes on in the revision that it was told at first.
    const agreed = headers.get('mcp-protocol-version');
    if (agreed !== null && isRecord(result) && result['protocolVersion'] !== agreed) return false;
    for (const message of [INITIALIZED, ...session.memory.interests()]) {
      discard(await tell(message, serverId));
    }
    session.serverId = serverId;
    session.hasOldEvents = true;
    tellRenewed();
    return true;
  };

  const request = async (
    message: McpMessage,
    context: UpstreamContext,
    session: RecoverableSession,
  ): Promise<Answer> => {
    const attempt = (): Promise<Answer> => ask(message, inSession(session, context));
    const lostId = session.serverId;
    const first = await attempt();
    const judged = await judgeAnswer(first, context.signal, message);
    if (!(await comesBack(judged, session, lostId, context))) return judged.response;
    return attempt();
  };

  /** True when the session was lost and could be begun anew, so that it may be asked again. */
  const comesBack = async (
    { isLost }: JudgedAnswer,
    session: RecoverableSession,
    lostId: string,
    context: UpstreamContext,
  ): Promise<boolean> => {
    if (isLost && !(await renew(session, lostId, context))) {
      lost.mark(session.clientId);
      context.onSessionLost?.();
      return false;
    }
    lost.clear(session.clientId);
    return isLost;
  };

  /** What is lost with its session is of no use to a new one, and no sign that that is lost, too. */
  const tell = async (
    message: McpMessage,
    context: UpstreamContext,
    session: RecoverableSession,
  ): Promise<Answer> => {
    const response = await send(
      () => upstream.handle(message, inSession(session, context)),
      context.signal,
    );
    const judged = await judgeAnswer(response, context.signal);
    return judged.isLost ? emptyAnswer(202) : judged.response;
  };

  const find = ({ sessionId, identity }: UpstreamContext): RecoverableSession | undefined =>
    sessionId === undefined ? undefined : book.find(sessionId, identity);

  return {
    ...upstream,
    async handle(message, context) {
      const session = find(context);
      if (session === undefined) {
        const response = await ask(message, context);
        const begun = message.method === 'initialize' ? response.headers.get(HEADER) : null;
        if (begun !== null && isSuccess(response)) book.begin(begun, message, context.identity);
        return response;
      }
      if (message.kind !== 'request') return named(await tell(message, context, session), session);
      const response = await request(message, context, session);
      if (isSuccess(response)) book.note(session, message);
      return named(response, session);
    },
    async stream(context) {
      const session = find(context);
      const attempt = (): Promise<Answer> =>
        send(() => upstream.stream(inSession(session, context)), context.signal);
      if (session === undefined) return attempt();
      const lostId = session.serverId;
      const first = await attempt();
      if (session.isStreamless && first.status === 404) return named(first, session);
      const judged = await judgeAnswer(first, context.signal);
      const isBack = await comesBack(judged, session, lostId, context);
      const response = isBack ? await attempt() : judged.response;
      session.isStreamless = isBack && response.status === 404;
      return named(response, session);
    },
    async endSession(context) {
      const session = find(context);
      if (session === undefined) return upstream.endSession(context);
      session.endings += 1;
      let hasEnded = false;
      try {
        // What is being begun anew has to be ended as well, by the id that it gets.
        await session.renewing;
        const response = await upstream.endSession(inSession(session, context));
        const judged = await judgeAnswer(response, context.signal);
        hasEnded = judged.isLost || isSuccess(response);
        if (hasEnded) book.forget(session.clientId);
        // A session that is gone has ended, which is what was asked for.
        return judged.isLost ? emptyAnswer(204) : named(judged.response, session);
      } finally {
        if (!hasEnded) session.endings -= 1;
      }
    },
  };
}

/** The request with the id that the server knows. */
function inSession(
  session: RecoverableSession | undefined,
  context: UpstreamContext,
): UpstreamContext {
  if (session === undefined || session.serverId === session.clientId) return context;
  const headers = new Headers(context.headers);
  headers.set(HEADER, session.serverId);
  if (session.hasOldEvents && headers.has('last-event-id')) {
    headers.delete('last-event-id');
    session.hasOldEvents = false;
  }
  return { ...context, sessionId: session.serverId, headers };
}

/** The answer with the id that the client knows, whichever the server gave it meanwhile. */
function named(answer: Answer, { clientId }: RecoverableSession): Answer {
  const name = answer.headers.get(HEADER);
  if (name === null || name === clientId) return answer;
  const headers = Fields.from(answer.headers);
  headers.set(HEADER, clientId);
  return { status: answer.status, headers, body: answer.body };
}

function emptyAnswer(status: number): Answer {
  return { status, headers: new Fields(), body: null };
}

function greetingHeaders(original: Headers, sessionId: string | undefined): Headers {
  const headers = new Headers(original);
  for (const name of ['last-event-id', 'content-type', HEADER]) headers.delete(name);
  headers.set('accept', 'application/json, text/event-stream');
  if (sessionId === undefined) headers.delete('mcp-protocol-version');
  else headers.set(HEADER, sessionId);
  return headers;
}

/** The connection was lost before an answer came; a timeout is no loss: the server may be at it. */
function isBrokenOff(error: unknown): boolean {
  return isProxyError(error) && error.code === 'ERR_PROXY_UPSTREAM_UNREACHABLE';
}
