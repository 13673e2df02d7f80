/** One request on its way through the pipeline, and what is known of it so far. */

import type { Identity } from '@thv/oidc';
import type { PolicyDecision } from './authorization.ts';
import type { Answer } from './http/answer.ts';
import type { ProxyRequest } from './http/request.ts';
import type { BodyLease } from './limit/body-budget.ts';
import type { SignInAttempt } from './limit/sign-in-guard.ts';
import type { McpMessage } from './mcp/message.ts';
import type { FilteredList } from './mcp/methods.ts';
import type { RequestObservation, UpstreamObservation } from './observer.ts';

export interface Exchange {
  readonly request: ProxyRequest;
  /** True on the routes of the transport of 2024-11-05. */
  readonly isLegacy: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The other end of the connection, where the server behind `fetch` tells it. */
  readonly peerAddress: string | undefined;
  /** Set when somebody asks for it; see `source/request-source.ts`. */
  source?: string;
  /** Set by the limit of failed sign-ins, and settled once the caller is known. */
  signIn?: SignInAttempt;
  /** Set by `authenticate`. */
  identity?: Identity;
  /** Set by `session`; undefined where the request names none or the era has none. */
  sessionId?: string | undefined;
  /** Set when the server does not know the session. */
  hasLostSession?: boolean;
  /** Key of the session's traffic: the session, or the caller where there is no session. */
  trafficKey?: string;
  /** Set by `parse`, for POST; gone once the answer has begun, since streams hold the exchange. */
  message?: McpMessage | undefined;
  /** Set by `parse` where the body takes room, which is given back when the answer begins. */
  bodyLease?: BodyLease;
  /** Set by `tools` when the message was renamed: the name by which the caller called the tool. */
  shownTool?: string;
  /** The list that the message asks for, set by `authorize`. */
  list?: FilteredList;
  /** Set by `authorize` when a policy was asked. */
  decision?: PolicyDecision;
  /** Why the request was refused or its answer withheld: a code from a fixed vocabulary. */
  reason?: string;
  /** Set when somebody watches, before the upstream is asked. */
  observation?: RequestObservation;
  /** The same, while the upstream is asked. */
  asking?: UpstreamObservation;
}

/** What a stage gives. A promise only where there is something to wait for: each one costs turns. */
export type Answering = Answer | Promise<Answer>;

export type Next = () => Answering;

/** One stage of the pipeline: answers by itself, or lets the next stage answer. */
export type Stage = (exchange: Exchange, next: Next) => Answering;

/** Runs the stages in order; the last one must answer. */
export function runStages(stages: readonly Stage[], exchange: Exchange): Answering {
  const run = (index: number): Answering => {
    const stage = stages[index];
    if (stage === undefined) throw new TypeError('the last stage of a pipeline must answer');
    return stage(exchange, () => run(index + 1));
  };
  return run(0);
}

/** The identity of an exchange that has passed `authenticate`. */
export function identityOf(exchange: Exchange): Identity {
  if (exchange.identity === undefined) throw new TypeError('not authenticated');
  return exchange.identity;
}
