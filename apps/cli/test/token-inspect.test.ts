/** `thv token inspect`, as a process, with real tokens of a real provider. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEV_CLIENT, type DevIdp, startDevIdp, type TokenRequest } from '../src/dev-idp/index.ts';
import { type Finished, runThv, type SpawnOptions, startThv } from './spawn-thv.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder({ 'bob.token': 'a.b.c' });
let idp: DevIdp;

beforeAll(async () => {
  idp = await startDevIdp();
});

afterAll(() => idp.close());

/** Gives the token through stdin, as one should, and checks that it is never printed. */
async function inspect(
  token: string,
  args: readonly string[] = [],
  options?: SpawnOptions,
): Promise<Finished> {
  const sign = ['--oidc-issuer', idp.issuer, '--oidc-audience', 'mcp'];
  const { child, finished } = startThv(['token', 'inspect', '-', ...sign, ...args], options);
  child.stdin.end(`${token}\n`);
  const result = await finished;
  for (const part of [token, ...token.split('.')].filter((text) => text.length > 8)) {
    expect(result.out + result.err).not.toContain(part);
  }
  return result;
}

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly hint: string | null;
}

/** The checks that failed, from the JSON. */
function failures({ out }: Finished): readonly Check[] {
  const { checks } = JSON.parse(out) as { readonly checks: readonly Check[] };
  for (const check of checks) {
    expect(Object.keys(check)).toEqual(['name', 'ok', 'detail', 'hint']);
  }
  return checks.filter(({ ok }) => !ok);
}

