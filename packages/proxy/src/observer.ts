/** What can be watched of a proxy while it works (D39); `@thv/proxy/telemetry` makes spans and metrics of it. */

import type { Identity } from '@thv/oidc';
import type { PolicyDecision, PolicyEngine } from './authorization.ts';
import type { Exchange } from './exchange.ts';
import type { Answer } from './http/answer.ts';
import type { McpMessage } from './mcp/message.ts';
import type { ExchangeReport } from './report.ts';
import type { SessionStore } from './session/store.ts';

/** Watches a proxy. Nothing here may throw: it is called in the middle of requests. */
export interface ProxyObserver {
  /**
   * Begins to watch a request: before the upstream is asked, or, where that never happens, when the
   * request is answered.
   */
  begin(request: ObservedRequest): RequestObservation;
  /** A policy is asked; the function is called with its answer. */
  deciding(): (decision: PolicyDecision) => void;
  /** An event stream to a client begins; the function is called when it ends. */
  streaming(): () => void;
  /** Called once, with a function that counts the sessions that are held, where that can be known. */
  sessions(count: () => number | undefined): void;
}

/** What is known of a request when it begins to be watched. */
export interface ObservedRequest {
  /** Untrusted, like the message. */
  readonly headers: Headers;
  readonly message: McpMessage | undefined;
  /** Undefined when the caller was not admitted. */
  readonly identity: Identity | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

export interface RequestObservation {
  /** The upstream is asked. */
  asking(): UpstreamObservation;
  /**
   * The answer begins.
   *
   * @param session what stands for the session id, which is half a credential
   */
  answered(report: ExchangeReport, session: string | undefined): void;
}

export interface UpstreamObservation {
  /** Headers that the request to the upstream carries in place of the caller's; an empty one is left out. */
  readonly headers: Readonly<Record<string, string>>;
  /** The head of the answer has come, with this status, or the attempt has failed. */
  ended(outcome: { readonly status: number } | { readonly error: unknown }): void;
}

/** Asks the upstream and tells whoever watches how long that took. */
export async function observeUpstream(
  exchange: Exchange,
  observer: ProxyObserver,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  exchange.observation ??= beginObservation(exchange, observer);
  const asking = exchange.observation.asking();
  exchange.asking = asking;
  try {
    const response = await ask();
    asking.ended({ status: response.status });
    return response;
  } catch (error) {
    asking.ended({ error });
    throw error;
  }
}

/** The observation of an exchange as far as it is known by now. */
export function beginObservation(exchange: Exchange, observer: ProxyObserver): RequestObservation {
  const { request, message, identity, startedAt } = exchange;
  return observer.begin({ headers: request.headers, message, identity, startedAt });
}

/** The engine, with each of its decisions told. */
export function observeEngine(
  engine: PolicyEngine | 'anything-authenticated',
  observer: ProxyObserver | undefined,
): PolicyEngine | 'anything-authenticated' {
  if (observer === undefined || engine === 'anything-authenticated') return engine;
  return {
    async authorize(request) {
      const decided = observer.deciding();
      const decision = await engine.authorize(request);
      decided(decision);
      return decision;
    },
    filterList: (request, result) => engine.filterList(request, result),
    // It changes when policies are loaded anew.
    get readsHints() {
      return engine.readsHints;
    },
  };
}

/** Lets the observer count the sessions of a store. */
export function observeSessions(store: SessionStore, observer: ProxyObserver | undefined): void {
  observer?.sessions(() => store.count?.());
}
