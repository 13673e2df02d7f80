/** One loaded Cedar configuration: its policies, its entities, and how requests are put to them. */
import { readArguments, toArgumentAttributes } from './arguments.ts';
import { callKey } from './call-key.ts';
import type { Cedar } from './cedar.ts';
import type { AuthzConfig } from './config.ts';
import { createEngine, type Engine, type Plan } from './engine.ts';
import {
  buildAction,
  buildPrincipal,
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
import { type ListItem, toReport } from './list-filter.ts';
import { isAuthzAction, LISTS } from './operations.ts';
import { readsHints } from './policy-reads.ts';
import { loadPolicies } from './policy-set.ts';
import { createPrincipals, type KnownPrincipal } from './principals.ts';
import type { AuthorizeRequest, AuthzAction, ListRequest, ToolHints } from './request.ts';
import { toCallRules, toListingRules } from './rules.ts';
import { parseStaticEntities } from './static-entities.ts';
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

const MAX_VERDICTS = 16;

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

  const judge = (engine: Engine, principal: KnownPrincipal, question: Question): Verdict => {
    const { space, action, target, template, hints } = question;
    // All tools that no policy knows anything about share one plan.
    const ordinary = !template && engine.isOrdinary(action, principal.entity, target);
    const plan = principal.plan(space, ordinary ? undefined : target, () =>
      engine.plan(action, principal.entity, buildResource({ action, target, template }, entities)),
    );
    if (action === 'call_tool') {
      assertHints(hints);
    }
    if (ordinary) {
      assertUnicode(target);
    }
    if (plan.constant !== undefined) {
      return plan.constant;
    }
    const key = callKey(plan, hints, question.arguments);
    const known = key === undefined ? undefined : plan.verdicts?.get(key);
    if (known !== undefined) {
      return known;
    }
    const verdict = plan.decide(withCall(plan, question, entities));
    if (key !== undefined) {
      if (plan.verdicts === undefined || plan.verdicts.size >= MAX_VERDICTS) {
        plan.verdicts = new Map();
      }
      plan.verdicts.set(key, verdict);
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
interface Question {
  /** Keeps plans for calls and lists apart. */
  readonly space: string;
  readonly action: AuthzAction;
  readonly target: string;
  readonly template: boolean;
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
  const { resource, argumentNames } = plan;
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
