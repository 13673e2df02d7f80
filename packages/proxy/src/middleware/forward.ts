/** The last stage: asks the upstream, and passes on what the caller may see (D20, D29). */

import type { Identity } from '@thv/oidc';
import type { FilterResult, PolicyEngine } from '../authorization.ts';
import { type Exchange, identityOf, type Stage } from '../exchange.ts';
import type { HintStore } from '../hints/hint-store.ts';
import { type Answer, discard } from '../http/answer.ts';
import { Fields } from '../http/fields.ts';
import { encodeMirrored } from '../mcp/era.ts';
import { INTERNAL_ERROR, isRecord } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import type { FilteredList } from '../mcp/methods.ts';
import { replyError } from '../mcp/reply.ts';
import { mayBeginTask } from '../mcp/tasks.ts';
import { observeUpstream } from '../observer.ts';
import type { ResolvedOptions } from '../options.ts';
import type { SessionOwner } from '../session/store.ts';
import type { TaskBook } from '../session/task-book.ts';
import type { TrafficBook } from '../session/traffic-book.ts';
import { filterResponse } from '../stream/filter-response.ts';
import type { AnsweredRequest } from '../stream/server-message.ts';
import { showTool } from '../tools/show-tool.ts';
import type { ToolNotices } from '../tools/tool-notices.ts';
import { dropMirrors, forwardedRequestHeaders } from '../upstream/headers.ts';
import type { UpstreamContext } from '../upstream/upstream.ts';
import { createNoticeFilter } from './notices.ts';

export interface ForwardOptions
  extends Pick<
    ResolvedOptions,
    | 'upstream'
    | 'authenticate'
    | 'answerLimit'
    | 'streamLeeway'
    | 'onError'
    | 'now'
    | 'tools'
    | 'observer'
  > {
  readonly toolNotices: ToolNotices | undefined;
  readonly engine: PolicyEngine | 'anything-authenticated';
  readonly hints: HintStore;
  readonly traffic: TrafficBook;
  readonly tasks: TaskBook;
  /** Aborted when the proxy is about to close. */
  readonly ending: AbortSignal;
}

const CLOSING = 'closing';

/** Forwards the exchange and filters the answer. */
export function forwardStage(options: ForwardOptions): Stage {
  const { observer } = options;
  return async (exchange) => {
    const { message } = exchange;
    const asked = askedBy(exchange);
    const response = await (observer === undefined
      ? ask(exchange, asked, options)
      : observeUpstream(exchange, observer, () => ask(exchange, asked, options)));
    if (exchange.reason === CLOSING) return response;
    if (exchange.request.method === 'DELETE') return withoutBody(response);
    if (message !== undefined && message.kind !== 'request') return withoutBody(response);
    return filter(exchange, response, asked, options);
  };
}

async function ask(
  exchange: Exchange,
  asked: AnsweredRequest | undefined,
  options: ForwardOptions,
): Promise<Answer> {
  const { request, message } = exchange;
  const { upstream, traffic } = options;
  const context = contextOf(exchange);
  if (asked !== undefined) traffic.of(exchange.trafficKey ?? '').clientAsked(asked.idText, asked);
  if (message !== undefined) return upstream.handle(message, context);
  if (request.method === 'DELETE') return upstream.endSession(context);
  return openStream(exchange, context, options);
}

/** What the upstream may know of the exchange. */
export function contextOf(exchange: Exchange): UpstreamContext {
  const { request, message } = exchange;
  const headers = forwardedRequestHeaders(request.headers);
  if (exchange.sessionId === undefined) headers.delete('mcp-session-id');
  if (message?.era === '2026') headers.delete('last-event-id');
  // Headers that mirror the body belong to the 2026 era; in the other nobody has compared them.
  else dropMirrors(headers);
  if (exchange.shownTool !== undefined) mirrorRealName(headers, message);
  const added = exchange.asking?.headers;
  if (added !== undefined) addHeaders(headers, added);
  return {
    identity: identityOf(exchange),
    sessionId: exchange.sessionId,
    headers,
    signal: request.signal,
    onSessionLost: () => {
      exchange.hasLostSession = true;
    },
  };
}

/** The header has been held against the name of the caller; the server gets its own in both places. */
function mirrorRealName(headers: Headers, message: McpMessage | undefined): void {
  const name = message?.params?.['name'];
  if (headers.has('mcp-name')) headers.set('mcp-name', encodeMirrored(String(name)));
}

/** The request that an answer will be held against; undefined where none is owed. */
export function askedBy({ message, list, decision }: Exchange): AnsweredRequest | undefined {
  if (message?.kind !== 'request' || message.id === undefined) return undefined;
  return {
    idText: message.id.text,
    list,
    mayBeginTask: mayBeginTask(message),
    // The 2025 era knows no cache scopes.
    isJudged: message.era === '2026' && decision !== undefined,
  };
}

