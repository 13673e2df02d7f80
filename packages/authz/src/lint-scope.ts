/** Scopes that cannot match, or match more than they seem to. */
import type { TypeAndId } from '@cedar-policy/cedar-wasm/web';
import type { LintContext, Problem } from './lint.ts';
import { OPERATIONS } from './operations.ts';
import { literalUids } from './policy-reads.ts';
import type { Policy } from './policy-set.ts';
import { type Scope, toScope } from './scope.ts';
import { formatUid } from './static-entities.ts';
import { formatSuggestion } from './suggest.ts';

const ACTIONS = Object.keys(OPERATIONS);
const LIST_ACTIONS = ['list_tools', 'list_prompts', 'list_resources'];

/** Problems of a policy's scope and of the entities it names. */
export function lintScope(policy: Policy, context: LintContext): readonly Problem[] {
  const scope = toScope(policy.json);
  const uids = [
    ...uidsOf(scope),
    ...(policy.condition === undefined ? [] : literalUids(policy.condition)),
  ];
  return [
    ...lintBreadth(policy, scope),
    ...uids.flatMap((uid) => lintUid(uid, context)),
    ...lintPairing(scope),
  ];
}

function lintBreadth(policy: Policy, scope: Scope): readonly Problem[] {
  const open = [scope.principal, scope.action, scope.resource].every(
    ({ equals, type, within }) =>
      equals === undefined && type === undefined && within === undefined,
  );
  if (!open || policy.condition !== undefined) {
    return [];
  }
  return policy.effect === 'permit'
    ? [
        {
          code: 'permit-everything',
          severity: 'warning',
          message: 'every signed-in caller may do everything that no forbid names',
          fix: 'name a principal, an action or a resource, or add a condition',
        },
      ]
    : [
        {
          code: 'forbid-everything',
          severity: 'warning',
          message: 'every request is denied, whatever other policies say',
          fix: 'narrow the scope or remove the policy',
        },
      ];
}

function lintUid(uid: TypeAndId, context: LintContext): readonly Problem[] {
  const { statics, options, serverName } = context;
  const name = formatUid(uid);
  const types = ['Client', 'Action', 'Tool', 'Prompt', 'Resource', 'MCP', options.groupEntityType];
  const ofStatics = [...statics.values()].flatMap((entity) => [entity.uid, ...entity.parents]);
  const known = new Set([...types, ...ofStatics.map(({ type }) => type)]);
  if (uid.type === 'FeatureType' || (uid.type === 'Action' && LIST_ACTIONS.includes(uid.id))) {
    return [
      {
        code: 'list-policy',
        severity: 'warning',
        message: `${name} has no effect: a list shows what its reader may use`,
        fix: 'permit the tools, prompts or resources themselves',
        at: uid.id,
      },
    ];
  }
  if (!known.has(uid.type)) {
    return [
      {
        code: 'unknown-entity-type',
        severity: 'warning',
        message: `nothing is ever of the type ${uid.type}${formatSuggestion(uid.type, known)}`,
        fix: `use ${types.join(', ')}, or a type of your static entities`,
        at: `${uid.type}::`,
      },
    ];
  }
  const groups = ofStatics.filter(({ type }) => type === 'Action').map(({ id }) => id);
  if (uid.type === 'Action' && ![...ACTIONS, ...groups].includes(uid.id)) {
    return [
      {
        code: 'unknown-action',
        severity: 'warning',
        message: `there is no action ${name}${formatSuggestion(uid.id, ACTIONS)}`,
        fix: `the actions are ${ACTIONS.join(', ')}`,
        at: uid.id,
      },
    ];
  }
  if (uid.type === 'MCP' && serverName !== undefined && uid.id !== serverName) {
    return [
      {
        code: 'other-server',
        severity: 'note',
        message: `${name} is not this server, which is MCP::${JSON.stringify(serverName)}`,
        at: uid.id,
      },
    ];
  }
  if (uid.type === 'Resource' && !uid.id.includes(':') && uid.id.includes('__')) {
    return [
      {
        code: 'sanitised-uri',
        severity: 'warning',
        message: `${name} is no URI: resources are named by their exact URI`,
        fix: 'write the URI as the server lists it',
        at: uid.id,
      },
    ];
  }
  return [];
}

/** An action and a resource type that never come together. */
function lintPairing({ action, resource }: Scope): readonly Problem[] {
  const type = resource.type ?? resource.equals?.split('\0')[0];
  const named = action.equals === undefined ? undefined : action.equals.split('\0')[1];
  const operation = Object.entries(OPERATIONS).find(([id]) => id === named)?.[1];
  if (operation === undefined || type === undefined || operation.resourceType === type) {
    return [];
  }
  return [
    {
      code: 'never-applies',
      severity: 'warning',
      message: `${named} is always about a ${operation.resourceType}, never a ${type}`,
      fix: `use ${operation.resourceType}::"…"`,
      at: type,
    },
  ];
}

function uidsOf(scope: Scope): readonly TypeAndId[] {
  return [scope.principal, scope.action, scope.resource].flatMap(({ equals, within }) => {
    const [type, id] = equals?.split('\0') ?? [];
    const named = type === undefined || id === undefined ? [] : [{ type, id }];
    return [...named, ...(within ?? []).map(({ uid }) => uid)];
  });
}