function tamper(token: string): string {
  const [header, payload = '', signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url');
  return `${header}.${changed}.${signature}`;
}

describe('thv token inspect', () => {
  it('accepts a good token: exit code 0, a ✓ for every check', async () => {
    const result = await inspect(await idp.issueToken({ aud: 'mcp', sub: 'ann' }));
    expect(result).toMatchObject({ code: 0 });
    expect(result.out).toMatch(/^✓ signature +made by that key$/m);
    expect(result.out).toMatch(/^✓ audience +audience is `mcp`, you configured `mcp`$/m);
    expect(result.out).toMatch(/\nThe token is accepted\.\n$/);
    expect(result.out).not.toContain('✗');
  });

  it.each<[string, TokenRequest, string, RegExp]>([
    ['an expired token', { expiresIn: -3600 }, 'expiry', /Get a new token/],
    ['another audience', { aud: 'other' }, 'audience', /--oidc-audience/],
    ['another issuer', { claims: { iss: 'https://x.example' } }, 'issuer', /--oidc-issuer/],
    ['no subject', { claims: { sub: null } }, 'subject', /--oidc-principal-claim/],
  ])('says what is wrong with %s: exit code 3', async (_name, token, check, hint) => {
    const result = await inspect(await idp.issueToken({ aud: 'mcp', ...token }), [
      '--format',
      'json',
    ]);
    expect(result.code).toBe(3);
    expect(JSON.parse(result.out)).toMatchObject({ ok: false });
    expect(failures(result)).toEqual([
      { name: check, ok: false, detail: expect.any(String), hint: expect.stringMatching(hint) },
    ]);
  });

  it('shows a hint below the check that failed', async () => {
    const { code, out } = await inspect(await idp.issueToken({ aud: 'mcp', expiresIn: -3600 }));
    expect(code).toBe(3);
    expect(out).toMatch(/^✗ expiry +expires \d+ s ago \([^)]+\)\n +→ Get a new token/m);
    expect(out).toMatch(/\nThe token is refused: 1 of \d+ checks failed\.\n$/);
  });

  it('finds a token that was tampered with', async () => {
    const result = await inspect(tamper(await idp.issueToken({ aud: 'mcp' })), [
      ...['--format', 'json'],
    ]);
    expect(result.code).toBe(3);
    expect(failures(result)).toEqual([
      expect.objectContaining({ name: 'signature', detail: 'not made by that key' }),
    ]);
  });

  it('says how to accept an opaque token, and does', async () => {
    const token = await idp.issueToken({ aud: 'mcp', opaque: true });
    const refused = await inspect(token, ['--format', 'json']);
    expect(refused.code).toBe(3);
    expect(failures(refused)).toEqual([
      expect.objectContaining({ name: 'structure', hint: expect.stringMatching(/introspection/) }),
    ]);
    const ask = [
      ...['--oidc-introspection-url', idp.introspectionUrl, '--oidc-client-id', DEV_CLIENT.id],
    ];
    // Both names of the variable count.
    for (const name of ['THV_OIDC_CLIENT_SECRET', 'TOOLHIVE_OIDC_CLIENT_SECRET']) {
      const asked = await inspect(token, ask, { env: { [name]: DEV_CLIENT.secret } });
      expect(asked).toMatchObject({ code: 0 });
      expect(asked.out).toMatch(/^✓ introspection +the provider says/m);
      expect(asked.out + asked.err).not.toContain(DEV_CLIENT.secret);
    }
    const wrong = await inspect(token, ask, { env: { THV_OIDC_CLIENT_SECRET: 'wrong' } });
    expect(wrong.code).toBe(1);
    expect(wrong.out).toMatch(/^✗ introspection .*401/m);
  });

  it('names the scopes that are missing', async () => {
    const token = await idp.issueToken({ aud: 'mcp', scope: 'read' });
    const result = await inspect(token, [
      ...['--format', 'json', '--oidc-required-scopes', 'read,write'],
    ]);
    expect(result.code).toBe(3);
    expect(failures(result)).toEqual([
      expect.objectContaining({ name: 'scopes', hint: 'Have the client ask for `write`.' }),
    ]);
  });

  it('exits with 1 when the provider cannot be asked', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    // Safe: a server that listens on a port has an address object.
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const token = await idp.issueToken({ aud: 'mcp' });
    const result = await inspect(token, ['--oidc-jwks-url', `http://127.0.0.1:${port}/jwks`]);
    expect(result.code).toBe(1);
    expect(result.out).toMatch(/^✗ keys /m);
    expect(result.out).toMatch(/The provider could not be asked/);
  });

  it('takes a whole Authorization value, and warns of a token on the command line', async () => {
    const token = await idp.issueToken({ aud: 'mcp' });
    const sign = ['--oidc-issuer', idp.issuer, '--oidc-audience', 'mcp'];
    const { child, finished } = startThv(['token', 'inspect', token, ...sign]);
    child.stdin.end();
    const result = await finished;
    expect(result.code).toBe(0);
    expect(result.err).toContain('warning: process lists and the shell history show the token');
    expect(result.out + result.err).not.toContain(token);
    expect((await inspect(`Bearer ${token}`)).code).toBe(0);
  });

  it.each([
    ['no provider', ['token', 'inspect', '-'], 'thv: --oidc-issuer: missing: a token is good'],
    [
      'no audience',
      ['token', 'inspect', '-', '--oidc-issuer', 'https://i.example'],
      'thv: --oidc-audience: missing: tokens',
    ],
    [
      'no token',
      ['token', 'inspect', '--oidc-issuer', 'https://i.example', '--oidc-audience', 'mcp'],
      'thv: token: there is none; give it',
    ],
    [
      'a flag of run',
      ['token', 'inspect', '-', '--proxy-port', '1'],
      'thv: --proxy-port: no such flag',
    ],
  ])('refuses %s: exit code 2', async (_name, args, message) => {
    const { child, finished } = startThv(args);
    child.stdin.end();
    const { code, out, err } = await finished;
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.split('\n').at(-2)).toContain(message);
  });

  it('says so when it is given the name of a file', async () => {
    const { code, out, err } = await runThv(
      ['token', 'inspect', 'bob.token', '--oidc-issuer', idp.issuer, '--oidc-audience', 'mcp'],
      { cwd: folder.path },
    );
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toBe(
      'thv: token: bob.token is a file; give what it holds: thv token inspect - < bob.token\n',
    );
  });
});
