/** One loaded Cedar configuration: its policies, its entities, and how requests are put to them. */
import type { Cedar } from './cedar.ts';
import type { AuthzConfig } from './config.ts';
import { createEngine } from './engine.ts';
import { buildAction, buildPrincipal, buildResource, type EntityOptions } from './entities.ts';
import { AuthzError } from './errors.ts';
import { explainOutcome } from './explain.ts';
import type { Explanation } from './explanation.ts';
import { assertGroupType } from './group-type.ts';
import { type ListItem, toReport } from './list-filter.ts';
import { isAuthzAction, LISTS } from './operations.ts';
import { readsHints } from './policy-reads.ts';
import { loadPolicies } from './policy-set.ts';
import type { AuthorizeRequest, Decision, ListRequest } from './request.ts';
import { toCallRules, toListingRules } from './rules.ts';
import { parseStaticEntities } from './static-entities.ts';
import type { Verdict } from './verdict.ts';

/** A configuration ready to decide. */
export interface PolicyEngine {
  readonly readsHints: boolean;
  decide(request: AuthorizeRequest): Verdict;
  explain(request: AuthorizeRequest, outcome: Decision): Explanation;
  /** A function that judges the items of one list. */
  decideItems(request: ListRequest): (item: ListItem) => Verdict;
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
  const { evaluationErrors } = options;
  const calls = createEngine(cedar, { rules: toCallRules(policies), statics, evaluationErrors });
  const lists = createEngine(cedar, { rules: toListingRules(policies), statics, evaluationErrors });
  const entities: EntityOptions = { cedar: options, serverName, statics };

  return {
    readsHints: policies.some(({ condition }) => condition !== undefined && readsHints(condition)),
    decide: (request) => {
      if (!isAuthzAction(request.action)) {
        throw new AuthzError('ERR_AUTHZ_REQUEST', 'the action is unknown');
      }
      return calls.decide({
        principal: buildPrincipal(request.identity, entities),
        action: buildAction(request.action, statics),
        resource: buildResource(request, entities),
      });
    },
    explain: (request, outcome) =>
      explainOutcome(outcome, {
        policies,
        statics,
        principal: buildPrincipal(request.identity, entities),
        action: buildAction(request.action, statics),
        resource: buildResource(request, entities),
      }),
    decideItems: ({ identity, list }) => {
      const { action } = LISTS[list];
      const principal = buildPrincipal(identity, entities);
      const actionEntity = buildAction(action, statics);
      const template = list === 'resource_templates';
      return ({ target, hints }) => {
        try {
          const resource = buildResource({ action, target, hints, template }, entities);
          return lists.decide({ principal, action: actionEntity, resource });
        } catch (error) {
          return { allowed: false, policies: [], errors: [toReport(error)] };
        }
      };
    },
  };
}
