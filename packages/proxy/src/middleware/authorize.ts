/** May they? Every message that goes to the upstream has passed here (D6, D7, D8, D31). */

import type { PolicyDecision, PolicyEngine, PolicyRequest } from '../authorization.ts';
import { type Exchange, identityOf, type Next, type Stage } from '../exchange.ts';
import type { HintSource } from '../hints/hint-source.ts';
import type { Answer } from '../http/answer.ts';
import { INVALID_REQUEST, METHOD_NOT_FOUND } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import { type MethodRule, ruleOf } from '../mcp/methods.ts';
import { questionsOf } from '../mcp/questions.ts';
import { replyDenied, replyError } from '../mcp/reply.ts';
import { tasksOf } from '../mcp/tasks.ts';
import type { TaskBook } from '../session/task-book.ts';
import type { TrafficBook } from '../session/traffic-book.ts';

export interface AuthorizeOptions {
  readonly engine: PolicyEngine | 'anything-authenticated';
  readonly hints: HintSource;
  readonly traffic: TrafficBook;
  readonly tasks: TaskBook;
}

/** Denies, or lets the next stage forward the message. */
export function authorizeStage(options: AuthorizeOptions): Stage {
  return (exchange, next) => {
    const { message } = exchange;
    // GET and DELETE carry no message; the session stage has judged them.
    if (message === undefined) return next();
    return message.kind === 'response'
      ? (refuseUnasked(exchange, message, options.traffic) ?? next())
      : judge(exchange, message, options, next);
  };
}

function refuseUnasked(
  exchange: Exchange,
  message: McpMessage,
  traffic: TrafficBook,
): Response | undefined {
  const asked = traffic.of(exchange.trafficKey ?? '').takeServerRequest(message.id?.text ?? '');
  if (asked) return undefined;
  exchange.reason = 'response-not-asked-for';
  return replyError({ status: 400, code: INVALID_REQUEST, id: message.id });
}

async function judge(
  exchange: Exchange,
  message: McpMessage,
  options: AuthorizeOptions,
  next: Next,
): Promise<Answer> {
  const rule = ruleOf(message.method ?? '', message.era);
  if (rule === undefined || rule.rule === 'deny') return refuseMethod(exchange, message);
  if (rule.rule === 'list') exchange.list = rule.list;
  const foreign = refuseForeignTask(exchange, message, { rule, tasks: options.tasks });
  if (foreign !== undefined) return foreign;
  if (rule.rule === 'own-task') return await next();
  const { engine, hints } = options;
  if (engine === 'anything-authenticated') return await next();
  for (const question of questionsOf(message, rule, identityOf(exchange))) {
    const decision = await decide(exchange, question, engine, hints);
    exchange.decision = decision;
    if (!decision.allowed) {
      exchange.reason ??= 'policy';
      return replyDenied(message.id, decision);
    }
  }
  return await next();
}

/** D7: no policy is asked; the call that began the task has been judged. */
function refuseForeignTask(
  exchange: Exchange,
  message: McpMessage,
  { rule, tasks }: { readonly rule: MethodRule; readonly tasks: TaskBook },
): Response | undefined {
  const owns = (taskId: unknown): boolean =>
    typeof taskId === 'string' && tasks.owns(taskId, identityOf(exchange));
  if (tasksOf(message, rule.rule === 'own-task').every(owns)) return undefined;
  exchange.reason = 'task-of-another';
  exchange.decision = denial();
  return replyDenied(message.id, exchange.decision);
}

async function decide(
  exchange: Exchange,
  request: PolicyRequest,
  engine: PolicyEngine,
  hints: HintSource,
): Promise<PolicyDecision> {
  if (request.action !== 'call_tool' || !engine.readsHints) return engine.authorize(request);
  const known = await hints.of(request.target, exchange);
  if (known === 'not-listed') {
    // D30: its hints cannot be known, so a policy that reads them cannot judge it.
    exchange.reason = 'tool-not-listed';
    return denial();
  }
  return engine.authorize({ ...request, hints: known });
}

/** D7: the same refusal for what does not exist and for what is never a client's to ask. */
function refuseMethod(exchange: Exchange, message: McpMessage): Response {
  exchange.reason = 'method';
  if (message.era === '2026') {
    return replyError({ status: 404, code: METHOD_NOT_FOUND, id: message.id });
  }
  exchange.decision = denial();
  return replyDenied(message.id, exchange.decision);
}

function denial(): PolicyDecision {
  return { allowed: false, id: crypto.randomUUID(), policies: [], errors: [] };
}
