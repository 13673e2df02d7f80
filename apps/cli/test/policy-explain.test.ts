/** `thv policy explain`, as a process. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevIdp, startDevIdp } from '../src/dev-idp/index.ts';
import { startThv } from './spawn-thv.ts';
import { authz, useTempFolder } from './temp-folder.ts';

const folder = useTempFolder({
  'authz.json': authz(
    '@id("weather") permit(principal, action == Action::"call_tool", resource == Tool::"weather");',
    '@id("add") permit(principal, action == Action::"call_tool", resource == Tool::"calculator") when { context.arg_operation == "add" };',
    '@id("safe") permit(principal, action == Action::"call_tool", resource) when { resource has readOnlyHint && resource.readOnlyHint };',
    '@id("here") permit(principal, action == Action::"get_prompt", resource in MCP::"here");',
  ),
  'forbid.json': authz(
    'permit(principal, action == Action::"call_tool", resource);',
    '@id("guests") forbid(principal, action, resource) when { principal.claim_role == "guest" };',
  ),
  'http.json': JSON.stringify({
    version: '1.0',
    type: 'httpv1',
    pdp: { http: { url: 'https://pdp.example' }, claim_mapping: 'standard' },
  }),
  'bob.json': '{"sub":"bob"}',
  'bob.yaml': 'sub: bob\nrole: guest\n',
  'upn.json': '{"upn":"bob"}',
  'list.json': '[1]',
});

async function explain(args: readonly string[], stdin = '') {
  const { child, finished } = startThv(['policy', 'explain', ...args], { cwd: folder.path });
  child.stdin.end(stdin);
  return finished;
}

const BOB = ['authz.json', '--claims', 'bob.json'];

describe('thv policy explain', () => {
  it('says which policy permits: exit code 0', async () => {
    const { code, out, err } = await explain([
      ...BOB,
      '--tool',
      'weather',
      '--hint',
      'openWorldHint=true',
    ]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^ALLOW {2}Client::"bob" call_tool Tool::"weather"\n {2}A policy permits it/,
    );
    expect(out).toMatch(
      /\nDecided by\n {2}weather {2}authz\.json:6:\d+\n {6}@id\("weather"\) permit/,
    );
    expect(out).not.toContain('As Cedar saw it');
  });

  it('says what was missing, and what could not be evaluated: exit code 0 for a denial', async () => {
    const { code, out } = await explain([...BOB, '--tool', 'calculator']);
    expect(code).toBe(0);
    expect(out).toMatch(/^DENY {2}Client::"bob" call_tool Tool::"calculator"\n/);
    expect(out).toMatch(/\nCould not be evaluated\n {2}add {2}authz\.json:7:\d+\n/);
    expect(out).toMatch(/has no attribute `arg_operation`\)\n {6}→ test for it first: context has/);
    expect(out).toMatch(/\nWould have permitted it, but\n/);
    expect(out).toMatch(/\n {2}weather .*\n {6}the resource is not Tool::"weather"\n/);
  });

  it('says that a forbid which cannot be evaluated denies', async () => {
    const { out } = await explain(['forbid.json', '--claims', 'bob.json', '--tool', 'weather']);
    expect(out).toContain('A policy that forbids could not be evaluated, which denies.');
    expect(out).toContain('test for it first: principal has claim_role && …');
    const guest = await explain(['forbid.json', '--claims', 'bob.yaml', '--tool', 'weather']);
    expect(guest.out).toContain('A policy forbids it, and that outweighs every permit.');
    expect(guest.out).toMatch(/Decided by\n {2}guests /);
  });

  it('takes arguments, hints and the name of the server', async () => {
    const add = ['--tool', 'calculator', '--args', '{"operation":"add"}'];
    expect((await explain([...BOB, ...add])).out).toMatch(/^ALLOW/);
    const hinted = ['--tool', 'x', '--hint', 'readOnlyHint=true', '--hint', 'openWorldHint=false'];
    expect((await explain([...BOB, ...hinted])).out).toMatch(/^ALLOW/);
    const prompt = [...BOB, '--prompt', 'p'];
    expect((await explain([...prompt, '--server-name', 'here'])).out).toMatch(/^ALLOW/);
    expect((await explain(prompt)).out).toMatch(/^DENY/);
  });

  it('says so when hints matter and none is known', async () => {
    const { err } = await explain([...BOB, '--tool', 'x']);
    expect(err).toBe(
      'thv: warning: policies read hints: say with --hint what the server says of the tool\n',
    );
  });

  it('prints JSON with the keys that scripts rely on', async () => {
    const { code, out } = await explain([...BOB, '--tool', 'calculator', '--format', 'json']);
    expect(code).toBe(0);
    const explanation = JSON.parse(out);
    expect(Object.keys(explanation)).toEqual([
      ...['decision', 'policies', 'errors', 'near_misses', 'request', 'entities'],
    ]);
    expect(explanation).toMatchObject({
      decision: 'deny',
      policies: [],
      errors: [{ policy: 'add', message: expect.any(String), hint: expect.any(String) }],
      request: { principal: { type: 'Client', id: 'bob' }, context: { claim_sub: 'bob' } },
    });
    expect(explanation.near_misses).toContainEqual({
      id: 'weather',
      why: 'the resource is not Tool::"weather"',
    });
    const allow = JSON.parse(
      (await explain([...BOB, '--tool', 'weather', '--format', 'json'])).out,
    );
    expect(allow.policies).toEqual([
      {
        id: 'weather',
        file: 'authz.json',
        line: 6,
        column: expect.any(Number),
        source: expect.stringMatching(/^@id\("weather"\) permit\(.*;$/),
      },
    ]);
    const verbose = await explain([...BOB, '--tool', 'weather', '--verbose']);
    expect(verbose.out).toContain('"claim_sub": "bob"');
  });

  it.each([
    ['nobody', ['--tool', 'x'], /--claims: missing: somebody must ask/],
    ['two callers', ['--claims', 'bob.json', '--token-file', '-', '--tool', 'x'], /beside/],
    ['no question', ['--claims', 'bob.json'], /--tool: missing/],
    [
      'two questions',
      ['--claims', 'bob.json', '--tool', 'x', '--prompt', 'y'],
      /--tool: given with/,
    ],
    ['missing claims', ['--claims', 'none.json', '--tool', 'x'], /none\.json cannot be read/],
    ['claims that are none', ['--claims', 'list.json', '--tool', 'x'], /holds no object of claims/],
    [
      'claims without a subject',
      ['--claims', 'upn.json', '--tool', 'x'],
      /"sub".* 401; .*principal/,
    ],
    [
      'arguments that are none',
      ['--claims', 'bob.json', '--tool', 'x', '--args', '[1]'],
      /--args: is no/,
    ],
    [
      'arguments of a resource',
      ['--claims', 'bob.json', '--resource', 'x', '--args', '{}'],
      /--args: means nothing with --resource/,
    ],
    [
      'an unknown hint',
      ['--claims', 'bob.json', '--tool', 'x', '--hint', 'readonlyHint=true'],
      /did you mean readOnlyHint\?/,
    ],
    [
      'a hint of no value',
      ['--claims', 'bob.json', '--tool', 'x', '--hint', 'readOnlyHint'],
      /NAME=true/,
    ],
  ])('refuses %s: exit code 2', async (_name, args, message) => {
    const { code, out, err } = await explain(['authz.json', ...args]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.trimEnd().split('\n').at(-1)).toMatch(message);
  });

  it('refuses a file that is no Cedar policies, or is not there: exit code 2', async () => {
    const http = await explain(['http.json', '--claims', 'bob.json', '--tool', 'x']);
    expect(http).toMatchObject({ code: 2, out: '' });
    expect(http.err).toContain('has no Cedar policies');
    const none = await explain(['none.json', '--claims', 'bob.json', '--tool', 'x']);
    expect(none).toMatchObject({ code: 2, err: 'thv: none.json: the file does not exist\n' });
  });

  it('takes the claim that names the caller', async () => {
    const args = ['authz.json', '--claims', 'upn.json', '--oidc-principal-claim', 'upn'];
    const { out } = await explain([...args, '--tool', 'weather']);
    expect(out).toContain('Client::"bob"');
  });
});

describe('thv policy explain --token-file', () => {
  let idp: DevIdp;
  beforeAll(async () => {
    idp = await startDevIdp();
  });
  afterAll(() => idp.close());

  it('decodes the token, says that it is not verified, and never prints it', async () => {
    const token = await idp.issueToken({ sub: 'ann', claims: { role: 'guest' } });
    const args = ['forbid.json', '--token-file', '-', '--tool', 'weather', '--format', 'json'];
    const { code, out, err } = await explain([...args, '--verbose'], `Bearer ${token}\n`);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      decision: 'deny',
      policies: [{ id: 'guests' }],
      request: { principal: { type: 'Client', id: 'ann' } },
    });
    expect(err).toBe(
      'thv: warning: the token is decoded, not verified; thv token inspect checks it\n',
    );
    for (const part of [token, ...token.split('.')]) {
      expect(out + err).not.toContain(part);
    }
  });

  it('says that an expired token would not come so far', async () => {
    const token = await idp.issueToken({ sub: 'ann', expiresIn: -3600 });
    await folder.write({ token });
    const { code, err } = await explain(['forbid.json', '--token-file', 'token', '--tool', 'x']);
    expect(code).toBe(0);
    expect(err).toContain('the token has expired: a server answers 401 before any policy');
  });

  it('has no claims of an opaque token: exit code 2', async () => {
    const token = await idp.issueToken({ sub: 'ann', aud: 'mcp', opaque: true });
    const { code, err } = await explain(['forbid.json', '--token-file', '-', '--tool', 'x'], token);
    expect(code).toBe(2);
    expect(err).toContain('is no signed JWT');
    expect(err).not.toContain(token);
  });
});
