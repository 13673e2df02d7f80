/** Plain Cedar: every policy, every entity, every attribute, nothing prepared, nothing kept. */
import type { EntityJson } from '@cedar-policy/cedar-wasm/web';
import type { AuthorizeRequest } from '@thv/authz';
import { buildPrincipal } from '../../src/caller.ts';
import { parseAuthzConfig } from '../../src/config.ts';
import { buildAction, buildResource } from '../../src/entities.ts';
import { createHierarchy } from '../../src/hierarchy.ts';
import { loadPolicies } from '../../src/policy-set.ts';
import { parseStaticEntities, toEntityJson } from '../../src/static-entities.ts';
import { cedar } from './authorizer.ts';

interface PlainVerdict {
  readonly allowed: boolean;
  readonly policies: readonly string[];
  readonly errors: readonly string[];
}

/** Decides as `isAuthorized` and D23 say. */
export function createOracle(
  config: unknown,
  serverName = '',
): (request: AuthorizeRequest) => PlainVerdict {
  const parsed = parseAuthzConfig(config);
  if (parsed.type !== 'cedarv1') {
    throw new TypeError('the oracle knows Cedar only');
  }
  const policies = loadPolicies(cedar, parsed.cedar.policies);
  const statics = parseStaticEntities(cedar, parsed.cedar.entities);
  const options = { cedar: parsed.cedar, serverName, statics, hierarchy: createHierarchy(statics) };
  const texts = Object.fromEntries(policies.map(({ id, statement }) => [id, statement.text]));
  const forbids = new Set(policies.filter(({ effect }) => effect === 'forbid').map(({ id }) => id));

  return (request) => {
    const principal = buildPrincipal(request.identity, options);
    const action = buildAction(request.action, options);
    const resource = buildResource(request, options);
    const entities = new Map<string, EntityJson>();
    for (const [key, entity] of statics) {
      entities.set(key, toEntityJson(entity));
    }
    for (const entity of [principal, action, resource]) {
      entities.set(entity.key, toEntityJson(entity));
    }
    const answer = cedar.isAuthorized({
      principal: principal.uid,
      action: action.uid,
      resource: resource.uid,
      context: { ...principal.claims, ...resource.args },
      policies: { staticPolicies: texts },
      entities: [...entities.values()],
    });
    if (answer.type === 'failure') {
      throw new Error(JSON.stringify(answer.errors));
    }
    const { decision, diagnostics } = answer.response;
    const errors = diagnostics.errors.map(({ policyId }) => policyId).sort();
    const denying = new Set([
      ...(decision === 'deny' ? diagnostics.reason : []),
      ...errors.filter((id) => parsed.cedar.evaluationErrors === 'deny' || forbids.has(id)),
    ]);
    const allowed = decision === 'allow' && denying.size === 0;
    return {
      allowed,
      policies: (allowed ? [...diagnostics.reason] : [...denying]).sort(),
      errors,
    };
  };
}