/** Some servers send the head of a stream with its first event, which may never come. */
async function openStream(
  exchange: Exchange,
  context: UpstreamContext,
  { upstream, ending }: ForwardOptions,
): Promise<Answer> {
  try {
    const signal = AbortSignal.any([context.signal, ending]);
    return await upstream.stream({ ...context, signal });
  } catch (error) {
    if (!ending.aborted) throw error;
    exchange.reason = CLOSING;
    return replyError({ status: 503, code: INTERNAL_ERROR, message: 'Closing' });
  }
}

/** What the client may see of the upstream's answer. */
export function filter(
  exchange: Exchange,
  response: Answer,
  asked: AnsweredRequest | undefined,
  options: ForwardOptions,
): Promise<Answer> {
  const { message } = exchange;
  const { tools, observer } = options;
  const identity = identityOf(exchange);
  const { expiresAt, issuer, subject } = identity;
  const isFirst = isFirstPage(message);
  // Other streams repeat what was asked for at some time before.
  const askedAt = asked?.list === 'tools' ? exchange.startedAt : undefined;
  return filterResponse(response, {
    request: asked,
    traffic: options.traffic.of(exchange.trafficKey ?? ''),
    showTool: tools === undefined ? undefined : (text) => showTool(text, tools),
    filterList: (list, result) =>
      filterList({ identity, isFirst, askedAt }, { list, result }, options),
    onWithheld: (reason) => {
      exchange.reason ??= `withheld:${reason}`;
      options.onError(new Error(`an answer was withheld: ${reason}`), 'filter');
    },
    mayNotice: createNoticeFilter(exchange, options),
    onNotification: (method) => {
      if (method === TOOLS_CHANGED) options.hints.markStale(options.now());
    },
    onTask: (taskId) => options.tasks.remember(taskId, { issuer, subject }),
    maxEventLength: options.answerLimit,
    maxBodyBytes: options.answerLimit,
    signal: exchange.request.signal,
    endsAt: expiresAt === undefined ? undefined : (expiresAt + options.streamLeeway) * 1000,
    goodAt: exchange.startedAt,
    mayGoOn: () => isStillWelcome(exchange, options),
    ending: message === undefined ? options.ending : undefined,
    onStream: observer && (() => observer.streaming()),
    now: options.now,
  });
}

/** A credential may be taken back before its time. That nobody can say so now takes nothing back. */
async function isStillWelcome(
  { request }: Exchange,
  { authenticate }: ForwardOptions,
): Promise<boolean> {
  try {
    await authenticate.verify(request);
    return true;
  } catch (error) {
    return authenticate.toResponse(error).status >= 500;
  }
}

const TOOLS_CHANGED = 'notifications/tools/list_changed';

interface Listed {
  readonly identity: Identity;
  readonly isFirst: boolean;
  /** Milliseconds since the epoch. */
  readonly askedAt: number | undefined;
}

async function filterList(
  { identity, isFirst, askedAt }: Listed,
  { list, result }: { readonly list: FilteredList; readonly result: unknown },
  { engine, hints, tasks, toolNotices }: ForwardOptions,
): Promise<FilterResult> {
  if (list === 'tasks') return ownTasks(result, identity, tasks);
  if (list === 'tools') {
    if (askedAt !== undefined) hints.observe(result, askedAt);
    toolNotices?.observe(result, isFirst);
  }
  if (engine === 'anything-authenticated') return { ok: true, kept: 'all' };
  return engine.filterList({ identity, list }, result);
}

function isFirstPage(message: McpMessage | undefined): boolean {
  return message !== undefined && message.params?.['cursor'] === undefined;
}

function ownTasks(result: unknown, owner: SessionOwner, tasks: TaskBook): FilterResult {
  const items = isRecord(result) ? result['tasks'] : undefined;
  if (!Array.isArray(items)) return { ok: false, reason: 'list' };
  const kept = items.flatMap((item: unknown, index) => {
    const taskId = isRecord(item) ? item['taskId'] : undefined;
    return typeof taskId === 'string' && tasks.owns(taskId, owner) ? [index] : [];
  });
  return { ok: true, kept };
}

/** Notifications, responses and session ends are answered by a status alone. */
export function withoutBody(response: Answer): Answer {
  discard(response);
  const headers = Fields.from(response.headers);
  for (const name of ['content-type', 'content-length', 'content-encoding']) headers.delete(name);
  return { status: response.status, headers, body: null };
}

function addHeaders(headers: Headers, added: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(added)) {
    if (value === '') headers.delete(name);
    else headers.set(name, value);
  }
}
