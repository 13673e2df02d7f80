/** `subscriptions/listen` (2026-07-28) over a process that knows `resources/subscribe` only. */

import type { Answer } from '../http/answer.ts';
import type { FairPlaces, Holder } from '../limit/fair-places.ts';
import { isRecord, type JsonRpcMessage } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import * as answers from '../upstream/answers.ts';
import { createExchange, listsMediaType } from '../upstream/pending-answer.ts';
import type { UpstreamContext } from '../upstream/upstream.ts';
import type { StdioConnection } from './stdio-connection.ts';
import { failureOf } from './stdio-forward.ts';
import type { Interests, Listener } from './stdio-interests.ts';
import type { StdioSettings } from './stdio-options.ts';
import { ownerOf } from './stdio-session.ts';
import { SUBSCRIPTION_ID } from './stdio-splice.ts';
import type { LiveServer } from './stdio-supervisor.ts';
import { withSubscription } from './stdio-translate.ts';

/** What a client has opted in to. Its URIs have been judged before the bridge sees them. */
export interface Wish {
  readonly methods: ReadonlySet<string>;
  readonly uris: ReadonlySet<string>;
}

export interface Subscriptions {
  /** Answers `subscriptions/listen` with a stream that lasts until one side ends it. */
  listen(message: McpMessage, context: UpstreamContext, server: LiveServer): Promise<Answer>;
  /** Those who opted in to this kind of notification. */
  wantChange(method: string): readonly Listener[];
  readonly isOpen: boolean;
  close(): void;
}

export interface SubscriptionsOptions {
  readonly settings: StdioSettings;
  readonly interests: Interests;
  /** One for each subscription. */
  readonly places: FairPlaces;
  /** The process that serves at this moment. */
  readonly connection: () => StdioConnection | undefined;
}

const CHANGES = {
  toolsListChanged: { method: 'notifications/tools/list_changed', area: 'tools' },
  promptsListChanged: { method: 'notifications/prompts/list_changed', area: 'prompts' },
  resourcesListChanged: { method: 'notifications/resources/list_changed', area: 'resources' },
} as const;
/** What whoever listens to a process of a 2025 revision hears without having asked. */
export const LIST_CHANGED: ReadonlySet<string> = new Set(
  Object.values(CHANGES).map(({ method }) => method),
);
const UPDATED = 'notifications/resources/updated';

/** The wish of a `subscriptions/listen`; the strict reader has checked its form. */
export function wishOf(message: McpMessage): Wish {
  const asked = message.params?.['notifications'];
  const wanted = isRecord(asked) ? asked : {};
  const methods = Object.entries(CHANGES).flatMap(([key, { method }]) =>
    wanted[key] === true ? [method] : [],
  );
  const uris = wanted['resourceSubscriptions'];
  return { methods: new Set(methods), uris: new Set(Array.isArray(uris) ? uris.map(String) : []) };
}

/** True for what may go out on a subscription: what was asked for, and its own beginning and end. */
export function isWished({ methods, uris }: Wish, notice: JsonRpcMessage): boolean {
  const { method = '', params } = notice;
  if (method === UPDATED) return uris.has(String(params?.['uri']));
  if (method.endsWith('/list_changed')) return methods.has(method);
  return (
    method === 'notifications/subscriptions/acknowledged' || method === 'notifications/cancelled'
  );
}

interface Subscription extends Listener, Holder {
  readonly wish: Wish;
  end(): void;
}

