/** Vectors C and D: values, arguments, entities, groups, multi-valued claims. */

import type { AuthorizeRequest } from '@thv/authz';
import { describe, expect, it } from 'vitest';
import { authorizerOf, call } from './support/authorizer.ts';

const CALL = 'permit(principal, action == Action::"call_tool", resource)';
const ALL = 'permit(principal, action, resource);';
const when = (condition: string): string => `${CALL} when { ${condition} };`;
const read = (target: string): AuthorizeRequest =>
  call(target, undefined, { action: 'read_resource' });
const withClaims = (claims: Record<string, unknown>): AuthorizeRequest =>
  call('x', undefined, { claims });

interface Vector {
  readonly id: string;
  readonly policies: string | readonly string[];
  readonly keys?: Record<string, unknown>;
  readonly server?: string;
  readonly cases: readonly (readonly [AuthorizeRequest, boolean])[];
}

const toolhive = { numbers: 'toolhive' };
const nest = (depth: number, inner: unknown): unknown =>
  depth === 0 ? inner : { n: nest(depth - 1, inner) };

const VECTORS: readonly Vector[] = [
  {
    id: 'C1',
    policies: when('resource.arg_limit == 10'),
    cases: [[call('x', { limit: 10 }), true]],
  },
  {
    id: 'C1 toolhive',
    keys: toolhive,
    policies: when('resource.arg_limit == 10'),
    cases: [[call('x', { limit: 10 }), false]],
  },
  {
    id: 'C2',
    policies: when('resource.arg_limit == decimal("10.0")'),
    cases: [[call('x', { limit: 10 }), false]],
  },
  {
    id: 'C2 toolhive',
    keys: toolhive,
    policies: when('resource.arg_limit == decimal("10.0")'),
    cases: [[call('x', { limit: 10 }), true]],
  },
  {
    id: 'C3',
    policies: when('resource.arg_limit <= 10'),
    cases: [
      [call('x', { limit: 10 }), true],
      [call('x', { limit: 11 }), false],
    ],
  },
  {
    id: 'C3 toolhive',
    keys: toolhive,
    policies: when('resource.arg_limit <= 10'),
    cases: [[call('x', { limit: 10 }), false]],
  },
  {
    id: 'C4',
    policies: when('resource.arg_limit.lessThanOrEqual(decimal("10.0"))'),
    cases: [
      [call('x', { limit: 9.5 }), true],
      [call('x', { limit: 10 }), false],
    ],
  },
  {
    id: 'C4 toolhive',
    keys: toolhive,
    policies: when('resource.arg_limit.lessThanOrEqual(decimal("10.0"))'),
    cases: [[call('x', { limit: 10 }), true]],
  },
  {
    id: 'C5',
    policies: when('resource.arg_x == decimal("0.57")'),
    cases: [[call('x', { x: 0.57 }), true]],
  },
  {
    id: 'C5 toolhive',
    keys: toolhive,
    policies: when('resource.arg_x == decimal("0.5699")'),
    cases: [[call('x', { x: 0.57 }), true]],
  },
  {
    id: 'C6',
    policies: when('resource.arg_x == decimal("0.95")'),
    cases: [[call('x', { x: 0.95 }), true]],
  },
  {
    id: 'C6 toolhive',
    keys: toolhive,
    policies: when('resource.arg_x == decimal("0.95")'),
    cases: [[call('x', { x: 0.95 }), true]],
  },
  {
    id: 'C7',
    policies: when('!(resource has arg_x) && resource.arg_x_present'),
    cases: [
      [call('x', { x: 1e18 }), true],
      [call('x', { x: 1 }), false],
    ],
  },
  {
    id: 'C8',
    policies: when('resource.arg_q_present && !(resource has arg_q)'),
    cases: [[call('x', { q: null }), true]],
  },
  {
    id: 'C9',
    policies: when('resource.arg_d_present'),
    cases: [
      [call('x', { d: { a: 1 } }), true],
      [call('x', { d: [1] }), true],
    ],
  },
  {
    id: 'C10',
    policies: when('resource.arg_x_present == true'),
    cases: [
      [call('x', { x: {}, x_present: false }), true],
      [call('x', { x_present: false, x: {} }), true],
    ],
  },
  {
    id: 'C11',
    policies: when('context.arg_op == "add"'),
    cases: [
      [call('x', { op: 'add' }), true],
      [call('x', { op: 'sub' }), false],
      [call('x'), false],
    ],
  },
  {
    id: 'C12 ours: an erroring permit harms no other',
    policies: [`${CALL};`, when('resource.readOnlyHint == true')],
    cases: [[call('x'), true]],
  },
  {
    id: 'C12 with evaluation_errors: deny',
    keys: { evaluation_errors: 'deny' },
    policies: [`${CALL};`, when('resource.readOnlyHint == true')],
    cases: [[call('x'), false]],
  },
  {
    id: 'C13',
    keys: { evaluation_errors: 'deny' },
    policies: [
      `${CALL};`,
      'permit(principal, action == Action::"call_tool", resource == Tool::"y") when { resource.readOnlyHint == true };',
    ],
    cases: [[call('x'), true]],
  },
  {
    id: 'C14',
    policies: [
      `${CALL};`,
      'forbid(principal, action, resource) when { resource.destructiveHint };',
    ],
    cases: [
      [call('x'), false],
      [call('x', {}, { hints: { destructiveHint: false } }), true],
    ],
  },
  {
    id: 'C16',
    policies: when('resource.owner == "u"'),
    keys: { entities: [{ uid: 'Tool::weather', attrs: { owner: 'u' } }] },
    cases: [
      [call('weather'), true],
      [call('other'), false],
    ],
  },
  {
    id: 'C17',
    policies: 'permit(principal, action, resource in ToolGroup::"safe");',
    keys: { entities: [{ uid: 'Tool::"weather"', parents: ['ToolGroup::safe'] }] },
    cases: [
      [call('weather'), true],
      [call('other'), false],
    ],
  },
  {
    id: 'C18',
    policies: 'permit(principal, action in Action::"readers", resource);',
    keys: {
      entities: [
        {
          uid: { type: 'Action', id: 'read_resource' },
          parents: [{ type: 'Action', id: 'readers' }],
        },
      ],
    },
    cases: [
      [read('file:///a'), true],
      [call('x'), false],
    ],
  },
  {
    id: 'C19 ours: other names come from the static entity',
    policies: when('resource.readOnlyHint'),
    keys: { entities: [{ uid: 'Tool::x', attrs: { readOnlyHint: true, name: 'y', arg_a: 1 } }] },
    cases: [[call('x', {}, { hints: { readOnlyHint: false } }), true]],
  },
  {
    id: 'C19 ours: names of the proxy come from the request',
    policies: when('resource.name == "x" && !(resource has arg_a)'),
    keys: { entities: [{ uid: 'Tool::x', attrs: { name: 'y', arg_a: 1 } }] },
    cases: [[call('x'), true]],
  },
  {
    id: 'C20',
    server: 's1',
    policies: 'permit(principal, action, resource in MCP::"s1");',
    cases: [[call('x'), true]],
  },
  {
    id: 'C21 no server',
    policies: 'permit(principal, action, resource in MCP::"s1");',
    cases: [[call('x'), false]],
  },
  {
    id: 'C21 other server',
    server: 'other',
    policies: 'permit(principal, action, resource in MCP::"s1");',
    cases: [[call('x'), false]],
  },
  {
    id: 'C22',
    server: 's1',
    policies: 'permit(principal, action, resource in Env::"prod");',
    keys: { entities: [{ uid: 'MCP::s1', parents: ['Env::prod'] }] },
    cases: [[call('x'), true]],
  },
  {
    id: 'C23',
    policies:
      'permit(principal, action == Action::"read_resource", resource == Resource::"file:///etc/passwd");',
    cases: [
      [read('file:///etc/passwd'), true],
      [read('file://_etc/passwd'), false],
    ],
  },
  {
    id: 'C24',
    policies: 'permit(principal, action, resource == Resource::"file____etc_passwd");',
    cases: [[read('file:///etc/passwd'), false]],
  },
  {
    id: 'C25',
    policies: 'permit(principal, action, resource == Resource::"file:///a");',
    cases: [
      [read('file:///a'), true],
      [read('file:///a/'), false],
      [read('FILE:///a'), false],
      [read('file:///%61'), false],
    ],
  },
  {
    id: 'C26',
    policies: 'permit(principal == Client::"a::b\\"c", action, resource);',
    cases: [[call('x', {}, { identity: { subject: 'a::b"c', claims: {} } }), true]],
  },
  {
    id: 'C27',
    policies: ALL,
    cases: ['', 5, undefined, null].map(
      (subject) =>
        [call('x', {}, { identity: { subject: subject as string, claims: {} } }), false] as const,
    ),
  },
  {
    id: 'C28',
    policies: when('!(principal has claim_dept)'),
    cases: [
      [withClaims({ dept: null }), true],
      [withClaims({ dept: 'x' }), false],
    ],
  },
  {
    id: 'C29',
    policies: when('context has claim_act && context.claim_act.sub like "spiffe://t/*"'),
    cases: [
      [withClaims({ act: { sub: 'spiffe://t/a' } }), true],
      [withClaims({ act: { sub: 'x' } }), false],
      [call('x'), false],
    ],
  },
  {
    id: 'C30',
    policies: [
      `${CALL};`,
      'forbid(principal, action, resource == Tool::"admin") when { context has claim_act };',
    ],
    cases: [
      [call('admin', {}, { claims: { act: {} } }), false],
      [call('admin'), true],
      [call('x', {}, { claims: { act: {} } }), true],
    ],
  },
  {
    id: 'C31 ten deep',
    policies: when(`principal.claim_a${'.n'.repeat(10)} == "v"`),
    cases: [[withClaims({ a: nest(10, 'v') }), true]],
  },
  {
    id: 'C31 deeper',
    policies: when(`principal.claim_a${'.n'.repeat(10)} == {}`),
    cases: [[withClaims({ a: nest(12, 'v') }), true]],
  },
  {
    id: 'C32',
    policies: 'permit(principal, action, resource) when { action.operation == "call_tool" };',
    cases: [
      [call('x'), true],
      [read('x'), false],
    ],
  },
  {
    id: 'C33',
    policies: when('principal.claim_ids.contains(5)'),
    cases: [[withClaims({ ids: [5] }), true]],
  },
  {
    id: 'C33 toolhive',
    keys: toolhive,
    policies: when('principal.claim_ids.contains(5)'),
    cases: [[withClaims({ ids: [5] }), false]],
  },
  {
    id: 'C34',
    policies: when('context.claim_x == Client::"root"'),
    cases: [[withClaims({ x: { __entity: { type: 'Client', id: 'root' } } }), false]],
  },
  {
    id: 'C34 as data',
    policies: when(
      'context.claim_x.__entity.id == "root" && principal.claim_x.__entity.type == "Client"',
    ),
    cases: [[withClaims({ x: { __entity: { type: 'Client', id: 'root' } } }), true]],
  },
  {
    id: 'C34 extension',
    policies: when('context.claim_x == decimal("1.0")'),
    cases: [[withClaims({ x: { __extn: { fn: 'decimal', arg: '1.0' } } }), false]],
  },
  {
    id: 'C34 in a set',
    policies: when('context.claim_x.contains(Client::"root")'),
    cases: [[withClaims({ x: [{ __entity: { type: 'Client', id: 'root' } }] }), false]],
  },
  {
    id: 'C34 __expr',
    policies: when('context.claim_x.__expr == "1"'),
    cases: [[withClaims({ x: { __expr: '1' } }), true]],
  },
  {
    id: 'C35',
    policies: 'permit(principal, action, resource) when { resource.name == resource.uri };',
    cases: [[read('file:///a'), true]],
  },
  {
    id: '15 ours: no arguments on resources',
    policies: 'permit(principal, action, resource) when { context has arg_a };',
    cases: [
      [call('x', { a: 1 }, { action: 'read_resource' }), false],
      [call('x', { a: 1 }, { action: 'get_prompt' }), true],
    ],
  },
  {
    id: 'D1',
    policies: 'permit(principal in THVGroup::"eng", action, resource);',
    cases: [
      [withClaims({ groups: ['eng'] }), true],
      [withClaims({ roles: ['eng'] }), true],
      [withClaims({ 'cognito:groups': ['eng'] }), true],
      [withClaims({ custom: ['eng'] }), false],
    ],
  },
  {
    id: 'D2',
    keys: { group_claim_name: 'https://e/g' },
    policies: 'permit(principal in THVGroup::"eng", action, resource);',
    cases: [[withClaims({ groups: ['eng'] }), true]],
  },
  {
    id: 'D3',
    keys: { group_claim_name: 'https://e/g' },
    policies: 'permit(principal in THVGroup::"eng", action, resource);',
    cases: [[withClaims({ 'https://e/g': [], roles: ['eng'] }), false]],
  },
  {
    id: 'D4',
    keys: { group_claim_name: 'groups', role_claim_name: 'roles' },
    policies: 'permit(principal in THVGroup::"eng", action, resource);',
    cases: [[withClaims({ groups: 'not-array', roles: ['eng'] }), true]],
  },
  {
    id: 'D5',
    keys: { role_claim_name: 'realm_access.roles' },
    policies: 'permit(principal in THVGroup::"eng", action, resource);',
    cases: [[withClaims({ realm_access: { roles: ['eng'] } }), true]],
  },
  {
    id: 'D6',
    keys: { role_claim_name: 'realm_access.roles' },
    policies: 'permit(principal in THVGroup::"eng", action, resource);',
    cases: [
      [withClaims({ 'realm_access.roles': ['ops'], realm_access: { roles: ['eng'] } }), false],
    ],
  },
  ...['.roles', 'a..b', 'realm_access.'].map(
    (name): Vector => ({
      id: `D7 ${name}`,
      keys: { group_claim_name: name },
      policies: 'permit(principal in THVGroup::"eng", action, resource);',
      cases: [
        [
          withClaims({
            '': { roles: ['eng'] },
            a: { '': { b: ['eng'] } },
            realm_access: { '': ['eng'] },
          }),
          false,
        ],
      ],
    }),
  ),
  {
    id: 'D8',
    policies: [
      'permit(principal in THVGroup::"eng", action, resource);',
      'permit(principal in THVGroup::"42", action, resource);',
    ],
    cases: [
      [withClaims({ groups: ['eng', 42, true] }), true],
      [withClaims({ groups: [42] }), false],
    ],
  },
  {
    id: 'D9',
    policies: 'permit(principal in THVGroup::"eng", action, resource);',
    cases: [
      [withClaims({ groups: 'eng,ops' }), false],
      [withClaims({ groups: 'eng,ops', roles: ['eng'] }), true],
    ],
  },
  {
    id: 'D10',
    policies: 'permit(principal in Role::"dev", action, resource);',
    keys: {
      entities_json:
        '[{"uid":{"type":"THVGroup","id":"eng"},"attrs":{},"parents":[{"type":"Role","id":"dev"}]}]',
    },
    cases: [
      [withClaims({ groups: ['eng'] }), true],
      [withClaims({ groups: ['mkt'] }), false],
    ],
  },
  {
    id: 'D11',
    keys: { group_entity_type: 'OrgRole' },
    policies: 'permit(principal in OrgRole::"eng", action, resource);',
    cases: [[withClaims({ groups: ['eng'] }), true]],
  },
  {
    id: 'D11 default type',
    policies: 'permit(principal in OrgRole::"eng", action, resource);',
    cases: [[withClaims({ groups: ['eng'] }), false]],
  },
  {
    id: 'D13',
    keys: { multi_valued_claims: ['scp'] },
    policies: when('context.claimset_scp.contains("Mail.Read")'),
    cases: [
      [withClaims({ scp: ['Mail.Read'] }), true],
      [withClaims({ scp: 'Mail.Read X' }), true],
      [withClaims({ scp: ['Mail.ReadWrite'] }), false],
    ],
  },
  {
    id: 'D14',
    keys: { multi_valued_claims: ['scp'] },
    policies: when('context.claim_scp like "*Mail.Read*"'),
    cases: [[withClaims({ scp: ['Mail.ReadWrite'] }), true]],
  },
  {
    id: 'D15',
    policies: when('context.claim_scp like "*Mail.Read*"'),
    cases: [[withClaims({ scp: ['Mail.Read'] }), false]],
  },
  {
    id: 'D16 text',
    keys: { multi_valued_claims: ['scp'] },
    policies: when('context.claim_scp == "  a  b  " && context.claimset_scp == ["a", "b"]'),
    cases: [[withClaims({ scp: '  a  b  ' }), true]],
  },
  {
    id: 'D16 empty',
    keys: { multi_valued_claims: ['scp'] },
    policies: when('context.claim_scp == "" && context.claimset_scp == []'),
    cases: [
      [withClaims({ scp: [] }), true],
      [withClaims({ scp: '' }), true],
    ],
  },
  {
    id: 'D16 mixed',
    keys: { multi_valued_claims: ['scp'] },
    policies: when('context.claim_scp == "a" && context.claimset_scp == ["a"]'),
    cases: [[withClaims({ scp: ['a', 1] }), true]],
  },
  {
    id: 'D16 absent',
    keys: { multi_valued_claims: ['scp'] },
    policies: when('!(context has claim_scp) && !(context has claimset_scp)'),
    cases: [[call('x'), true]],
  },
];

describe('authorize', () => {
  it.each(VECTORS.map((vector) => [vector.id, vector] as const))('%s', async (_, vector) => {
    const authorizer = authorizerOf(vector.policies, vector.keys, vector.server);
    for (const [request, expected] of vector.cases) {
      const decision = await authorizer.authorize(request);
      expect(decision.allowed, JSON.stringify(request)).toBe(expected);
    }
  });
});

describe('group_entity_type (D12)', () => {
  it.each([
    'Foo::Bar',
    'Org-Role',
    'in',
    ' THVGroup',
    'X::"a", action, resource); permit(principal in Y',
  ])('refuses %s', (type) => {
    expect(() => authorizerOf(ALL, { group_entity_type: type })).toThrow(/group_entity_type/);
  });

  it('accepts __cedarFoo', () => {
    expect(() => authorizerOf(ALL, { group_entity_type: '__cedarFoo' })).not.toThrow();
  });
});
