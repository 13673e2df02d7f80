/** One process per session: clients share nothing, and the server may ask its client back. */

import { type Answer, isSuccess } from '../http/answer.ts';
import type { JsonRpcMessage } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import * as answers from '../upstream/answers.ts';
import type { Upstream, UpstreamContext } from '../upstream/upstream.ts';
import { openConnection } from './stdio-connection.ts';
import { forwardRequest } from './stdio-forward.ts';
import { greetProcess } from './stdio-greeting.ts';
import { createIdentities } from './stdio-identities.ts';
import type { StdioSettings } from './stdio-options.ts';
import {
  cancelByClient,
  cancelInFlight,
  closeSession,
  openStream,
  raceAbort,
  requireSession,
} from './stdio-requests.ts';
import { createSessionTable, type Session } from './stdio-session.ts';
import { replaceId } from './stdio-splice.ts';
import { createSupervisor, isUnavailable, type Supervisor } from './stdio-supervisor.ts';
import { createTenant, type Tenant } from './stdio-tenant.ts';

/** Creates the upstream of `isolation: 'session'`. */
export function createIsolatedUpstream(settings: StdioSettings): Upstream {
  const tenants = new Map<Session, Tenant>();
  /** Processes that are being stopped; `close` waits for them. */
  const stopping = new Set<Promise<void>>();
  const identities = createIdentities(settings);
  let isClosed = false;
  let probed: Promise<void> | undefined;
  let probing: Supervisor | undefined;

  const sessions = createSessionTable(settings, {
    isBusy: (session) => tenants.get(session)?.isStarting === true,
    onEnd(session, reason) {
      const tenant = tenants.get(session);
      tenants.delete(session);
      cancelInFlight(session, reason === 'closed' ? answers.CLOSING : answers.SESSION_UNKNOWN);
      if (tenant === undefined) return;
      const stopped = tenant.supervisor.close().finally(() => stopping.delete(stopped));
      stopping.add(stopped);
    },
  });

  /** Starts a process for a client; the session can be used as soon as it has answered. */
  async function initialize(message: McpMessage, context: UpstreamContext): Promise<Answer> {
    const session = sessions.create(context);
    if (session === undefined) return answers.answerFailure(answers.TOO_MANY_SESSIONS, message.id);
    const tenant = createTenant({
      ...{ session, initialize: message, settings },
      onAbandoned: () => sessions.end(session, 'process-exited'),
    });
    tenants.set(session, tenant);
    const begun = await tenant.begin();
    // Refused, or nobody is left to learn the session's id.
    if (begun?.isWelcome !== true || context.signal.aborted) sessions.end(session, 'refused');
    if (begun === undefined) {
      return answers.answerFailure(isClosed ? answers.CLOSING : answers.LOST, message.id);
    }
    const headers = session.hasEnded ? undefined : { 'mcp-session-id': session.id };
    return answers.answerJson(replaceId(begun.reply, message.id?.text ?? 'null'), 200, headers);
  }

  async function handleInSession(message: McpMessage, context: UpstreamContext): Promise<Answer> {
    const session = requireSession(sessions, context, message);
    if ('status' in session) return session;
    const tenant = tenants.get(session);
    if (tenant === undefined) return answers.answerFailure(answers.SESSION_UNKNOWN, message.id);
    const { asks, supervisor } = tenant;
    switch (message.kind) {
      case 'request': {
        // Without a wait where none is needed: a cancellation must not overtake its request.
        const server = supervisor.live ?? (await supervisor.acquire());
        if (isUnavailable(server)) {
          return answers.answerFailure(answers.unavailable(server.retryAfter), message.id);
        }
        const note = tenant.whenAccepted(message);
        return forwardRequest({
          ...{ message, context, session, settings, connection: server.connection },
          mayWait: tenant.isAsking,
          onReply(reply) {
            if (Object.hasOwn(reply.value, 'result')) note();
            return {};
          },
        });
      }
      case 'notification': {
        const connection = supervisor.live?.connection;
        if (message.method === 'notifications/initialized') tenant.noteInitialized();
        // What was for a process that is gone is of no use to its successor.
        if (connection === undefined) return answers.answerAccepted();
        if (message.method === 'notifications/cancelled') {
          cancelByClient(message, session, connection);
        } else {
          connection.send(message.text, message.method);
        }
        return answers.answerAccepted();
      }
      case 'response':
        if (!asks.answer(message)) return answers.answerFailure(answers.NOTHING_ASKED);
        return answers.answerAccepted();
      default:
        return message.kind satisfies never;
    }
  }

  /** Starts one process to see whether it can be, and stops it again. */
  async function probe(): Promise<void> {
    probing = createSupervisor({
      settings: { ...settings, restart: { ...settings.restart, maxAttempts: 0 } },
      greet: greetProcess,
      open: () => openConnection(settings, { onNotification: ignore, onRequest: ignore }),
      onLive: () => undefined,
    });
    const server = await probing.acquire();
    await probing.close();
    if (isUnavailable(server)) throw server.error;
  }

  return {
    async handle(message, context) {
      if (isClosed) return answers.answerFailure(answers.CLOSING, message.id);
      if (message.era === '2026') return identities.handle(message, context);
      const isInitialize = message.kind === 'request' && message.method === 'initialize';
      return isInitialize ? initialize(message, context) : handleInSession(message, context);
    },
    async stream(context) {
      const response = openStream(sessions, context);
      const session = isSuccess(response) && sessions.find(context.sessionId ?? '', context);
      if (session) tenants.get(session)?.asks.flush();
      return response;
    },
    endSession: (context) => Promise.resolve(closeSession(sessions, context)),
    async ready(signal) {
      probed ??= probe().catch((error: unknown) => {
        // The next call tries again: what was missing may have been installed.
        probed = undefined;
        throw error;
      });
      await raceAbort(probed, signal);
    },
    async close() {
      isClosed = true;
      sessions.close();
      await probing?.close();
      await Promise.allSettled([identities.close(), ...stopping, probed]);
    },
  };
}

function ignore(_message: JsonRpcMessage): void {}
