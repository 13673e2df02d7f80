/** The way of a request: one list, each stage with the reason for its place. */

import { createAuditor } from './audit/auditor.ts';
import type { Stage } from './exchange.ts';
import { createHintSource } from './hints/hint-source.ts';
import { createHintStore } from './hints/hint-store.ts';
import { createBodyBudget } from './limit/body-budget.ts';
import { authenticateStage } from './middleware/authenticate.ts';
import { authorizeStage } from './middleware/authorize.ts';
import { bodyLimitStage } from './middleware/body-limit.ts';
import { forwardStage } from './middleware/forward.ts';
import { byRoute, legacyForwardStage, legacySessionStage } from './middleware/legacy.ts';
import { originStage } from './middleware/origin.ts';
import { parseStage } from './middleware/parse.ts';
import {
  createIdentityCount,
  identityLimitStage,
  signInLimitStage,
} from './middleware/rate-limit.ts';
import { reportStage } from './middleware/report.ts';
import { sessionStage } from './middleware/session.ts';
import { toolsStage } from './middleware/tools.ts';
import { observeEngine, observeSessions } from './observer.ts';
import type { ResolvedOptions } from './options.ts';
import { createTaskBook } from './session/task-book.ts';
import { createTrafficBook } from './session/traffic-book.ts';
import { createToolNotices } from './tools/tool-notices.ts';

/** The stages in their order; the first one reports, whatever the others do. */
export type Pipeline = readonly [Stage, ...Stage[]];

/**
 * Builds the stages of the MCP route, and of the two of the 2024 transport where there are such.
 *
 * @param ending aborted when the proxy is about to close
 */
export function buildPipeline(options: ResolvedOptions, ending: AbortSignal): Pipeline {
  const { upstream, now, answerLimit, onError, observer } = options;
  const engine = observeEngine(options.authorize, observer);
  const audit = options.audit && createAuditor({ ...options.audit, onError, now });
  observeSessions(options.sessions, observer);
  const hints = createHintStore();
  // What is asked through another process is not seen here, nor what was before a restart.
  const traffic = createTrafficBook({ hasGaps: options.sessions.isOfOneProcess !== true });
  const tasks = createTaskBook({ now });
  const { tools } = options;
  const toolNotices =
    tools && createToolNotices(tools, (text) => onError(new Error(text), 'tools'));
  const countIdentity = createIdentityCount(options);
  const forwarding = { ...options, engine, hints, traffic, tasks, ending, toolNotices };
  return [
    // Outermost, so that refusals of every later stage are reported and nothing thrown gets out.
    reportStage({ ...options, audit }),
    // Before anything reads the request: a foreign page must not even learn whether it could.
    originStage(options.origins),
    // Before sign-in: what is too large is not worth a signature check.
    bodyLimitStage(options.bodyLimit),
    // Before sign-in: a refusal must cost less than the signature check or the question to the
    // provider that it spares.
    signInLimitStage(options),
    // Before a single byte of the body is read.
    authenticateStage(options.authenticate, countIdentity),
    // After sign-in, because it counts by identity; before the body is read, whose reading is most
    // of what a request costs here. Nothing in between: every authenticated request counts.
    identityLimitStage(countIdentity),
    // Gives the one reading that all later stages share.
    parseStage(options.bodyLimit, createBodyBudget(options.bodyBudget)),
    // After parsing, since `initialize` and the 2026 era have no session; before policy, so that
    // another identity's session id says nothing about what it could do.
    byRoute(sessionStage({ ...options, traffic }), legacySessionStage(options.sessions)),
    // Before anything is asked of the upstream or of what waits for its answers: what no record
    // could tell of does not happen.
    ...(options.audit?.required === true && audit !== undefined ? [audit.gate] : []),
    // Before policy, which judges the server's own names; after sign-in, so that strangers cannot
    // try out which tools there are.
    toolsStage(options.tools),
    // The last gate: what passes is forwarded.
    authorizeStage({
      engine,
      traffic,
      tasks,
      hints: createHintSource({ upstream, store: hints, now, maxBytes: answerLimit }),
    }),
    // Asks the upstream and filters what comes back.
    byRoute(forwardStage(forwarding), legacyForwardStage(forwarding)),
  ];
}