export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const { settings, interests, places } = options;
  const open = new Set<Subscription>();

  async function listen(
    message: McpMessage,
    context: UpstreamContext,
    { connection, greeting }: LiveServer,
  ): Promise<Answer> {
    const accept = context.headers.get('accept');
    if (!listsMediaType(accept, 'text/event-stream')) {
      return answers.answerFailure(answers.NOT_ACCEPTABLE, message.id);
    }
    if (context.signal.aborted) return answers.answerFailure(answers.CLIENT_GONE, message.id);
    const owner = ownerOf(context);
    const idText = message.id?.text ?? 'null';
    const { maxStreamBytes, keepAlive } = settings;
    const onCancel = (): void => release();
    const exchange = createExchange({
      id: message.id,
      accept,
      maxStreamBytes,
      keepAlive,
      onCancel,
    });
    const granted = grantable(wishOf(message), greeting.capabilities);
    /** What changed before the client was told that it listens: the newest of each kind. */
    let early: Map<string, JsonRpcMessage> | undefined = new Map();
    let hasEnded = false;

    const subscription: Subscription = {
      owner,
      wish: granted,
      get hasEnded() {
        return hasEnded;
      },
      hear(notice) {
        if (hasEnded || !isWished(granted, notice)) return;
        if (early !== undefined) {
          early.set(`${notice.method} ${String(notice.params?.['uri'])}`, notice);
        } else if (exchange.deliver(withSubscription(notice, idText)) === 'overflow') {
          settings.log({ type: 'stream-overflow', stream: 'subscription' });
          subscription.end();
        }
      },
      giveWay() {
        release();
        exchange.fail(answers.TOO_MANY_SUBSCRIPTIONS);
      },
      end() {
        release();
        exchange.finish(endText(idText));
      },
    };
    const release = (): void => {
      hasEnded = true;
      open.delete(subscription);
      places.leave(owner, subscription);
      context.signal.removeEventListener('abort', subscription.end);
      interests.release(subscription, options.connection());
    };
    if (!places.take(owner, subscription)) {
      return answers.answerFailure(answers.TOO_MANY_SUBSCRIPTIONS, message.id);
    }
    open.add(subscription);
    context.signal.addEventListener('abort', subscription.end, { once: true });

    void subscribeAll(subscription, connection).then((outcome) => {
      if (hasEnded) return;
      if ('status' in outcome) {
        release();
        exchange.fail(outcome);
        return;
      }
      exchange.deliver(acknowledgement(idText, granted, outcome));
      const waiting = early ?? new Map();
      early = undefined;
      for (const notice of waiting.values()) subscription.hear(notice);
      // There is nothing that it could ever hear of.
      if (granted.methods.size === 0 && outcome.length === 0) subscription.end();
    });
    return exchange.response;
  }

  /** The URIs that the process agreed to tell of, or why none of it came about. */
  async function subscribeAll(
    subscription: Subscription,
    connection: StdioConnection,
  ): Promise<readonly string[] | answers.Failure> {
    // No more than a message may name.
    const uris = [...subscription.wish.uris];
    const outcomes = await Promise.all(
      uris.map((uri) => interests.subscribe(uri, subscription, connection)),
    );
    const agreed: string[] = [];
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome === 'too-many') return answers.TOO_MANY_SUBSCRIPTIONS;
      if (outcome === undefined) continue;
      if (outcome.kind !== 'reply') return failureOf(outcome);
      // `index` stays inside: there is one outcome for each.
      if (Object.hasOwn(outcome.message.value, 'result')) agreed.push(uris[index]!);
    }
    return agreed;
  }

  return {
    listen,
    get isOpen() {
      return open.size > 0;
    },
    wantChange: (method) => [...open].filter(({ wish }) => wish.methods.has(method)),
    close() {
      for (const subscription of [...open]) subscription.end();
    },
  };
}

/** What of a wish the server can fulfil. */
function grantable(wish: Wish, capabilities: Readonly<Record<string, unknown>>): Wish {
  const can = (area: string, member: string): boolean => {
    const capability = capabilities[area];
    return isRecord(capability) && capability[member] === true;
  };
  const methods = Object.values(CHANGES)
    .filter(({ method, area }) => wish.methods.has(method) && can(area, 'listChanged'))
    .map(({ method }) => method);
  return {
    methods: new Set(methods),
    uris: can('resources', 'subscribe') ? wish.uris : new Set(),
  };
}

function acknowledgement(idText: string, { methods }: Wish, uris: readonly string[]): string {
  const flags = Object.entries(CHANGES).filter(([, { method }]) => methods.has(method));
  const notifications = JSON.stringify({
    ...Object.fromEntries(flags.map(([key]) => [key, true])),
    ...(uris.length > 0 && { resourceSubscriptions: uris }),
  });
  const method = 'notifications/subscriptions/acknowledged';
  const params = `{"_meta":{"${SUBSCRIPTION_ID}":${idText}},"notifications":${notifications}}`;
  return `{"jsonrpc":"2.0","method":"${method}","params":${params}}`;
}

/** The end in good order. */
function endText(idText: string): string {
  const result = `{"resultType":"complete","_meta":{"${SUBSCRIPTION_ID}":${idText}}}`;
  return `{"jsonrpc":"2.0","id":${idText},"result":${result}}`;
}
