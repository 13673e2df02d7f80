/** Whatever is wrong with a start is said in one line, with the right exit code, and nothing stays. */
import { beforeAll, describe, expect, it } from 'vitest';
import { findProcesses, takePort, writeFiles } from './support/machine.ts';
import { ALICE, startIdp, tokenFor } from './support/people.ts';
import { type Finished, useStage } from './support/stage.ts';
import { runThv, serverCommand } from './support/thv.ts';

const stage = useStage();
/** Replaced by a mark of its own in every run. */
const MARK = 'MARK';
const GUIDE = ['--name', 'guide', ...serverCommand('guide-server.ts', MARK)];
let file: (name: string) => string;

beforeAll(async () => {
  file = await writeFiles(stage, {
    'cut.json': '{"version": "1.0",\n "type": "cedarv1", "cedar": {"policies": ["permit(',
    'twice.json': '{"version": "1.0", "type": "cedarv1", "type": "cedarv1", "cedar": {}}',
    'indent.yaml': 'version: "1.0"\ntype: cedarv1\ncedar:\n  policies:\n    - a: [\n',
    'cedar.yaml': `version: '1.0'
type: cedarv1
cedar:
  policies:
    - permit(principal, action, resource);
    - |
      permit(principal,
        action == Acton:"call_tool", resource);
`,
    'cedar.json':
      '{"version":"1.0","type":"cedarv1","cedar":{"policies":["permit(principal, action, resource) when { true == };"]}}',
    'key.yaml': "version: '1.0'\ntype: cedarv1\ncedar:\n  policis: []\n",
    'type.yaml': "version: '1.0'\ntype: rego\ncedar:\n  policies: []\n",
  });
});

/** Runs `thv run -f` to its end; no process of the server may be left then. */
async function runToEnd(args: readonly string[]): Promise<Finished> {
  const mark = `bad-input-${crypto.randomUUID()}`;
  const own = args.map((arg) => (arg === MARK ? mark : arg));
  const result = await runThv(stage, ['run', '-f', ...own]);
  expect(await findProcesses(mark)).toEqual([]);
  return result;
}

/** Everything that a failed start said, which must be one line. */
async function refusal(args: readonly string[], code: number): Promise<string> {
  const result = await runToEnd(args);
  expect({ code: result.code, out: result.out }, result.err).toEqual({ code, out: '' });
  expect(result.err).toMatch(/^thv: [^\n]+\n$/);
  return result.err.slice('thv: '.length, -1);
}

describe.concurrent('a policy file', () => {
  it('that is missing', async () => {
    const path = file('missing.yaml');
    expect(await refusal(['--authz-config', path, ...GUIDE], 2)).toBe(
      `--authz-config: ${path} cannot be read; check the path`,
    );
  });

  it.each<[string, string, string | RegExp]>([
    ['JSON that ends too early', 'cut.json', /:2:\d+: not JSON: /],
    [
      'JSON with a key given twice',
      'twice.json',
      ':1:39: the key "type" is given twice, first in line 1',
    ],
    ['YAML that ends too early', 'indent.yaml', /:6:1: .+/],
    [
      'Cedar with a mistake, in YAML',
      'cedar.yaml',
      ':8:24: policy1: unexpected token `:` (expected `)` or `,`)',
    ],
    ['Cedar with a mistake, in JSON', 'cedar.json', /:1:\d+: policy0: unexpected token `}`/],
    [
      'an unknown key',
      'key.yaml',
      /:4:\d+: unknown key "policis" in "cedar" \(did you mean "policies"\?\)$/,
    ],
    ['another type', 'type.yaml', ':2:7: "type" must be "cedarv1" or "httpv1"'],
  ])('with %s', async (_what, name, problem) => {
    const line = await refusal(['--authz-config', file(name), ...GUIDE], 2);
    const start = `bad configuration: ${file(name)}`;
    expect(line.slice(0, start.length)).toBe(start);
    const rest = line.slice(start.length);
    if (typeof problem === 'string') expect(rest).toBe(problem);
    else expect(rest).toMatch(problem);
  });
});

