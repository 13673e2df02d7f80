/** What both kinds of isolation do alike with sessions, their streams and their requests. */

import type { Answer } from '../http/answer.ts';
import type { McpMessage } from '../mcp/message.ts';
import { spliceText } from '../mcp/splice.ts';
import * as answers from '../upstream/answers.ts';
import { listsMediaType } from '../upstream/pending-answer.ts';
import type { UpstreamContext } from '../upstream/upstream.ts';
import type { StdioConnection } from './stdio-connection.ts';
import type { Session, SessionTable } from './stdio-session.ts';
import { idKey } from './stdio-splice.ts';

/** GET: opens the session's stream. */
export function openStream(sessions: SessionTable, context: UpstreamContext): Answer {
  if (!listsMediaType(context.headers.get('accept'), 'text/event-stream')) {
    return answers.answerFailure(answers.NOT_ACCEPTABLE);
  }
  const session = requireSession(sessions, context);
  return 'status' in session ? session : session.stream.open(context.signal);
}

/** DELETE: ends the session. */
export function closeSession(sessions: SessionTable, context: UpstreamContext): Answer {
  const session = requireSession(sessions, context);
  if ('status' in session) return session;
  sessions.end(session, 'deleted');
  return { status: 204, headers: new Headers(), body: null };
}

/** The session of a request, or the answer to a request that has none. */
export function requireSession(
  sessions: SessionTable,
  context: UpstreamContext,
  message?: McpMessage,
): Session | Answer {
  if (context.sessionId === undefined) {
    return answers.answerFailure(answers.SESSION_REQUIRED, message?.id);
  }
  const session = sessions.find(context.sessionId, context);
  return session ?? answers.answerFailure(answers.SESSION_UNKNOWN, message?.id);
}

/**
 * `notifications/cancelled`: tells the process the id that it knows the request by.
 *
 * Only requests of the same session are looked at, so nobody can cancel for somebody else. A client
 * that used one id twice has cancelled both.
 */
export function cancelByClient(
  message: McpMessage,
  session: Session,
  connection: StdioConnection,
): void {
  const span = message.spans.get('params.requestId');
  if (span === undefined) return;
  const clientKey = idKey(message.params?.['requestId'], message.text.slice(span.start, span.end));
  for (const request of session.inFlight.find(clientKey)) {
    const text = JSON.stringify(request.key);
    connection.send(spliceText(message.text, [{ span, text }]));
    request.end(answers.CANCELLED);
  }
}

/** Ends all that a session has in flight, for the process as well. */
export function cancelInFlight(session: Session, failure: answers.Failure): void {
  for (const request of session.inFlight.all()) request.cancel(failure);
}

/** The promise's outcome, unless the signal is aborted first. */
export async function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
