import { beforeEach, describe, expect, it } from 'vitest';
import { type InspectTokenOptions, inspectToken } from '../src/index.ts';
import { createFakeProvider, type FakeProvider, ISSUER, json } from './support/fake-provider.ts';
import { signingKey } from './support/keys.ts';

let provider: FakeProvider;
beforeEach(async () => {
  provider = await createFakeProvider();
});

const inspect = (token: string, options: Partial<InspectTokenOptions> = {}) =>
  inspectToken(token, {
    issuer: ISSUER,
    audiences: ['mcp'],
    fetch: provider.fetch,
    now: provider.now,
    ...options,
  });

const failures = async (...input: Parameters<typeof inspect>) =>
  (await inspect(...input)).checks.filter(({ ok }) => !ok).map(({ name }) => name);

const find = async (name: string, ...input: Parameters<typeof inspect>) =>
  (await inspect(...input)).checks.find((check) => check.name === name);

describe('inspectToken', () => {
  it('shows every check of a good token', async () => {
    const report = await inspect(await provider.sign());
    expect(report).toMatchObject({ ok: true, providerUnreachable: false });
    expect(report.checks.map(({ name }) => name)).toEqual([
      'size',
      'structure',
      'algorithm',
      'critical_extensions',
      'token_type',
      'key_id',
      'keys',
      'key',
      'signature',
      'issuer',
      'audience',
      'expiry',
      'not_before',
      'issued_at',
      'lifetime',
      'subject',
      'binding',
      'token_use',
      'client',
      'service_account',
      'scopes',
    ]);
    expect(report.checks.every(({ hint }) => hint === null)).toBe(true);
  });

  it('says what the audience is and what was configured', async () => {
    const check = await find('audience', await provider.sign(provider.claims({ aud: 'api://x' })));
    expect(check).toMatchObject({
      ok: false,
      detail: 'audience is `api://x`, you configured `mcp`',
    });
    expect(check?.hint).toContain('--oidc-audience');
  });

  it('goes on after a failure', async () => {
    const claims = provider.claims({ aud: [], exp: 1, sub: undefined, iss: `${ISSUER}/` });
    expect(await failures(await provider.sign(claims))).toEqual([
      'issuer',
      'audience',
      'expiry',
      'subject',
    ]);
  });

  it.each([
    ['a trailing slash', `${ISSUER}/`, 'trailing slash'],
    ['Entra ID v1', 'https://sts.windows.net/x/', 'Entra ID v1'],
    ['Google', 'accounts.google.com', 'Google'],
    ['a stranger', 'https://other.test', '--oidc-issuer'],
  ])('has a hint for the issuer of %s', async (_, iss, hint) => {
    expect((await find('issuer', await provider.sign(provider.claims({ iss }))))?.hint).toContain(
      hint,
    );
  });

  it('has a hint for Cognito', async () => {
    const claims = provider.claims({ aud: undefined, token_use: 'access', client_id: 'c' });
    expect((await find('audience', await provider.sign(claims)))?.hint).toContain('Cognito');
  });

  it('explains keys and signatures', async () => {
    const other = await signingKey('other');
    expect(await find('key', await provider.sign(undefined, {}, other))).toMatchObject({
      ok: false,
      detail: 'no key `other` among `k1` (0 unfit for RS256)',
    });
    const forged = await provider.sign(undefined, { kid: 'k1' }, other);
    expect(await find('signature', forged)).toMatchObject({
      ok: false,
      detail: 'not made by that key',
    });
  });

  it('says that the provider cannot be reached, and still looks at the claims', async () => {
    provider.down = true;
    const report = await inspect(await provider.sign());
    expect(report).toMatchObject({ ok: false, providerUnreachable: true });
    expect(report.checks.find(({ name }) => name === 'keys')?.detail).toContain('ECONNREFUSED');
    expect(report.checks.some(({ name }) => name === 'audience')).toBe(true);
  });

  it('introspects opaque tokens', async () => {
    provider.routes.set('/i', () => json({ active: true, sub: 'u', aud: 'x' }));
    const introspection = { url: 'https://idp.test/i' };
    expect(await failures('opaque', { introspection })).toEqual(['audience']);
    expect(await failures('opaque')).toEqual(['structure']);
    provider.routes.set('/i', () => json({ active: false }));
    expect(await failures('opaque', { introspection })).toEqual(['introspection']);
    provider.down = true;
    expect(await inspect('opaque', { introspection })).toMatchObject({ providerUnreachable: true });
  });

  it('compares scopes', async () => {
    const token = await provider.sign(provider.claims({ scope: 'a' }));
    expect(await failures(token, { requiredScopes: ['a'] })).toEqual([]);
    expect((await find('scopes', token, { requiredScopes: ['a', 'b'] }))?.hint).toContain('`b`');
  });

  it('never shows the token, and no control characters', async () => {
    const token = await provider.sign(provider.claims({ aud: '\u001b[31mred\r\n`' }));
    const text = JSON.stringify(await inspect(token));
    expect(text).not.toContain(token.split('.')[2]);
    expect(text).not.toContain(token.split('.')[1]);
    expect(text).not.toContain('\\u001b');
    expect(text).toContain("?[31mred??'");
  });

  it('stops at what it cannot read', async () => {
    expect(await failures('x'.repeat(20_000))).toEqual(['size']);
    const encode = (text: string) => Buffer.from(text).toString('base64url');
    expect(await failures(`${encode('{"alg":1,"alg":2}')}.${encode('{}')}.`)).toEqual([
      'structure',
    ]);
  });
});
