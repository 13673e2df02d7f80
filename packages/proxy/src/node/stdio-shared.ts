/** One process for everybody: each message goes to whom it belongs, and to nobody else. */

import type { Answer } from '../http/answer.ts';
import type { JsonRpcMessage } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import * as answers from '../upstream/answers.ts';
import type { Upstream, UpstreamContext } from '../upstream/upstream.ts';
import { openConnection, refusalLine } from './stdio-connection.ts';
import { forwardRequest } from './stdio-forward.ts';
import { answerGreeting, greetProcess } from './stdio-greeting.ts';
import { createInterests, INTEREST_METHODS, type Listener } from './stdio-interests.ts';
import { LIST_CHANGED } from './stdio-listen.ts';
import { createModernSide } from './stdio-modern.ts';
import type { StdioSettings } from './stdio-options.ts';
import {
  cancelByClient,
  cancelInFlight,
  closeSession,
  openStream,
  raceAbort,
} from './stdio-requests.ts';
import { createSessionTable, ownerOf, type Session } from './stdio-session.ts';
import { createSupervisor, isUnavailable, type LiveServer } from './stdio-supervisor.ts';

/** Creates the upstream of `isolation: 'shared'`. */
export function createSharedUpstream(settings: StdioSettings): Upstream {
  const { log } = settings;
  const interests = createInterests();
  /** Everybody who ever used this process, as far as it matters: nobody, one, or several. */
  const users = new Set<string>();
  const supervisor = createSupervisor({
    settings,
    greet: greetProcess,
    open: () => {
      const connection = openConnection(settings, {
        onNotification: routeNotification,
        // Sampling, elicitation and roots: nobody can know which client is meant.
        onRequest: (message) => connection.send(refusalLine(message)),
      });
      return connection;
    },
    onLive: (server) => interests.reapply(server.connection),
  });
  const sessions = createSessionTable(settings, {
    onEnd(session, reason) {
      cancelInFlight(session, reason === 'closed' ? answers.CLOSING : answers.SESSION_UNKNOWN);
      if (reason !== 'closed') interests.release(session, supervisor.live?.connection);
    },
  });
  const modern = createModernSide({
    ...{ settings, supervisor, interests },
    isPrivate: () => users.size <= 1,
  });

  function routeNotification(message: JsonRpcMessage): void {
    const receivers = receiversOf(message);
    if (receivers === undefined) {
      log({ type: 'message-dropped', method: message.method ?? '', reason: 'unroutable' });
      return;
    }
    for (const receiver of receivers) receiver.hear(message);
  }

  /** Who may hear of it; undefined for what cannot be attributed to anybody. */
  function receiversOf({ method = '', params }: JsonRpcMessage): Iterable<Listener> | undefined {
    if (LIST_CHANGED.has(method)) return [...sessions.all(), ...modern.wantChange(method)];
    // A log line names no request. With one user it is that user's; with several it is anybody's.
    if (method === 'notifications/message') {
      return users.size > 1 ? undefined : interests.wantLog(params?.['level']);
    }
    if (method === 'notifications/resources/updated')
      return interests.wantResource(params?.['uri']);
    return undefined;
  }

  function handleRequest(
    message: McpMessage,
    context: UpstreamContext,
    server: LiveServer,
  ): Promise<Answer> | Answer {
    const { connection, greeting } = server;
    const isInterest = INTEREST_METHODS.has(message.method ?? '');
    if (message.method === 'initialize') {
      const text = answerGreeting(greeting, message);
      // A process that knows the 2026 revision only has refused for every client alike.
      if (greeting.version === undefined) return answers.answerJson(text);
      const session = sessions.create(context);
      if (session === undefined)
        return answers.answerFailure(answers.TOO_MANY_SESSIONS, message.id);
      return answers.answerJson(text, 200, { 'mcp-session-id': session.id });
    }
    const session = sessionOf(context);
    if (session === 'unknown') return answers.answerFailure(answers.SESSION_UNKNOWN, message.id);
    if (!isInterest) {
      return forwardRequest({ message, context, connection, session, settings });
    }
    if (session !== undefined) return interests.handle(message, session, connection);
    // Without a session there is no stream on which logs or updates could be delivered.
    return message.method === 'logging/setLevel'
      ? answers.answerEmptyResult(message.id)
      : answers.answerFailure(answers.SESSION_REQUIRED, message.id);
  }

  function handleNotification(message: McpMessage, context: UpstreamContext): Answer {
    // The bridge has said `initialized` itself, and declared nothing else that a client could notify
    // of; a cancellation without a session names an id that may be anybody's.
    const session = sessionOf(context);
    if (session === 'unknown') return answers.answerFailure(answers.SESSION_UNKNOWN);
    const connection = supervisor.live?.connection;
    const isCancellation = message.method === 'notifications/cancelled';
    if (isCancellation && session !== undefined && connection !== undefined) {
      cancelByClient(message, session, connection);
    }
    return answers.answerAccepted();
  }

  function sessionOf(context: UpstreamContext): Session | 'unknown' | undefined {
    if (context.sessionId === undefined) return undefined;
    return sessions.find(context.sessionId, context) ?? 'unknown';
  }

  return {
    async handle(message, context) {
      if (users.size <= 1) users.add(ownerOf(context));
      if (message.era === '2026') return modern.handle(message, context);
      switch (message.kind) {
        case 'request': {
          // Without a wait where none is needed: a cancellation must not overtake its request.
          const server = supervisor.live ?? (await supervisor.acquire());
          if (!isUnavailable(server)) return handleRequest(message, context, server);
          return answers.answerFailure(answers.unavailable(server.retryAfter), message.id);
        }
        case 'notification':
          return handleNotification(message, context);
        case 'response': {
          if (sessionOf(context) === 'unknown') {
            return answers.answerFailure(answers.SESSION_UNKNOWN);
          }
          return answers.answerFailure(answers.NOTHING_ASKED);
        }
        default:
          return message.kind satisfies never;
      }
    },
    stream: (context) => Promise.resolve(openStream(sessions, context)),
    endSession: (context) => Promise.resolve(closeSession(sessions, context)),
    async ready(signal) {
      const server = await raceAbort(supervisor.acquire(), signal);
      if (isUnavailable(server)) throw server.error;
    },
    async close() {
      sessions.close();
      await Promise.all([modern.close(), supervisor.close()]);
    },
  };
}
