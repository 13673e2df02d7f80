/** One process per session: clients share nothing, and the server may ask its client back. */

import type { JsonRpcMessage } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import type { Upstream, UpstreamContext } from '../upstream/upstream.ts';
import * as answers from './stdio-answers.ts';
import { createServerAsks, type ServerAsks } from './stdio-asks.ts';
import { openConnection, type StdioConnection } from './stdio-connection.ts';
import { forwardRequest } from './stdio-forward.ts';
import { greetProcess, readGreeting } from './stdio-greeting.ts';
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
import { createSupervisor, isUnavailable, type Supervisor } from './stdio-supervisor.ts';

/** What belongs to a session besides the session itself. */
interface Tenant {
  readonly connection: StdioConnection;
  readonly asks: ServerAsks;
}

/** Creates the upstream of `isolation: 'session'`. */
export function createIsolatedUpstream(settings: StdioSettings): Upstream {
  const { log } = settings;
  const tenants = new Map<Session, Tenant>();
  /** Processes that are being stopped; `close` waits for them. */
  const stopping = new Set<Promise<void>>();
  const stoppedByUs = new WeakSet<StdioConnection>();
  let isClosed = false;
  let probed: Promise<void> | undefined;
  let probing: Supervisor | undefined;

  const sessions = createSessionTable(settings, (session, reason) => {
    const tenant = tenants.get(session);
    tenants.delete(session);
    if (reason === 'process-exited') return;
    cancelInFlight(session, reason === 'closed' ? answers.CLOSING : answers.SESSION_UNKNOWN);
    if (tenant !== undefined) stop(tenant.connection);
  });

  function stop(connection: StdioConnection): void {
    if (!connection.hasExited) stoppedByUs.add(connection);
    const stopped = connection.stop().finally(() => stopping.delete(stopped));
    stopping.add(stopped);
  }

  /** Starts a process for a client; the session exists as soon as it has answered. */
  function initialize(message: McpMessage, context: UpstreamContext): Promise<Response> | Response {
    const session = sessions.create(context);
    if (session === undefined) return answers.answerFailure(answers.TOO_MANY_SESSIONS, message.id);
    const tenant = openTenant(session);
    const deadline = settings.now() + settings.startTimeout;
    return forwardRequest({
      message,
      context,
      connection: tenant.connection,
      session,
      settings,
      jsonOnly: true,
      // The first answer comes from a process that is still starting.
      mayWait: () => settings.now() < deadline,
      onReply(reply) {
        const isWelcome = readGreeting(reply)?.version !== undefined && !context.signal.aborted;
        if (isWelcome) return { 'mcp-session-id': session.id };
        // Refused, or nobody is left to learn the session's id.
        sessions.end(session, 'refused');
        return {};
      },
      onFailure: () => sessions.end(session, 'refused'),
    });
  }

  function openTenant(session: Session): Tenant {
    const asks = createServerAsks(session, { log, reply: (text) => connection.send(text) });
    const connection = openConnection(settings, {
      onNotification: asks.notify,
      onRequest: asks.ask,
    });
    const tenant: Tenant = { connection, asks };
    tenants.set(session, tenant);
    void connection.exited.then((exit) => {
      if (!stoppedByUs.has(connection)) log({ type: 'process-exited', ...exit });
      if (session.hasEnded) return;
      sessions.end(session, 'process-exited');
      // Descendants may have outlived it.
      stop(connection);
    });
    return tenant;
  }

  function handleInSession(
    message: McpMessage,
    context: UpstreamContext,
  ): Promise<Response> | Response {
    const session = requireSession(sessions, context, message);
    if (session instanceof Response) return session;
    const tenant = tenants.get(session);
    if (tenant === undefined) return answers.answerFailure(answers.SESSION_UNKNOWN, message.id);
    const { connection, asks } = tenant;
    switch (message.kind) {
      case 'request': {
        const mayWait = (): boolean => asks.isWaiting;
        return forwardRequest({ message, context, connection, session, settings, mayWait });
      }
      case 'notification':
        if (message.method === 'notifications/cancelled') {
          cancelByClient(message, session, connection);
        } else {
          connection.send(message.text);
        }
        return answers.answerAccepted();
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
      if (message.era === '2026') return answers.answerFailure(answers.NEEDS_2025, message.id);
      const isInitialize = message.kind === 'request' && message.method === 'initialize';
      return isInitialize ? initialize(message, context) : handleInSession(message, context);
    },
    async stream(context) {
      const response = openStream(sessions, context);
      const session = response.ok && sessions.find(context.sessionId ?? '', context);
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
      await Promise.allSettled([...stopping, probed]);
    },
  };
}

function ignore(_message: JsonRpcMessage): void {}
