/** What the sessions of a shared process want to hear of, and what the process is told of it. */

import { INVALID_PARAMS } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import { answerEmptyResult, answerFailure, answerJson, BRIDGE_ERROR } from './stdio-answers.ts';
import type { CallOutcome } from './stdio-calls.ts';
import type { StdioConnection } from './stdio-connection.ts';
import { failureOf } from './stdio-forward.ts';
import type { Session } from './stdio-session.ts';
import { replaceId } from './stdio-splice.ts';

export interface Interests {
  /** Answers `logging/setLevel`, `resources/subscribe` and `resources/unsubscribe`. */
  handle(message: McpMessage, session: Session, connection: StdioConnection): Promise<Response>;
  /** The sessions that asked for log messages of this level. */
  wantLog(level: unknown): readonly Session[];
  /** The sessions that subscribed to this resource. */
  wantResource(uri: unknown): readonly Session[];
  /** Tells a new process what its predecessor had been told. */
  reapply(connection: StdioConnection): void;
  /** Forgets an ended session; the process is told when nobody is left. */
  release(session: Session, connection: StdioConnection | undefined): void;
}

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

/** A client that subscribes to ever more resources fills our memory, not only the server's. */
const MAX_SUBSCRIPTIONS = 1000;

interface Subscription {
  readonly sessions: Set<Session>;
  /** The process's answer; later subscribers share it. */
  opening: Promise<CallOutcome>;
}

export function createInterests(): Interests {
  const levels = new Map<Session, number>();
  const subscriptions = new Map<string, Subscription>();
  let toldLevel: number | undefined;

  /** The process must send whatever the most curious session wants. */
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
    session: Session,
    connection: StdioConnection,
  ): Promise<CallOutcome | 'invalid' | undefined> {
    const index = LEVELS.indexOf(level);
    if (index === -1) return 'invalid';
    const before = levels.get(session);
    if (session.hasEnded) return undefined;
    levels.set(session, index);
    const outcome = await tellLevel(connection);
    if (outcome === undefined || isResult(outcome)) return outcome;
    if (before === undefined) levels.delete(session);
    else levels.set(session, before);
    return outcome;
  }

  async function subscribe(
    uri: string,
    session: Session,
    connection: StdioConnection,
  ): Promise<CallOutcome | 'too-many' | undefined> {
    if (session.hasEnded) return undefined;
    let count = 0;
    for (const { sessions } of subscriptions.values()) if (sessions.has(session)) count += 1;
    if (count >= MAX_SUBSCRIPTIONS) return 'too-many';
    let subscription = subscriptions.get(uri);
    if (subscription === undefined) {
      const opening = connection.ask('resources/subscribe', { uri });
      subscription = { sessions: new Set(), opening };
      subscriptions.set(uri, subscription);
    }
    subscription.sessions.add(session);
    const outcome = await subscription.opening;
    // Everybody who shared a failed answer is told, and the next one asks anew.
    if (!isResult(outcome) && subscriptions.get(uri) === subscription) subscriptions.delete(uri);
    return outcome;
  }

  async function unsubscribe(
    uri: string,
    session: Session,
    connection: StdioConnection | undefined,
  ): Promise<CallOutcome | undefined> {
    const subscription = subscriptions.get(uri);
    if (subscription?.sessions.delete(session) !== true) return undefined;
    if (subscription.sessions.size > 0) return undefined;
    subscriptions.delete(uri);
    return connection?.ask('resources/unsubscribe', { uri });
  }

  return {
    async handle(message, session, connection) {
      const uri = String(message.params?.['uri']); // The strict reader has checked that it is text.
      switch (message.method) {
        case 'logging/setLevel': {
          const outcome = await setLevel(message.params?.['level'], session, connection);
          if (outcome !== 'invalid') return answerOutcome(outcome, message);
          return answerFailure({ status: 200, code: INVALID_PARAMS }, message.id);
        }
        case 'resources/subscribe': {
          const outcome = await subscribe(uri, session, connection);
          if (outcome !== 'too-many') return answerOutcome(outcome, message);
          const failure = { status: 200, code: BRIDGE_ERROR, message: 'Too many subscriptions' };
          return answerFailure(failure, message.id);
        }
        default:
          return answerOutcome(await unsubscribe(uri, session, connection), message);
      }
    },
    wantLog(level) {
      const index = LEVELS.indexOf(level);
      return [...levels].filter(([, wanted]) => wanted <= index).map(([session]) => session);
    },
    wantResource(uri) {
      // Only strings were ever put in; the process may have sent anything.
      return [...(subscriptions.get(uri as string)?.sessions ?? [])];
    },
    reapply(connection) {
      toldLevel = undefined;
      void tellLevel(connection);
      for (const [uri, subscription] of subscriptions) {
        subscription.opening = connection.ask('resources/subscribe', { uri });
      }
    },
    release(session, connection) {
      levels.delete(session);
      if (connection !== undefined) void tellLevel(connection);
      for (const uri of [...subscriptions.keys()]) void unsubscribe(uri, session, connection);
    },
  };
}

function isResult(outcome: CallOutcome): boolean {
  return outcome.kind === 'reply' && Object.hasOwn(outcome.message.value, 'result');
}

/** Undefined: the process did not have to be asked. */
function answerOutcome(outcome: CallOutcome | undefined, message: McpMessage): Response {
  if (outcome === undefined) return answerEmptyResult(message.id);
  if (outcome.kind !== 'reply') return answerFailure(failureOf(outcome), message.id);
  return answerJson(replaceId(outcome.message, message.id?.text ?? 'null'));
}
