/** A server that speaks HTTP+SSE (2024-11-05), for clients of that transport and of its successor. */

import { isProxyError } from '../errors.ts';
import type { Answer } from '../http/answer.ts';
import type { McpMessage } from '../mcp/message.ts';
import * as answers from './answers.ts';
import { createPatience } from './patience.ts';
import { listsMediaType } from './pending-answer.ts';
import { createSessionMemory } from './session-memory.ts';
import { openSseConnection, type Sender, type SseConnection } from './sse-connection.ts';
import { greet } from './sse-greeting.ts';
import { resolveSseOptions, type SseUpstreamOptions } from './sse-options.ts';
import { createSseSession, type SseSession } from './sse-session.ts';
import { createSseSessions } from './sse-sessions.ts';
import type { Upstream, UpstreamContext } from './upstream.ts';

/**
 * Creates an upstream for a server of the HTTP+SSE transport.
 *
 * Every client has a connection of its own to the server. Clients of the same transport get the
 * server's stream; clients of streamable HTTP get sessions: their answers are found by id, and what
 * answers nothing comes on their GET stream. The 2026-07-28 revision has no sessions and cannot be
 * served (400, −32022).
 *
 * Messages are sent only to the origin of `url`, whatever the server says.
 *
 * @throws {TypeError} at once, naming the option that cannot be used.
 */
export function createSseUpstream(options: SseUpstreamOptions): Upstream {
  const settings = resolveSseOptions(options);
  const sessions = createSseSessions(settings);
  // A connection that was not opened has done nothing, so it may always be tried again.
  const patient = createPatience({ ...settings, mayRepeat: isUnreachable });
  const open = (sender: Sender): Promise<SseConnection> => openSseConnection(settings, sender);
  const connect = (sender: Sender): Promise<SseConnection> =>
    patient(() => open(sender), sender.signal);

  const begin = (
    connection: SseConnection,
    context: UpstreamContext,
    rest: Pick<Parameters<typeof createSseSession>[0], 'memory' | 'version' | 'early'>,
  ): SseSession => {
    const id = crypto.randomUUID();
    const onEnd = (): void => sessions.forget(id);
    const session = createSseSession({ id, settings, connection, connect, onEnd, ...rest });
    sessions.add(session, context.identity);
    return session;
  };

  const initialize = async (message: McpMessage, context: UpstreamContext): Promise<Answer> => {
    if (!sessions.makeRoom(context.identity))
      return answers.answerFailure(answers.TOO_MANY_SESSIONS, message.id);
    const connection = await connect(context);
    try {
      const timeout = settings.headersTimeout;
      const { text, version, early } = await greet(connection, message, { context, timeout });
      if (version === undefined) {
        connection.close();
        return answers.answerJson(text);
      }
      // Asked again: others may have begun meanwhile.
      if (!sessions.makeRoom(context.identity)) {
        connection.close();
        return answers.answerFailure(answers.TOO_MANY_SESSIONS, message.id);
      }
      const memory = createSessionMemory(message);
      const { id } = begin(connection, context, { memory, version, early });
      return answers.answerJson(text, 200, { 'mcp-session-id': id });
    } catch (error) {
      connection.close();
      throw error;
    }
  };

  const find = ({ sessionId, identity }: UpstreamContext): SseSession | undefined =>
    sessionId === undefined ? undefined : sessions.find(sessionId, identity);

  return {
    async handle(message, context) {
      if (message.era === '2026') return answers.answerFailure(answers.NEEDS_2025, message.id);
      if (message.kind === 'request' && message.method === 'initialize') {
        return initialize(message, context);
      }
      const session = find(context);
      if (session === undefined) return refuse(message, context);
      if (message.kind === 'request') return session.request(message, context);
      return new Response(null, { status: await session.tell(message, context) });
    },
    async stream(context) {
      if (!listsMediaType(context.headers.get('accept'), 'text/event-stream')) {
        return answers.answerFailure(answers.NOT_ACCEPTABLE);
      }
      const session = find(context);
      // The stream of a legacy client is opened once and ends with its session.
      if (session === undefined || session.isLegacy) return refuse(undefined, context);
      return session.open();
    },
    async endSession(context) {
      const session = find(context);
      if (session === undefined) return refuse(undefined, context);
      session.end();
      return new Response(null, { status: 204 });
    },
    legacy: {
      async open(context) {
        if (!sessions.makeRoom(context.identity)) {
          return { response: answers.answerFailure(answers.TOO_MANY_SESSIONS) };
        }
        const connection = await connect(context);
        if (!sessions.makeRoom(context.identity)) {
          connection.close();
          return { response: answers.answerFailure(answers.TOO_MANY_SESSIONS) };
        }
        const rest = { memory: undefined, version: undefined, early: [] };
        const session = begin(connection, context, rest);
        return { sessionId: session.id, response: session.open() };
      },
      async send(message, context) {
        const session = find(context);
        if (session === undefined || !session.isLegacy) return refuse(message, context);
        return new Response(null, { status: await session.tell(message, context) });
      },
    },
    async ready(signal) {
      // A client that is connected shows it; a probe would begin and end a session of the server.
      if (sessions.hasLive) return;
      const probe = { headers: new Headers(), signal };
      await open(probe).then(
        (connection) => connection.close(),
        (error: unknown) => {
          // It is there, and wants a credential, which only callers' requests carry.
          if (!isProxyError(error) || error.code !== 'ERR_PROXY_UPSTREAM_REFUSED') throw error;
        },
      );
    },
    async close() {
      sessions.close();
      await options.close?.();
    },
  };
}

function isUnreachable(error: unknown): boolean {
  return isProxyError(error) && error.code === 'ERR_PROXY_UPSTREAM_UNREACHABLE';
}

function refuse(message: McpMessage | undefined, { sessionId }: UpstreamContext): Answer {
  const failure = sessionId === undefined ? answers.SESSION_REQUIRED : answers.SESSION_UNKNOWN;
  return answers.answerFailure(failure, message?.id);
}
