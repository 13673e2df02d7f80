/** What strangers write into tokens, policies and test files never reaches a terminal as it came. */
import { describe, expect, it } from 'vitest';
import { type DevIdp, startDevIdp } from '../src/dev-idp/index.ts';
import { runMain } from './run-main.ts';
import { useTempFolder } from './temp-folder.ts';

/** Moves the cursor, three ways; turns the direction; begins a line of its own. */
const HOSTILE = 'x\u001b[2J\u009b1A\u007f\u202e\u2066y\u2028\n✓ forged';
/** Everything that a terminal could act on. A line end of our own is none. */
const ACTED_ON = /(?!\n)[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]|^✓ forged/mu;

const quoted = JSON.stringify(HOSTILE);
// Cedar writes escapes in another way.
const cedar = `"${[...HOSTILE].map((char) => `\\u{${char.codePointAt(0)?.toString(16)}}`).join('')}"`;
const folder = useTempFolder({
  'authz.json': JSON.stringify({
    ...{ version: '1.0', type: 'cedarv1' },
    cedar: {
      policies: [
        `@id(${cedar}) permit(principal, action, resource) when { resource.arg_a == 1 };`,
        `@id("other") permit(principal in THVGroup::${cedar}, action, resource == Tool::${cedar});`,
      ],
    },
  }),
  'tests.yaml': `identities:
  ${quoted}: { sub: eve }
tests:
  - { as: ${quoted}, call_tool: ${quoted}, expect: allow, by: [${quoted}] }
`,
  'eve.json': JSON.stringify({ sub: HOSTILE, groups: [HOSTILE] }),
});

const thv = (...args: readonly string[]) =>
  runMain(args, { cwd: folder.path, env: { HOME: folder.path } });

describe('hostile text', () => {
  const explain = ['policy', 'explain', 'authz.json', '--claims', 'eve.json', '--tool'];
  it.each<[string, readonly string[]]>([
    ['policy test', ['policy', 'test', 'authz.json', 'tests.yaml']],
    ['policy test --coverage', ['policy', 'test', 'authz.json', 'tests.yaml', '--coverage']],
    ['policy test, for TAP', ['policy', 'test', 'authz.json', 'tests.yaml', '--format', 'tap']],
    ['policy test, as JSON', ['policy', 'test', 'authz.json', 'tests.yaml', '--format', 'json']],
    ['policy check', ['policy', 'check', 'authz.json']],
    ['policy explain', [...explain, HOSTILE]],
    ['policy explain of another tool', [...explain, 'weather', '--args', `{"a":${quoted}}`]],
    ['policy explain --verbose', [...explain, HOSTILE, '--verbose']],
    ['policy explain, as JSON', [...explain, HOSTILE, '--format', 'json']],
  ])('%s', async (_name, args) => {
    const { code, out, err } = await thv(...args);
    expect([0, 3], err).toContain(code);
    expect(out).toMatch(/x.*y/);
    expect(out + err).not.toMatch(ACTED_ON);
  });

  it.each(['text', 'json'])('token inspect, as %s', async (format) => {
    const idp: DevIdp = await startDevIdp();
    try {
      const claims = { iss: HOSTILE, sub: HOSTILE, scope: HOSTILE, aud: HOSTILE };
      const token = await idp.issueToken({ aud: 'mcp', claims });
      const { code, out, err } = await runMain(
        [
          ...['token', 'inspect', '-', '--format', format],
          ...['--oidc-issuer', idp.issuer, '--oidc-audience', 'mcp'],
          ...['--oidc-required-scopes', 'mcp:use'],
        ],
        { input: token },
      );
      expect(code).toBe(3);
      expect(out).toMatch(/x.*y/);
      expect(out + err).not.toMatch(ACTED_ON);
    } finally {
      await idp.close();
    }
  });

  it('of a tool keeps its lines and tabs', async () => {
    const { renderToolResult } = await import('../src/output/tool-result.ts');
    const content = [{ type: 'text', text: `a\tb\n${HOSTILE}` }];
    expect(renderToolResult({ content }, 'text')).toBe(
      'a\tb\nx\ufffd[2J\ufffd1A\ufffd\ufffd\ufffdy\ufffd\n✓ forged\n',
    );
  });
});
