/** What the clients of a shared process want to hear of, and what the process is told of it. */

import type { Answer } from '../http/answer.ts';
import { INVALID_PARAMS, type JsonRpcMessage } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import {
  answerEmptyResult,
  answerFailure,
  answerJson,
  TOO_MANY_SUBSCRIPTIONS,
} from '../upstream/answers.ts';
import type { CallOutcome } from './stdio-calls.ts';
import type { StdioConnection } from './stdio-connection.ts';
import { failureOf } from './stdio-forward.ts';
import { replaceId } from './stdio-splice.ts';

/** Whoever wants to hear of something: a session, and in the 2026 era a subscription or a request. */
export interface Listener {
  /** The identity behind it, as `ownerOf` writes it. */
  readonly owner: string;
  readonly hasEnded: boolean;
  /** Delivers a notification that was found to be for this listener. */
  hear(notice: JsonRpcMessage): void;
}

export interface Interests {
  /** Answers `logging/setLevel`, `resources/subscribe` and `resources/unsubscribe`. */
  handle(message: McpMessage, listener: Listener, connection: StdioConnection): Promise<Answer>;
  /** Subscribes; see {@link Subscribed}. */
  subscribe(uri: string, listener: Listener, connection: StdioConnection): Promise<Subscribed>;
  /** Without a connection nobody tells the process: it has been told in another way. */
  listenToLog(level: string, listener: Listener, connection: StdioConnection | undefined): void;
  /** Those who asked for log messages of this level. */
  wantLog(level: unknown): readonly Listener[];
  /** Those who subscribed to this resource. */
  wantResource(uri: unknown): readonly Listener[];
  /** Tells a new process what its predecessor had been told. */
  reapply(connection: StdioConnection): void;
  /** Forgets an ended listener; the process is told when nobody is left. */
  release(listener: Listener, connection: StdioConnection | undefined): void;
}

/** The answer of the process; undefined when it did not have to be asked. */
export type Subscribed = CallOutcome | 'too-many' | undefined;

/** Requests that change what the whole process sends, and so are never forwarded as they are. */
export const INTEREST_METHODS: ReadonlySet<string> = new Set([
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
]);

/** RFC 5424 severities, the most verbose first. */
const LEVELS: readonly unknown[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
];

export function isLogLevel(level: unknown): boolean {
  return LEVELS.includes(level);
}

/** A client that subscribes to ever more resources fills our memory, not only the server's. */
export const MAX_SUBSCRIPTIONS = 1000;
/** Characters of the URIs that all listeners of one owner have subscribed to. */
const MAX_URI_LENGTH = 1024 * 1024;

interface Subscription {
  readonly listeners: Set<Listener>;
  /** The process's answer; later subscribers share it. */
  opening: Promise<CallOutcome>;
}