describe.concurrent('flags', () => {
  it.each([
    ['--oidc-audence', '; did you mean --oidc-audience?'],
    ['--authz-cofnig', '; did you mean --authz-config?'],
    ['--no-such-thing', '; see thv run --help'],
  ])('that nobody knows: %s', async (flag, wayOut) => {
    const line = await refusal([flag, 'hunter2', ...GUIDE], 2);
    expect(line).toBe(`${flag}: no such flag${wayOut}`);
  });

  const NO_PROVIDER = 'means nothing without a provider, and the server would be open';
  it.each([
    ['--oidc-audience', 'mcp'],
    ['--oidc-client-id', 'client'],
    ['--oidc-client-secret', 'hunter2'],
    ['--oidc-required-scopes', 'mcp:use'],
    ['--oidc-scopes', 'mcp:use'],
    ['--oidc-principal-claim', 'email'],
    ['--oidc-leeway', '5s'],
    ['--resource-url', 'https://mcp.example/mcp'],
  ])('%s without an issuer', async (flag, value) => {
    expect(await refusal([flag, value, ...GUIDE], 2)).toBe(
      `${flag}: ${NO_PROVIDER}; add --oidc-issuer or --oidc-jwks-url`,
    );
  });

  it('with a provider but without an audience', async () => {
    for (const flag of ['--oidc-issuer', '--oidc-jwks-url']) {
      expect(await refusal([flag, 'https://id.example', ...GUIDE], 2)).toBe(
        '--oidc-audience: missing: tokens that were issued for other services would be accepted; add --oidc-audience or --resource-url',
      );
    }
  });

  it('that open a server to other machines without sign-in', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1']) {
      expect(await refusal(['--host', host, ...GUIDE], 2)).toBe(
        '--host: other machines could call without any sign-in; add --oidc-issuer and --oidc-audience, or --allow-insecure-anonymous if you mean it',
      );
    }
  });

  it('without a server', async () => {
    expect(await refusal([], 2)).toMatch(/^no server: there is nothing to run; /);
  });
});

describe.concurrent('a start that fails', () => {
  it('because the port is in use', async () => {
    const port = await takePort(stage, { hold: true });
    expect(await refusal(['--proxy-port', String(port), ...GUIDE], 1)).toBe(
      `guide: cannot listen on 127.0.0.1:${port}: the port is in use; choose another --proxy-port, or 0 for a free one`,
    );
  });

  it('because the command of the server does not exist', async () => {
    expect(await refusal(['--name', 'lost', '--', '/nonexistent/server'], 1)).toBe(
      'lost: cannot start "/nonexistent/server": command or directory not found (ENOENT); check that the server works by itself',
    );
  });

  it('because the server ends at once, with its last words', async () => {
    const script = 'console.error("cannot open the database\\nno such file"); process.exit(3)';
    const command = ['--', process.execPath, '-e', script, MARK];
    const { code, out, err } = await runToEnd(['--name', 'short', ...command]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err.split('\n')).toEqual([
      'thv: error: server: cannot open the database',
      'thv: error: server: no such file',
      `thv: short: "${process.execPath}" exited with code 3 before answering initialize; check that the server works by itself`,
      '',
    ]);
  });

  it('because the server is no MCP server', async () => {
    const script =
      'process.stdin.on("data", () => process.stdout.write("hello\\n")).on("end", () => process.exit(0)); setTimeout(() => process.exit(0), 300)';
    const command = ['--', process.execPath, '-e', script, MARK];
    expect(await refusal(['--name', 'mute', ...command], 1)).toBe(
      `mute: "${process.execPath}" exited with code 0 before answering initialize; check that the server works by itself`,
    );
  });

  it('because nothing answers at the URL of the server', async () => {
    const url = `http://127.0.0.1:${await takePort(stage)}`;
    expect(await refusal(['--name', 'away', `${url}/mcp`], 1)).toBe(
      `away: ${url} cannot be reached: nothing listens there; is the server running?`,
    );
  });

  it('never shows a secret that stood on the command line', async () => {
    const idp = await startIdp(stage);
    const token = await tokenFor(idp, ALICE);
    const line = await refusal([`--oidc-secrt=${token}`, ...GUIDE], 2);
    expect(line).not.toContain(token.slice(0, 20));
  });
});
