import { formatPolicyTests, parsePolicyTests, runPolicyTests } from '@thv/authz';
import { describe, expect, it } from 'vitest';
import { cedar, configOf } from './support/authorizer.ts';

const POLICIES = [
  'permit(principal, action == Action::"call_tool", resource == Tool::"weather");',
  'permit(principal, action, resource) when { principal has claim_roles && principal.claim_roles.contains("premium") };',
  'permit(principal, action == Action::"call_tool", resource == Tool::"calculator") when { resource.arg_operation == "add" };',
  '@id("files") permit(principal, action == Action::"read_resource", resource in MCP::"weather-server") when { resource.uri like "db://*" };',
];
const TESTS = {
  server: 'weather-server',
  identities: { alice: { sub: 'alice123', roles: ['premium'] }, bob: { sub: 'bob' } },
  tests: [
    { as: 'alice', call_tool: 'admin_tool', expect: 'allow', by: ['policy1'] },
    { as: 'bob', call_tool: 'calculator', args: { operation: 'add' }, expect: 'allow' },
    { as: 'bob', call_tool: 'calculator', args: { operation: 'divide' }, expect: 'deny' },
    { as: 'bob', read_resource: 'file:///etc/passwd', expect: 'deny', by: [] },
    { as: 'bob', read_resource: 'db://a', expect: 'deny', name: 'wrong <on> "purpose" #1' },
    {
      as: 'bob',
      list_tools: ['weather', 'calculator', 'admin_tool'],
      expect: ['calculator', 'weather'],
    },
    { as: 'bob', list_resources: ['db://a', 'x://a'], expect: [] },
  ],
};

describe('runPolicyTests', () => {
  it('runs tests and counts what decided them', async () => {
    const report = await runPolicyTests(configOf(POLICIES), TESTS, { cedar });
    expect(report).toMatchObject({ passed: 5, failed: 2, coverage: { unused: [] } });
    expect(report.cases[0]).toEqual({
      name: 'alice call_tool admin_tool',
      ok: true,
      expected: 'allow by policy1',
      got: 'allow by policy1',
      policies: ['policy1'],
    });
    expect(report.cases[4]).toMatchObject({ ok: false, expected: 'deny', got: 'allow' });
    expect(report.cases[6]).toMatchObject({ ok: false, expected: '[]', got: '[db://a]' });
  });

  it('counts the policies that decided about items of lists', async () => {
    const policies = [
      ...POLICIES,
      '@id("no-weather") forbid(principal, action, resource == Tool::"weather") when { principal has claim_blocked };',
      '@id("unused") permit(principal, action == Action::"get_prompt", resource);',
    ];
    const report = await runPolicyTests(
      configOf(policies),
      {
        server: 'weather-server',
        identities: { bob: { sub: 'bob' }, eve: { sub: 'eve', blocked: true } },
        tests: [
          {
            as: 'bob',
            list_tools: ['weather', 'calculator', 'x'],
            expect: ['weather', 'calculator'],
          },
          { as: 'bob', list_resources: ['db://a'], expect: ['db://a'] },
          { as: 'eve', list_tools: ['weather'], expect: [] },
        ],
      },
      { cedar },
    );
    expect(report.cases.map(({ ok, policies: by }) => [ok, by])).toEqual([
      [true, ['policy0', 'policy2']],
      [true, ['files']],
      [true, ['no-weather']],
    ]);
    expect(report.coverage.unused).toEqual(['policy1', 'unused']);
  });

  it('renders every format', async () => {
    const report = await runPolicyTests(configOf(POLICIES), TESTS, { cedar });
    expect(formatPolicyTests(report, 'table')).toContain(
      '5 passed, 2 failed\n4 of 4 policies decided a test\n',
    );
    expect(JSON.parse(formatPolicyTests(report, 'json'))).toEqual(report);
    const junit = formatPolicyTests(report, 'junit');
    expect(junit).toContain(
      'name="wrong &lt;on&gt; &quot;purpose&quot; #1"><failure message="expected deny, got allow"/>',
    );
    const tap = formatPolicyTests(report, 'tap');
    expect(tap).toContain('TAP version 14\n1..7\nok 1 - alice');
    expect(tap).toContain('not ok 5 - wrong <on> "purpose" \\#1\n  ---\n  expected: "deny"');
  });
});

describe('parsePolicyTests', () => {
  const base = { identities: { a: { sub: 'a' } } };
  it.each<[string, unknown, RegExp]>([
    [
      'an unknown key',
      { ...base, tests: [{ as: 'a', call_tol: 'x', expect: 'deny' }] },
      /did you mean "call_tool"/,
    ],
    [
      'an unknown identity',
      { ...base, tests: [{ as: 'b', call_tool: 'x', expect: 'deny' }] },
      /no identity "b"/,
    ],
    ['no question', { ...base, tests: [{ as: 'a', expect: 'deny' }] }, /needs one of/],
    [
      'two questions',
      { ...base, tests: [{ as: 'a', call_tool: 'x', get_prompt: 'x', expect: 'deny' }] },
      /needs one of/,
    ],
    [
      'a wrong expectation',
      { ...base, tests: [{ as: 'a', call_tool: 'x', expect: 'maybe' }] },
      /"allow" or "deny"/,
    ],
    ['no expectation', { ...base, tests: [{ as: 'a', call_tool: 'x' }] }, /must be allow or deny/],
    ['no sub', { identities: { a: {} }, tests: [] }, /needs a "sub"/],
    ['no tests', base, /"tests" must be a list/],
  ])('refuses %s', (_, tests, message) => {
    expect(() => parsePolicyTests(tests)).toThrow(
      expect.objectContaining({ code: 'ERR_AUTHZ_TESTS', message: expect.stringMatching(message) }),
    );
  });
});
