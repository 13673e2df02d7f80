/** `thv policy check`, as a process. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpFixture, startGuideServer } from '../../../test/fixtures/spawn-fixture.ts';
import { runThv } from './spawn-thv.ts';
import { authz, useTempFolder } from './temp-folder.ts';

const GOOD = 'permit(principal, action == Action::"call_tool", resource == Tool::"weather");';
const folder = useTempFolder({
  'good.json': authz(GOOD),
  'http.json': JSON.stringify({
    version: '1.0',
    type: 'httpv1',
    pdp: { http: { url: 'https://pdp.example' }, claim_mapping: 'standard' },
  }),
  'syntax.yaml': `version: "1.0"
type: cedarv1
cedar:
  policies:
    - permit(principal, action == Action::"call_tool", resource);
    - permit(principal, acton == Action::"call_tool", resource);
`,
  'entities.yaml': `version: "1.0"
type: cedarv1
cedar:
  policies:
    - ${GOOD}
  entities:
    - uid: Tool::weather
      parent: [ToolGroup::safe]
`,
  'key.yaml': `version: "1.0"
type: cedarv1
cedar:
  polices: []
`,
  'guard.yaml': `version: "1.0"
type: cedarv1
cedar:
  policy_files: [policies/*.cedar]
`,
  'tabs.yaml': `version: "1.0"
type: cedarv1
cedar:
  policies:
    - |
      permit(principal,\taction,\t\tacton);
`,
  'policies/a.cedar': `// who may not
@id("no-guests")
forbid(principal, action, resource)
when { principal.claim_role == "guest" };
${GOOD}
`,
  'missing.yaml': `version: "1.0"
type: cedarv1
cedar:
  policy_files: [nowhere/x.cedar]
`,
  'names.json': authz(
    GOOD,
    '@id("typo") permit(principal, action == Action::"call_tool", resource == Tool::"wether");',
    'permit(principal, action == Action::"get_prompt", resource == Prompt::"hello");',
    'permit(principal, action == Action::"read_resource", resource == Resource::"file:///public");',
    'permit(principal, action == Action::"read_resource", resource == Resource::"file:///users/ann");',
    'permit(principal, action == Action::"read_resource", resource == Resource::"file:///users/{name}");',
    'permit(principal in THVGroup::"x", action, resource) when { [Tool::"echo", Tool::"ecko"].contains(resource) };',
  ),
  'entity-names.yaml': `version: "1.0"
type: cedarv1
cedar:
  policies:
    - permit(principal, action == Action::"call_tool", resource in ToolGroup::"safe");
  entities:
    - { uid: "Tool::weather", parents: ["ToolGroup::safe"] }
    - { uid: { type: Tool, id: forecast }, parents: ["ToolGroup::safe"] }
`,
});

const check = (...args: readonly string[]) =>
  runThv(['policy', 'check', ...args], { cwd: folder.path });

describe('thv policy check', () => {
  it('is content with a good file', async () => {
    expect(await check('good.json')).toEqual({
      code: 0,
      out: 'good.json: nothing to complain about\n',
      err: '',
    });
    const json = await check('good.json', '--format', 'json');
    expect(json).toEqual({ code: 0, out: '{"ok":true,"findings":[]}\n', err: '' });
  });

  it('shows a syntax error with its place, line and mark: exit code 3', async () => {
    const { code, out, err } = await check('syntax.yaml');
    expect({ code, err }).toEqual({ code: 3, err: '' });
    const lines = out.split('\n');
    expect(lines[0]).toBe('syntax.yaml:6:25: error ERR_AUTHZ_POLICY');
    expect(lines[1]).toBe('    - permit(principal, acton == Action::"call_tool", resource);');
    expect(lines[2]).toBe(`    ${' '.repeat(20)}^`);
    expect(lines[3]).toMatch(/^ {2}policy1: /);
    expect(out).toMatch(/\nsyntax\.yaml: 1 error\n$/);
  });

  it('puts the mark below the place when there are tabs before it', async () => {
    const lines = (await check('tabs.yaml')).out.split('\n');
    expect(lines[1]).toBe('    permit(principal, action,  acton);');
    expect(lines[2]).toBe(`    ${' '.repeat(27)}^`);
  });

  it.each<[string, string, string, number]>([
    ['static entities', 'entities.yaml', 'ERR_AUTHZ_ENTITIES', 8],
    ['a misspelled key', 'key.yaml', 'ERR_AUTHZ_CONFIG', 4],
  ])('finds what is wrong with %s: exit code 3', async (_name, file, code, line) => {
    const result = await check(file, '--format', 'json');
    expect(result.code).toBe(3);
    const { ok, findings } = JSON.parse(result.out);
    expect(ok).toBe(false);
    expect(findings).toEqual([
      {
        code,
        severity: 'error',
        message: expect.any(String),
        fix: null,
        file,
        policy: null,
        line,
        column: expect.any(Number),
      },
    ]);
  });

  it('takes warnings for good, unless they shall count', async () => {
    const { code, out } = await check('guard.yaml');
    expect(code).toBe(0);
    expect(out).toBe(`policies/a.cedar:4:18: warning unguarded-forbid
    when { principal.claim_role == "guest" };
                     ^
  no-guests: a request without claim_role is denied, because this forbid cannot be evaluated
  → test for it first: principal has claim_role && …

guard.yaml: 1 warning
`);
    expect((await check('guard.yaml', '--strict')).code).toBe(3);
    const json = await check('guard.yaml', '--strict', '--format', 'json');
    expect(json.code).toBe(3);
    expect(JSON.parse(json.out)).toEqual({
      ok: false,
      findings: [
        {
          code: 'unguarded-forbid',
          severity: 'warning',
          message: expect.any(String),
          fix: expect.any(String),
          file: 'policies/a.cedar',
          policy: 'no-guests',
          line: 4,
          column: 18,
        },
      ],
    });
  });

  it.each([
    ['a missing file', ['none.yaml'], 'thv: none.yaml: the file does not exist\n'],
    ['a folder', ['.'], /it is a folder, and no file/],
    ['a policy file that is missing', ['missing.yaml'], /nowhere\/x\.cedar.*does not exist/],
    ['no file', [], "thv: check: missing required argument 'file'; see thv policy check --help\n"],
    ['a token without a server', ['good.json', '--token', 'x'], /--token: means nothing without/],
    [
      'a server for policies of a decision point',
      ['http.json', '--server', 'http://127.0.0.1:9/mcp'],
      /--server: means nothing: http\.json has no Cedar policies; drop it/,
    ],
    [
      'a server by name',
      ['good.json', '--server', 'x'],
      /--server: "x" is not a URL, and no server in the background/,
    ],
  ])('refuses %s: exit code 2', async (_name, args, message) => {
    const { code, out, err } = await check(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
    expect(err.split('\n')).toHaveLength(2);
  });
});

describe('thv policy check --server', () => {
  let guide: HttpFixture;
  beforeAll(async () => {
    guide = await startGuideServer();
  });
  afterAll(() => guide.stop());

  it('finds what policies name and the server does not list', async () => {
    const { code, out } = await check('names.json', '--server', guide.url, '--format', 'json');
    expect(code).toBe(0);
    const findings: { code: string; policy: string; message: string; line: number }[] =
      JSON.parse(out).findings;
    const unknown = findings.filter((finding) => finding.code.startsWith('unknown-'));
    expect(unknown.map((finding) => [finding.code, finding.policy, finding.line])).toEqual([
      ['unknown-tool', 'typo', 7],
      ['unknown-prompt', 'policy2', 8],
      ['unknown-resource', 'policy3', 9],
      ['unknown-tool', 'policy6', 12],
    ]);
    expect(unknown[0]?.message).toBe('the server lists no tool "wether"; did you mean weather?');
    expect((await check('names.json', '--server', guide.url, '--strict')).code).toBe(3);
  });

  it('finds entities for tools that the server does not list', async () => {
    const { out } = await check('entity-names.yaml', '--server', guide.url);
    expect(out).toContain('entity-names.yaml:8:7: warning unknown-tool\n');
    expect(out).toContain('the server lists no tool "forecast"\n');
    expect(out).toContain('→ its tools are weather, admin_tool, calculator, echo, whoami, slow\n');
    expect(out).toContain('1 warning');
  });

  it('does not ask the server about a file that cannot be used', async () => {
    const { code, err } = await check('syntax.yaml', '--server', 'http://127.0.0.1:9/mcp');
    expect(code).toBe(3);
    expect(err).toBe('thv: warning: the server was not asked: correct the errors first\n');
  });

  it('fails when the server cannot be asked: exit code 1', async () => {
    const { code, out, err } = await check('good.json', '--server', new URL('/x', guide.url).href);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('thv: policy check --server: 404, there is no MCP endpoint');
  });
});
