/** A session belongs to the identity that began it (D21). */

import { type Exchange, identityOf, type Stage } from '../exchange.ts';
import { type Answer, discard, isSuccess } from '../http/answer.ts';
import { Fields } from '../http/fields.ts';
import { INVALID_REQUEST } from '../mcp/json-rpc.ts';
import { replyError, SESSION_NOT_FOUND } from '../mcp/reply.ts';
import type { ResolvedOptions } from '../options.ts';
import { createLostSessions } from '../session/lost-sessions.ts';
import { isSameOwner, ownerKey, type SessionOwner, type SessionStore } from '../session/store.ts';
import type { TrafficBook } from '../session/traffic-book.ts';

const HEADER = 'mcp-session-id';

export interface SessionOptions extends Pick<ResolvedOptions, 'sessions' | 'now' | 'onError'> {
  readonly traffic: TrafficBook;
}

/** Checks the owner of a named session, and remembers the owner of one that the upstream begins. */
export function sessionStage({ sessions: store, traffic, ...options }: SessionOptions): Stage {
  const lost = createLostSessions({
    now: options.now,
    onOver: (sessionId) => {
      traffic.forget(sessionKey(sessionId));
      // The other processes may go on with it; disuse ends it all the same.
      if (store.isOfOneProcess !== true) return;
      store.forget(sessionId).catch((error: unknown) => options.onError(error, 'session'));
    },
  });
  const callerKeys = createCallerKeys();
  return async (exchange, next) => {
    const owner = ownerFrom(exchange);
    exchange.trafficKey = callerKeys(owner);
    const { message, request } = exchange;
    // 2026-07-28 has no sessions; `initialize` always begins a new one, whatever it names.
    if (message?.era === '2026') return withoutHeader(await next());
    const sessionId = message?.method === 'initialize' ? null : request.headers.get(HEADER);
    if (sessionId !== null) {
      const refusal = await admitOwner(exchange, sessionId, store);
      if (refusal !== undefined) return refusal;
    }
    const response = await next();
    try {
      if (request.method === 'DELETE' && isSuccess(response) && sessionId !== null) {
        await store.forget(sessionId);
        traffic.forget(exchange.trafficKey);
      }
      if (exchange.sessionId !== undefined) {
        if (exchange.hasLostSession) lost.mark(exchange.sessionId);
        else if (isSuccess(response)) lost.clear(exchange.sessionId);
      }
      return response.headers.has(HEADER) ? await claimSession(response, owner, store) : response;
    } catch (error) {
      discard(response);
      throw error;
    }
  };
}

/** Most issuers remembered, and callers of each. */
const MAX_CALLERS = 1000;

/** Keys of the traffic of callers without a session; texts that are made anew are slow to look up. */
function createCallerKeys(): (owner: SessionOwner) => string {
  const known = new Map<string, Map<string, string>>();
  return (owner) => {
    const callers = known.get(owner.issuer) ?? new Map<string, string>();
    const remembered = callers.get(owner.subject);
    if (remembered !== undefined) return remembered;
    const key = `caller ${ownerKey(owner)}`;
    if (known.size >= MAX_CALLERS) known.clear();
    if (callers.size >= MAX_CALLERS) callers.clear();
    known.set(owner.issuer, callers.set(owner.subject, key));
    return key;
  };
}

/** Key of the traffic of a session. */
export function sessionKey(sessionId: string): string {
  return `session ${sessionId}`;
}

/** Sets the session of the exchange when the caller owns it; otherwise the refusal. */
export async function admitOwner(
  exchange: Exchange,
  sessionId: string,
  store: SessionStore,
): Promise<Response | undefined> {
  const { message } = exchange;
  if (!/^[\x21-\x7e]{1,1024}$/.test(sessionId) || sessionId.includes(',')) {
    exchange.reason = 'session-id';
    return replyError({ status: 400, code: INVALID_REQUEST, id: message?.id });
  }
  const known = await store.ownerOf(sessionId);
  if (known === undefined || !isSameOwner(known, ownerFrom(exchange))) {
    exchange.reason = known === undefined ? 'session-unknown' : 'session-of-another';
    return replyError({ status: 404, code: SESSION_NOT_FOUND, id: message?.id });
  }
  exchange.sessionId = sessionId;
  exchange.trafficKey = sessionKey(sessionId);
  return undefined;
}

/** Gives a session that the upstream names to the caller, unless it is somebody else's. */
async function claimSession(
  response: Answer,
  owner: SessionOwner,
  store: SessionStore,
): Promise<Answer> {
  const sessionId = response.headers.get(HEADER);
  if (sessionId === null) return response;
  let known = await store.ownerOf(sessionId);
  if (known === undefined && isSuccess(response)) {
    await store.remember(sessionId, owner);
    // Asked again: two may have been told of one session at once, and only the first has it.
    known = await store.ownerOf(sessionId);
  }
  return known !== undefined && !isSameOwner(known, owner) ? withoutHeader(response) : response;
}

function withoutHeader(response: Answer): Answer {
  if (!response.headers.has(HEADER)) return response;
  const headers = Fields.from(response.headers);
  headers.delete(HEADER);
  return { status: response.status, headers, body: response.body };
}

function ownerFrom(exchange: Exchange): SessionOwner {
  const { issuer, subject } = identityOf(exchange);
  return { issuer, subject };
}
