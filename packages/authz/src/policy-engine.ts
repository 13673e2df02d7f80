/** One loaded Cedar configuration: its policies, its entities, and how requests are put to them. */
import { readArguments, toArgumentAttributes } from './arguments.ts';
import { callKey } from './call-key.ts';
import { buildPrincipal } from './caller.ts';
import type { Cedar } from './cedar.ts';
import type { AuthzConfig } from './config.ts';
import { createEngine, type Engine, type Plan } from './engine.ts';
import {
  buildAction,
  buildResource,
  type EntityOptions,
  type RequestResource,
} from './entities.ts';
import { AuthzError } from './errors.ts';
import { explainOutcome } from './explain.ts';
import type { Explanation } from './explanation.ts';
import { assertGroupType } from './group-type.ts';
import { createHierarchy } from './hierarchy.ts';
import { assertHints, toHintAttributes } from './hints.ts';
import { keepVerdict, recallVerdict } from './kept-verdicts.ts';
import { type ListItem, toReport } from './list-filter.ts';
import { isAuthzAction, LISTS } from './operations.ts';
import { readsHints } from './policy-reads.ts';
import { loadPolicies } from './policy-set.ts';
import { createPrincipals, type KnownPrincipal } from './principals.ts';
import type { AuthorizeRequest, ListRequest, ToolHints } from './request.ts';
import { toCallRules, toListingRules } from './rules.ts';
import { parseStaticEntities } from './static-entities.ts';
import { createTargets, isKept, type Target } from './targets.ts';
import { assertUnicode, createRecord } from './values.ts';
import type { Verdict } from './verdict.ts';

/** A configuration ready to decide. */
export interface PolicyEngine {
  readonly readsHints: boolean;
  decide(request: AuthorizeRequest): Verdict | Promise<Verdict>;
  /** Explains the decision, which gets the id. Only Cedar policies can be explained. */
  readonly explain?: (request: AuthorizeRequest, id: string) => Explanation;
  /** Judges the items of one list. */
  decideItems(
    request: ListRequest,
    items: readonly ListItem[],
  ): readonly Verdict[] | Promise<readonly Verdict[]>;
}

/** Loads policies and entities. */
export function createPolicyEngine(
  cedar: Cedar,
  config: Extract<AuthzConfig, { type: 'cedarv1' }>,
  serverName: string,
): PolicyEngine {
  const { source, cedar: options } = config;
  if (options.policyFiles.length > 0) {
    throw new AuthzError(
      'ERR_AUTHZ_CONFIG',
      '"cedar.policy_files" are read by loadAuthorizer() of @thv/authz/node',
    );
  }
  assertGroupType(cedar, options.groupEntityType, source);
  const policies = loadPolicies(cedar, options.policies);
  const statics = parseStaticEntities(cedar, options.entities, source);
  const hierarchy = createHierarchy(statics);
  const entities: EntityOptions = { cedar: options, serverName, statics, hierarchy };
  const { evaluationErrors } = options;
  const calls = createEngine(cedar, { rules: toCallRules(policies), entities, evaluationErrors });
  const lists = createEngine(cedar, {
    rules: toListingRules(policies),
    entities,
    evaluationErrors,
  });
  const principals = createPrincipals(entities);
  const targets = createTargets(entities);

  const planOf = (engine: Engine, principal: KnownPrincipal, question: Question): Plan => {
    const { action, target, template } = question;
    // All tools that no policy knows anything about share one plan.
    const ordinary = !template && engine.isOrdinary(action, principal.entity, target);
    const resource = ordinary ? targets.ordinary(question) : targets.of(question);
    const known = principal.plans.get(resource);
    if (known !== undefined) {
      return known;
    }
    const plan = engine.plan(action, principal.entity, resource);
    if (isKept(resource)) {
      principals.keep(principal, plan);
    }
    return plan;
  };

  const judge = (engine: Engine, principal: KnownPrincipal, question: Question): Verdict => {
    const plan = planOf(engine, principal, question);
    if (question.action === 'call_tool') {
      assertHints(question.hints);
    }
    assertUnicode(question.target);
    if (plan.constant !== undefined) {
      return plan.constant;
    }
    const key = callKey(plan.selection, question.hints, question.arguments);
    const known = key === undefined ? undefined : recallVerdict(plan.kept, key);
    if (known !== undefined) {
      return known;
    }
    const called = withCall(plan, question, entities);
    const verdict = engine.decide(plan, principal.entity, called);
    if (key !== undefined) {
      keepVerdict(plan.kept, key, verdict);
    }
    return verdict;
  };

  const decide = (request: AuthorizeRequest): Verdict => {
    const { identity, action, target, template = false, hints } = request;
    assertQuestion(request);
    const space = template ? `template ${action}` : action;
    const question = { space, action, target, template, hints, arguments: request.arguments };
    return judge(calls, principals.of(identity), question);
  };

  return {
    decide,
    readsHints: policies.some(({ condition }) => condition !== undefined && readsHints(condition)),
    explain: (request, id) => {
      assertQuestion(request);
      return explainOutcome(
        cedar,
        { id, ...decide(request) },
        {
          policies,
          statics,
          principal: buildPrincipal(request.identity, entities),
          action: buildAction(request.action, entities),
          resource: buildResource(request, entities),
        },
      );
    },
    decideItems: ({ identity, list }, items) => {
      const { action } = LISTS[list];
      const principal = principals.of(identity);
      const template = list === 'resource_templates';
      const space = `list ${list}`;
      return items.map(({ target, hints }) => {
        try {
          return judge(lists, principal, { space, action, target, template, hints });
        } catch (error) {
          return { allowed: false, policies: [], errors: [toReport(error)] };
        }
      });
    },
  };
}

/** A request without its identity. */
interface Question extends Target {
  readonly hints?: ToolHints | undefined;
  readonly arguments?: unknown;
}

function assertQuestion({ action, target }: AuthorizeRequest): void {
  if (!isAuthzAction(action)) {
    throw new AuthzError('ERR_AUTHZ_REQUEST', 'the action is unknown');
  }
  if (typeof target !== 'string') {
    throw new AuthzError('ERR_AUTHZ_REQUEST', 'the target is not a string');
  }
}

/** The plan's resource with the hints and arguments of a call, as far as the plan reads them. */
function withCall(plan: Plan, question: Question, { cedar }: EntityOptions): RequestResource {
  const { resource, selection } = plan;
  const { argumentNames } = selection;
  const takesArguments = question.action !== 'read_resource' && question.arguments !== undefined;
  const args = !takesArguments
    ? resource.args
    : argumentNames === 'all'
      ? toArgumentAttributes(question.arguments, cedar.numbers)
      : readArguments(question.arguments, argumentNames, cedar.numbers);
  const hints = question.action === 'call_tool' ? toHintAttributes(question.hints) : undefined;
  // A static hint outranks that of the server; names of arguments are never static (D25).
  const attrs = Object.assign(createRecord(), hints, resource.attrs, args);
  return { ...resource, attrs, args };
}
