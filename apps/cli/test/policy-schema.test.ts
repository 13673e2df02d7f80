/** `thv policy schema`, as a process; Cedar itself reads what it prints. */
import { loadCedar } from '@thv/authz/node';
import { describe, expect, it } from 'vitest';
import { runThv } from './spawn-thv.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder({
  'authz.yaml': `version: "1.0"
type: cedarv1
cedar:
  group_entity_type: Team
  multi_valued_claims: [scope]
  policies:
    - permit(principal in Team::"x", action, resource);
`,
});

const schema = (...args: readonly string[]) =>
  runThv(['policy', 'schema', ...args], { cwd: folder.path });

const TYPES = [
  ...['--claim', 'roles=Set<String>', '--claim', 'odd-name=Bool'],
  ...['--arg', 'a=Long', '--arg', 'share=Decimal'],
];

describe('thv policy schema', () => {
  it('prints a schema that Cedar accepts', async () => {
    const cedar = await loadCedar();
    for (const args of [[], ['authz.yaml'], TYPES]) {
      const { code, out, err } = await schema(...args);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(cedar.checkParseSchema(out)).toEqual({ type: 'success' });
    }
  });

  it('knows claims, arguments, and what the file says', async () => {
    const typed = await schema(...TYPES);
    expect(typed.out).toContain(
      'entity Client in [THVGroup] = {\n  "claim_odd-name"?: Bool,\n  claim_roles?: Set<String>\n}',
    );
    expect(typed.out).toContain('  arg_share?: decimal,\n');
    const fromFile = await schema('authz.yaml');
    expect(fromFile.out).toContain(
      'entity Client in [Team] = {\n  claimset_scope?: Set<String>\n};',
    );
  });

  it("prints Cedar's JSON form", async () => {
    const { out } = await schema('--format', 'json');
    const cedar = await loadCedar();
    expect(cedar.checkParseSchema(JSON.parse(out))).toEqual({ type: 'success' });
  });

  it.each([
    ['an unknown type', ['--claim', 'a=Int'], /--claim: "a=Int" is not NAME=TYPE; the types are/],
    ['a type in small letters', ['--arg', 'a=long'], /did you mean Long\?/],
    ['no type', ['--arg', 'a'], /--arg: "a" is not NAME=TYPE/],
    ['a missing file', ['none.yaml'], /none\.yaml: the file does not exist/],
  ])('refuses %s: exit code 2', async (_name, args, message) => {
    const { code, out, err } = await schema(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
  });
});
