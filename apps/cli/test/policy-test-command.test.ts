/** `thv policy test`, as a process. */
import { describe, expect, it } from 'vitest';
import { runThv } from './spawn-thv.ts';
import { authz, useTempFolder } from './temp-folder.ts';

const folder = useTempFolder({
  'authz.json': authz(
    '@id("weather") permit(principal, action == Action::"call_tool", resource == Tool::"weather");',
    '@id("admins") permit(principal in THVGroup::"admins", action, resource);',
  ),
  'good.yaml': `identities:
  eve: { sub: eve }
tests:
  - { as: eve, call_tool: weather, expect: allow, by: [weather] }
  - { as: eve, call_tool: admin_tool, expect: deny }
`,
  'bad.yaml': `identities:
  eve: { sub: eve }
tests:
  - { as: eve, call_tool: weather, expect: allow }
  - { as: eve, call_tool: "a<b", expect: allow }
`,
  'typo.yaml': `identities:
  eve: { sub: eve }
tests:
  - { as: eve, call_tol: weather, expect: allow }
`,
});

const test = (...args: readonly string[]) =>
  runThv(['policy', 'test', ...args], { cwd: folder.path });

describe('thv policy test', () => {
  it('prints a table: exit code 0 when all pass', async () => {
    expect(await test('authz.json', 'good.yaml')).toEqual({
      code: 0,
      err: '',
      out: `✓ eve call_tool weather     allow by weather
✓ eve call_tool admin_tool  deny

2 passed, 0 failed
`,
    });
  });

  it('exits with 3 when one fails, and says what came instead', async () => {
    const { code, out } = await test('authz.json', 'bad.yaml');
    expect(code).toBe(3);
    expect(out).toContain('✗ eve call_tool a<b      expected allow, got deny');
    expect(out).toContain('1 passed, 1 failed');
  });

  it('says which policies never decided', async () => {
    const { code, out } = await test('authz.json', 'good.yaml', '--coverage');
    expect(code).toBe(0);
    expect(out).toMatch(/\nweather {2}decided 1 {6}authz\.json:6:\d+\n/);
    expect(out).toMatch(/\nadmins {3}never decided {2}authz\.json:7:\d+\n/);
    expect(out).toMatch(/\n1 of 2 policies decided a test\n$/);
  });

  it('prints JSON with the keys that scripts rely on', async () => {
    const { code, out } = await test('authz.json', 'bad.yaml', '--format', 'json');
    expect(code).toBe(3);
    expect(JSON.parse(out)).toEqual({
      passed: 1,
      failed: 1,
      cases: [
        {
          name: 'eve call_tool weather',
          ok: true,
          expected: 'allow',
          got: 'allow',
          policies: ['weather'],
        },
        { name: 'eve call_tool a<b', ok: false, expected: 'allow', got: 'deny', policies: [] },
      ],
    });
    const all = await test('authz.json', 'good.yaml', '--format', 'json', '--coverage');
    expect(JSON.parse(all.out).coverage).toEqual({
      policies: [
        { id: 'weather', tests: 1 },
        { id: 'admins', tests: 0 },
      ],
      unused: ['admins'],
    });
  });

  it('prints TAP and JUnit; coverage is then a notice', async () => {
    const tap = await test('authz.json', 'bad.yaml', '--format', 'tap', '--coverage');
    expect(tap.code).toBe(3);
    expect(tap.out).toMatch(/^TAP version 14\n1\.\.2\nok 1 - eve call_tool weather\nnot ok 2 - /);
    expect(tap.err).toContain('1 of 2 policies decided a test');
    const junit = await test('authz.json', 'bad.yaml', '--format', 'junit');
    expect(junit.out).toContain('<testsuites tests="2" failures="1">');
    expect(junit.out).toContain('name="eve call_tool a&lt;b"');
  });

  it.each([
    ['a mistake in the tests', ['authz.json', 'typo.yaml'], /^thv: typo\.yaml:4:\d+: .*call_tol/],
    ['missing tests', ['authz.json', 'none.yaml'], /^thv: none\.yaml: the file does not exist$/m],
    ['a missing file', ['none.yaml', 'good.yaml'], /^thv: none\.yaml: the file does not exist$/m],
    [
      'tests in place of policies',
      ['good.yaml', 'good.yaml'],
      /^thv: good\.yaml:1:1: .*identities/,
    ],
    ['a bad format', ['authz.json', 'good.yaml', '--format', 'xml'], /text, json, junit, tap/],
  ])('refuses %s: exit code 2', async (_name, args, message) => {
    const { code, out, err } = await test(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
  });
});
