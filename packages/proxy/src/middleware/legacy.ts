/**
 * Clients of the transport of 2024-11-05: an event stream of their own, and POSTs that name it.
 *
 * Both pass every stage that a message on the MCP endpoint passes; only what differs is here.
 */

import type { Exchange, Stage } from '../exchange.ts';
import { type Answer, discard, streamOf } from '../http/answer.ts';
import { replyError } from '../mcp/reply.ts';
import { observeUpstream } from '../observer.ts';
import { endpointPath } from '../routes/legacy-paths.ts';
import type { SessionStore } from '../session/store.ts';
import type { TrafficBook } from '../session/traffic-book.ts';
import { encodeSse } from '../stream/sse-encode.ts';
import { NEEDS_2025 } from '../upstream/answers.ts';
import type { LegacyUpstream, UpstreamContext } from '../upstream/upstream.ts';
import { askedBy, contextOf, type ForwardOptions, filter, withoutBody } from './forward.ts';
import { admitOwner, sessionKey } from './session.ts';

/** A POST names its stream in the query, and only the identity that opened it may. */
export function legacySessionStage(store: SessionStore): Stage {
  return async (exchange, next) => {
    const { message, request } = exchange;
    if (message === undefined) return next();
    if (message.era === '2026') return refuseEra(exchange);
    const named = new URL(request.url).searchParams.getAll('session_id');
    return (await admitOwner(exchange, named.join(','), store)) ?? next();
  };
}

export interface LegacyOptions extends ForwardOptions {
  readonly sessions: SessionStore;
  /** Path of the MCP endpoint. */
  readonly path: string;
  readonly resourceMetadata: (() => Readonly<Record<string, unknown>>) | undefined;
}

/** Opens the stream, or sends a message whose answer comes on it. */
export function legacyForwardStage(options: LegacyOptions): Stage {
  const { observer } = options;
  return (exchange) => {
    const { legacy } = options.upstream;
    if (legacy === undefined) throw new TypeError('the upstream has no such routes');
    const ask = (): Promise<Answer> =>
      exchange.message === undefined
        ? openStream(exchange, legacy, options)
        : send(exchange, legacy, options.traffic);
    return observer === undefined ? ask() : observeUpstream(exchange, observer, ask);
  };
}

/** The stage of the route on which the exchange came. */
export function byRoute(mcp: Stage, legacy: Stage): Stage {
  return (exchange, next) => (exchange.isLegacy ? legacy : mcp)(exchange, next);
}

async function send(
  exchange: Exchange,
  legacy: LegacyUpstream,
  traffic: TrafficBook,
): Promise<Answer> {
  const { message } = exchange;
  if (message === undefined) throw new TypeError('a POST has a message');
  const asked = askedBy(exchange);
  if (asked !== undefined) traffic.of(exchange.trafficKey ?? '').clientAsked(asked.idText, asked);
  return withoutBody(await legacy.send(message, ownContextOf(exchange)));
}

function refuseEra(exchange: Exchange): Response {
  exchange.reason = 'version';
  return replyError({ ...NEEDS_2025, id: exchange.message?.id });
}

/** Sessions are named by the query here; a header would be one that nobody has judged. */
function ownContextOf(exchange: Exchange): UpstreamContext {
  const context = contextOf(exchange);
  context.headers.delete('mcp-session-id');
  return context;
}

async function openStream(
  exchange: Exchange,
  legacy: LegacyUpstream,
  options: LegacyOptions,
): Promise<Answer> {
  const { sessions, traffic, path } = options;
  const context = ownContextOf(exchange);
  const { response, sessionId } = await legacy.open(context);
  if (sessionId === undefined) return withoutBody(response);
  const { issuer, subject } = context.identity;
  try {
    // Before the client is told of it.
    await sessions.remember(sessionId, { issuer, subject });
  } catch (error) {
    discard(response);
    throw error;
  }
  exchange.sessionId = sessionId;
  const key = sessionKey(sessionId);
  exchange.trafficKey = key;
  const filtered = await filter(exchange, response, undefined, options);
  const stream = streamOf(filtered.body);
  if (stream === null) return filtered;
  const resource = options.resourceMetadata?.()['resource'];
  const endpoint = endpointPath({ url: exchange.request.url, path, resource });
  const first = encodeSse({ event: 'endpoint', data: `${endpoint}?session_id=${sessionId}` });
  const onEnd = (): void => {
    traffic.forget(key);
    sessions.forget(sessionId).catch((error: unknown) => options.onError(error, 'session'));
  };
  const { status, headers } = filtered;
  return { status, headers, body: startWith(first, stream, onEnd) };
}

/** The stream with one more event before all others. */
function startWith(
  first: string,
  rest: ReadableStream<Uint8Array>,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  const reader = rest.getReader();
  let hasBegun = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!hasBegun) {
          hasBegun = true;
          controller.enqueue(new TextEncoder().encode(first));
          return;
        }
        const { done, value } = await reader.read();
        if (!done) {
          controller.enqueue(value);
          return;
        }
        onEnd();
        controller.close();
      },
      cancel(reason) {
        onEnd();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
