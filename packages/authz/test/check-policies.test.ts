import { checkPolicies } from '@thv/authz';
import { describe, expect, it } from 'vitest';
import { cedar, configOf } from './support/authorizer.ts';

const CALL = 'permit(principal, action == Action::"call_tool", resource)';
const OK = 'permit(principal in THVGroup::"eng", action, resource);';

const codesOf = (policies: readonly string[], keys = {}, serverName?: string): string[] =>
  checkPolicies(configOf(policies, keys), { cedar, serverName }).findings.map(
    ({ code, severity }) => `${severity} ${code}`,
  );

describe('checkPolicies', () => {
  it.each<[string, readonly string[], Record<string, unknown>, readonly string[]]>([
    ['nothing wrong', [OK], {}, []],
    [
      'a guarded attribute',
      [`${CALL} when { principal has claim_roles && principal.claim_roles.contains("a") };`],
      {},
      [],
    ],
    [
      'a guard in an if',
      [`${CALL} when { if principal has claim_a then principal.claim_a else false };`],
      {},
      [],
    ],
    [
      'a negated guard',
      [`${CALL} when { !(principal has claim_a) || principal.claim_a };`],
      {},
      [],
    ],
    [
      'a guard in another clause',
      [`${CALL} when { principal has claim_a } unless { principal.claim_a };`],
      {},
      [],
    ],
    [
      'an attribute that is always there',
      [`${CALL} when { principal.claim_sub == "x" && resource.name like "a*" };`],
      {},
      [],
    ],
    [
      'an unguarded permit',
      [`${CALL} when { principal.claim_roles.contains("a") };`],
      {},
      ['note unguarded-permit'],
    ],
    [
      'a guard too late',
      [`${CALL} when { principal.claim_a && principal has claim_a };`],
      {},
      ['note unguarded-permit'],
    ],
    [
      'an unguarded permit, errors deny',
      [`${CALL} when { principal.claim_a };`],
      { evaluation_errors: 'deny' },
      ['warning unguarded-permit'],
    ],
    [
      'an unguarded forbid',
      [OK, 'forbid(principal, action, resource) when { resource.destructiveHint };'],
      {},
      ['warning unguarded-forbid'],
    ],
    [
      'an attribute that never is',
      [`${CALL} when { principal has roles && principal.roles };`],
      {},
      ['warning unknown-attribute'],
    ],
    [
      'an attribute of a static entity',
      [`${CALL} when { resource has owner && resource.owner == "u" };`],
      { entities: [{ uid: 'Tool::x', attrs: { owner: 'u' } }] },
      [],
    ],
    [
      'an action that is none',
      ['permit(principal, action == Action::"calltool", resource);'],
      {},
      ['warning unknown-action'],
    ],
    [
      'a static action group',
      ['permit(principal, action in Action::"readers", resource);'],
      { entities: [{ uid: 'Action::call_tool', parents: ['Action::readers'] }] },
      [],
    ],
    [
      'a list action',
      ['permit(principal, action == Action::"list_tools", resource);'],
      {},
      ['warning list-policy'],
    ],
    [
      'a type that is none',
      ['permit(principal in Group::"x", action, resource);'],
      {},
      ['warning unknown-entity-type'],
    ],
    [
      'a URI with underscores',
      ['permit(principal, action, resource == Resource::"file____x");'],
      {},
      ['warning sanitised-uri'],
    ],
    [
      'a pair that never meets',
      ['permit(principal, action == Action::"call_tool", resource == Prompt::"x");'],
      {},
      ['warning never-applies'],
    ],
    [
      'everything for everyone',
      ['permit(principal, action, resource);'],
      {},
      ['warning permit-everything'],
    ],
    [
      'nothing for anyone',
      ['forbid(principal, action, resource);'],
      {},
      ['warning forbid-everything', 'warning no-permit'],
    ],
    ['the same twice', [OK, OK], {}, ['warning duplicate-policy']],
    [
      'numbers: toolhive and an integer',
      [`${CALL} when { resource has arg_n && resource.arg_n <= 10 };`],
      { numbers: 'toolhive' },
      ['warning number-mode'],
    ],
    [
      'a decimal for a whole number',
      [`${CALL} when { resource has arg_n && resource.arg_n == decimal("1.0") };`],
      {},
      ['note number-mode'],
    ],
    ...['<', '<=', '>', '>='].map(
      (operator): [string, readonly string[], Record<string, unknown>, readonly string[]] => [
        `a decimal compared with ${operator}`,
        [`${CALL} when { context has arg_n && context.arg_n ${operator} decimal("1.5") };`],
        {},
        ['warning number-mode'],
      ],
    ),
    [
      'a decimal compared with <, numbers: toolhive',
      [`${CALL} when { context has arg_n && decimal("1.5") < context.arg_n };`],
      { numbers: 'toolhive' },
      ['warning number-mode'],
    ],
    [
      'an integer that is to equal a decimal',
      [`${CALL} when { decimal("1.0") == 1 };`],
      {},
      ['warning number-mode'],
    ],
    [
      'an integer given to .greaterThan',
      [`${CALL} when { context has arg_n && context.arg_n.greaterThan(1) };`],
      {},
      ['warning number-mode'],
    ],
    [
      '.greaterThan of an integer',
      [`${CALL} when { context has arg_n && (1).greaterThan(context.arg_n) };`],
      {},
      ['warning number-mode'],
    ],
    [
      '.greaterThan',
      [`${CALL} when { context has arg_n && context.arg_n.greaterThan(decimal("1.5")) };`],
      {},
      [],
    ],
    [
      'several errors',
      ['permit(', OK, 'permit(x);'],
      { entities: [{}], group_entity_type: 'in' },
      [
        'error ERR_AUTHZ_CONFIG',
        'error ERR_AUTHZ_POLICY',
        'error ERR_AUTHZ_POLICY',
        'error ERR_AUTHZ_ENTITIES',
        'warning unknown-entity-type',
      ],
    ],
  ])('finds %s', (_, policies, keys, expected) => {
    expect(codesOf(policies, keys)).toEqual(expected);
  });

  it('knows when a policy is for another server', () => {
    const policy = 'permit(principal, action, resource in MCP::"a");';
    expect(codesOf([policy], {}, 'b')).toEqual(['note other-server']);
    expect(codesOf([policy], {}, 'a')).toEqual([]);
  });

  it('names the method that compares decimals', () => {
    const findings = (condition: string): unknown =>
      checkPolicies(configOf(`${CALL} when { context has arg_n && ${condition} };`), { cedar })
        .findings;
    expect(findings('context.arg_n > decimal("1.5")')).toMatchObject([
      {
        message: 'decimals cannot be compared with >, so this cannot be evaluated',
        fix: 'write context.arg_n.greaterThan(decimal("1.5"))',
      },
    ]);
    expect(findings('1 <= decimal("1.5")')).toMatchObject([
      { fix: 'write decimal("1.0").lessThanOrEqual(decimal("1.5"))' },
    ]);
    expect(findings('context.arg_n.lessThan(3)')).toMatchObject([
      {
        message: '.lessThan(…) compares decimals, and 3 is an integer, so this cannot be evaluated',
        fix: 'write decimal("3.0"), or compare integers with <',
      },
    ]);
  });

  it('is ok with warnings unless strict, and gives place and fix', () => {
    const note = checkPolicies(configOf(`${CALL}\nwhen { principal.claim_a };`), {
      cedar,
      strict: true,
    });
    expect(note).toMatchObject({
      ok: true,
      findings: [
        {
          policy: 'policy0',
          line: 2,
          column: 18,
          excerpt: 'when { principal.claim_a };',
          excerptColumn: 18,
          fix: 'test for it first: principal has claim_a && …',
        },
      ],
    });
    const warning = configOf('permit(principal, action, resource);');
    expect(checkPolicies(warning, { cedar }).ok).toBe(true);
    expect(checkPolicies(warning, { cedar, strict: true }).ok).toBe(false);
    expect(checkPolicies({}, { cedar })).toMatchObject({
      ok: false,
      findings: [{ severity: 'error', code: 'ERR_AUTHZ_CONFIG' }],
    });
  });
});
