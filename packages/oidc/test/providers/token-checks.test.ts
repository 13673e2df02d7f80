/** Google's tokeninfo and GitHub's token check (vectors 83–85). */
import { beforeEach, describe, expect, it } from 'vitest';
import { createTokenValidator, type TokenValidator } from '../../src/index.ts';
import { createFakeProvider, type FakeProvider, json, START } from '../support/fake-provider.ts';
import { outcome } from '../support/validator.ts';

let provider: FakeProvider;
beforeEach(async () => {
  provider = await createFakeProvider();
});

describe('Google', () => {
  const info = {
    azp: 'c1',
    aud: 'c1',
    sub: '1101',
    scope: 'openid email',
    exp: String(START + 600),
    expires_in: '600',
    email: 'a@example.com',
    email_verified: 'true',
    access_type: 'online',
  };
  let validator: TokenValidator;
  beforeEach(() => {
    provider.routes.set('/tokeninfo', () => json(info));
    const introspection = { url: 'https://oauth2.googleapis.com/tokeninfo' };
    validator = createTokenValidator({
      introspection,
      audiences: ['c1'],
      fetch: provider.fetch,
      now: provider.now,
    });
  });

  it('accepts a token of the configured client', async () => {
    expect(await validator.validate('ya29.x')).toMatchObject({
      issuer: 'https://accounts.google.com',
      subject: '1101',
      scopes: ['openid', 'email'],
      expiresAt: START + 600,
    });
    expect(provider.asked).toEqual(['https://oauth2.googleapis.com/tokeninfo?access_token=ya29.x']);
  });

  it('84: refuses a token of another client', async () => {
    provider.routes.set('/tokeninfo', () => json({ ...info, aud: 'c2' }));
    expect(await outcome(validator.validate('ya29.x'))).toBe('ERR_OIDC_AUDIENCE');
  });

  it('knows a refused token from a provider in trouble', async () => {
    provider.routes.set('/tokeninfo', () => json({ error: 'invalid_token' }, { status: 400 }));
    expect(await outcome(validator.validate('a'))).toBe('ERR_OIDC_TOKEN_INACTIVE');
    provider.routes.set('/tokeninfo', () => json({}, { status: 503 }));
    expect(await outcome(validator.validate('b'))).toBe('ERR_OIDC_INTROSPECTION');
  });

  it('works beside discovery for ID tokens', async () => {
    const google = await createFakeProvider('https://accounts.google.com');
    google.routes.set('/tokeninfo', () => json(info));
    const both = createTokenValidator({
      issuer: 'https://accounts.google.com',
      introspection: { url: 'https://oauth2.googleapis.com/tokeninfo' },
      audiences: ['c1'],
      fetch: google.fetch,
      now: google.now,
    });
    const idToken = await google.sign(google.claims({ aud: 'c1', sub: '1101' }));
    const [byJwt, byToken] = [await both.validate(idToken), await both.validate('ya29.x')];
    expect([byJwt.issuer, byJwt.subject]).toEqual([byToken.issuer, byToken.subject]);
  });
});

describe('GitHub', () => {
  const PATH = '/applications/Iv1.abc/token';
  const answer = {
    id: 1,
    token: 'gho_x',
    hashed_token: 'h',
    scopes: ['repo', 'read:org'],
    expires_at: null,
    created_at: '2025-12-01T00:00:00Z',
    app: { name: 'mcp', url: 'https://x', client_id: 'Iv1.abc' },
    user: {
      login: 'octocat',
      id: 583231,
      type: 'User',
      site_admin: false,
      name: null,
      email: 'o@example.com',
    },
  };
  let validator: TokenValidator;
  beforeEach(() => {
    provider.routes.set(PATH, () => json(answer));
    validator = createTokenValidator({
      introspection: {
        url: `https://api.github.com${PATH}`,
        clientId: 'Iv1.abc',
        clientSecret: 's',
      },
      audiences: ['Iv1.abc'],
      fetch: provider.fetch,
      now: provider.now,
    });
  });

  it('85: accepts a token that never expires', async () => {
    const identity = await validator.validate('gho_x');
    expect(identity).toMatchObject({
      issuer: 'https://github.com',
      subject: '583231',
      scopes: ['repo', 'read:org'],
      expiresAt: undefined,
    });
    expect(identity.claims).toMatchObject({ login: 'octocat', email: 'o@example.com' });
    expect(JSON.stringify(identity.claims)).not.toContain('gho_x');
    const init = provider.inits[0];
    expect(init?.method).toBe('POST');
    expect(init?.body).toBe('{"access_token":"gho_x"}');
    expect(new Headers(init?.headers).get('authorization')).toBe(`Basic ${btoa('Iv1.abc:s')}`);
  });

  it('honours an expiry', async () => {
    provider.routes.set(PATH, () => json({ ...answer, expires_at: '2025-12-31T00:00:00Z' }));
    expect(await outcome(validator.validate('ghu_x'))).toBe('ERR_OIDC_TOKEN_EXPIRED');
  });

  it.each([
    ['404 is an unknown token', 404, 'ERR_OIDC_TOKEN_INACTIVE'],
    ['422 is no token', 422, 'ERR_OIDC_TOKEN_INACTIVE'],
    ['401 is our own secret', 401, 'ERR_OIDC_INTROSPECTION'],
    ['429 is the rate limit', 429, 'ERR_OIDC_INTROSPECTION'],
  ])('%s', async (_, status, code) => {
    provider.routes.set(PATH, () => json({}, { status, headers: { 'retry-after': '17' } }));
    expect(await outcome(validator.validate('gho_x'))).toBe(code);
  });

  it('passes on how long to wait', async () => {
    provider.routes.set(PATH, () => json({}, { status: 429, headers: { 'retry-after': '17' } }));
    await expect(validator.validate('gho_x')).rejects.toMatchObject({ detail: { retryAfter: 17 } });
  });

  it('refuses a token without a user, and one of another app', async () => {
    provider.routes.set(PATH, () => json({ ...answer, user: null }));
    expect(await outcome(validator.validate('ghs_x'))).toBe('ERR_OIDC_CLAIM');
    provider.routes.set(PATH, () => json({ ...answer, app: { client_id: 'other' } }));
    expect(await outcome(validator.validate('gho_y'))).toBe('ERR_OIDC_AUDIENCE');
  });
});