export function createInterests(): Interests {
  const levels = new Map<Listener, number>();
  const subscriptions = new Map<string, Subscription>();
  /** The URIs of each listener, so that one that ends is forgotten without a search. */
  const uris = new Map<Listener, Set<string>>();
  /** Characters that are kept for each owner. */
  const lengths = new Map<string, number>();
  let toldLevel: number | undefined;

  /** The process must send whatever the most curious listener wants. */
  async function tellLevel(connection: StdioConnection): Promise<CallOutcome | undefined> {
    const wanted = Math.min(...levels.values());
    if (levels.size === 0 || wanted === toldLevel) return undefined;
    toldLevel = wanted;
    const outcome = await connection.ask('logging/setLevel', { level: LEVELS[wanted] });
    if (!isResult(outcome)) toldLevel = undefined;
    return outcome;
  }

  async function setLevel(
    level: unknown,
    listener: Listener,
    connection: StdioConnection,
  ): Promise<CallOutcome | 'invalid' | undefined> {
    const index = LEVELS.indexOf(level);
    if (index === -1) return 'invalid';
    const before = levels.get(listener);
    if (listener.hasEnded) return undefined;
    levels.set(listener, index);
    const outcome = await tellLevel(connection);
    if (outcome === undefined || isResult(outcome)) return outcome;
    if (before === undefined) levels.delete(listener);
    else levels.set(listener, before);
    return outcome;
  }

  async function subscribe(
    uri: string,
    listener: Listener,
    connection: StdioConnection,
  ): Promise<Subscribed> {
    if (listener.hasEnded) return undefined;
    if (!noteUri(uri, listener)) return 'too-many';
    let subscription = subscriptions.get(uri);
    if (subscription === undefined) {
      const opening = connection.ask('resources/subscribe', { uri });
      subscription = { listeners: new Set(), opening };
      subscriptions.set(uri, subscription);
    }
    subscription.listeners.add(listener);
    const outcome = await subscription.opening;
    // Everybody who shared a failed answer is told, and the next one asks anew.
    if (!isResult(outcome) && subscriptions.get(uri) === subscription) {
      subscriptions.delete(uri);
      for (const each of subscription.listeners) forgetUri(uri, each);
    }
    return outcome;
  }

  async function unsubscribe(
    uri: string,
    listener: Listener,
    connection: StdioConnection | undefined,
  ): Promise<CallOutcome | undefined> {
    forgetUri(uri, listener);
    const subscription = subscriptions.get(uri);
    if (subscription?.listeners.delete(listener) !== true) return undefined;
    if (subscription.listeners.size > 0) return undefined;
    subscriptions.delete(uri);
    return connection?.ask('resources/unsubscribe', { uri });
  }

  /** False: that would be too much. */
  function noteUri(uri: string, listener: Listener): boolean {
    const own = uris.get(listener) ?? new Set<string>();
    if (own.has(uri)) return true;
    const length = (lengths.get(listener.owner) ?? 0) + uri.length;
    if (own.size >= MAX_SUBSCRIPTIONS || length > MAX_URI_LENGTH) return false;
    uris.set(listener, own.add(uri));
    lengths.set(listener.owner, length);
    return true;
  }

  function forgetUri(uri: string, listener: Listener): void {
    const own = uris.get(listener);
    if (own?.delete(uri) !== true) return;
    if (own.size === 0) uris.delete(listener);
    const length = (lengths.get(listener.owner) ?? 0) - uri.length;
    if (length > 0) lengths.set(listener.owner, length);
    else lengths.delete(listener.owner);
  }

  return {
    async handle(message, listener, connection) {
      const uri = String(message.params?.['uri']); // The strict reader has checked that it is text.
      switch (message.method) {
        case 'logging/setLevel': {
          const outcome = await setLevel(message.params?.['level'], listener, connection);
          if (outcome !== 'invalid') return answerOutcome(outcome, message);
          return answerFailure({ status: 200, code: INVALID_PARAMS }, message.id);
        }
        case 'resources/subscribe': {
          const outcome = await subscribe(uri, listener, connection);
          if (outcome !== 'too-many') return answerOutcome(outcome, message);
          return answerFailure(TOO_MANY_SUBSCRIPTIONS, message.id);
        }
        default:
          return answerOutcome(await unsubscribe(uri, listener, connection), message);
      }
    },
    subscribe,
    listenToLog(level, listener, connection) {
      const index = LEVELS.indexOf(level);
      if (index === -1) return;
      levels.set(listener, index);
      if (connection !== undefined) void tellLevel(connection);
    },
    wantLog(level) {
      const index = LEVELS.indexOf(level);
      return [...levels].filter(([, wanted]) => wanted <= index).map(([listener]) => listener);
    },
    wantResource(uri) {
      // Only strings were ever put in; the process may have sent anything.
      return [...(subscriptions.get(uri as string)?.listeners ?? [])];
    },
    reapply(connection) {
      toldLevel = undefined;
      void tellLevel(connection);
      for (const [uri, subscription] of subscriptions) {
        subscription.opening = connection.ask('resources/subscribe', { uri });
      }
    },
    release(listener, connection) {
      levels.delete(listener);
      if (connection !== undefined) void tellLevel(connection);
      for (const uri of uris.get(listener) ?? []) void unsubscribe(uri, listener, connection);
    },
  };
}

function isResult(outcome: CallOutcome): boolean {
  return outcome.kind === 'reply' && Object.hasOwn(outcome.message.value, 'result');
}

/** Undefined: the process did not have to be asked. */
function answerOutcome(outcome: CallOutcome | undefined, message: McpMessage): Answer {
  if (outcome === undefined) return answerEmptyResult(message.id);
  if (outcome.kind !== 'reply') return answerFailure(failureOf(outcome), message.id);
  return answerJson(replaceId(outcome.message, message.id?.text ?? 'null'));
}
