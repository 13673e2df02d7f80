/** Which tokens are cheap to judge, so that limits of failed sign-ins need not hold them up. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createResourceServer, createTokenValidator } from '../src/index.ts';
import { createFakeProvider, type FakeProvider, json } from './support/fake-provider.ts';
import { outcome, validatorFor } from './support/validator.ts';

let provider: FakeProvider;
beforeEach(async () => {
  provider = await createFakeProvider();
});

describe('remembers', () => {
  it('knows a token that was accepted, for five minutes', async () => {
    const validator = validatorFor(provider);
    const token = await provider.sign(provider.claims({ exp: provider.clock.seconds + 7200 }));
    expect(validator.remembers(token)).toBe(false);
    await validator.validate(token);
    expect(validator.remembers(token)).toBe(true);
    expect(validator.remembers(`${token}A`)).toBe(false);
    provider.clock.seconds += 300;
    expect(validator.remembers(token)).toBe(false);
  });

  it('does not know one that was refused, nor anything once it is closed', async () => {
    const validator = validatorFor(provider);
    const bad = await provider.sign(provider.claims({ aud: 'other' }));
    expect(await outcome(validator.validate(bad))).toBe('ERR_OIDC_AUDIENCE');
    expect(validator.remembers(bad)).toBe(false);
    const good = await provider.sign();
    await validator.validate(good);
    validator.close();
    expect(validator.remembers(good)).toBe(false);
  });

  it('knows opaque tokens that the provider called active', async () => {
    const validator = createTokenValidator({
      audiences: ['mcp'],
      introspection: { url: 'https://idp.test/introspect' },
      fetch: async (_url, init) =>
        json({ active: String(init?.body).includes('good'), sub: 'u', aud: 'mcp' }),
    });
    expect(await outcome(validator.validate('good'))).toBe('accepted');
    expect(await outcome(validator.validate('bad'))).toBe('ERR_OIDC_TOKEN_INACTIVE');
    expect([validator.remembers('good'), validator.remembers('bad')]).toEqual([true, false]);
  });
});

describe('isCheapToVerify', () => {
  const request = (authorization?: string): Request =>
    new Request('https://mcp.test/', { headers: authorization ? { authorization } : {} });

  it('is true for what is refused without looking at a token, and for remembered ones', async () => {
    const validator = validatorFor(provider);
    const server = createResourceServer({ validator, authorizationServers: [] });
    const token = await provider.sign();
    expect(server.isCheapToVerify(request())).toBe(true);
    expect(server.isCheapToVerify(request('Basic abc'))).toBe(true);
    expect(server.isCheapToVerify(request('Bearer a, Bearer b'))).toBe(true);
    expect(server.isCheapToVerify(request(`Bearer ${token}`))).toBe(false);
    await server.verify(request(`Bearer ${token}`));
    expect(server.isCheapToVerify(request(`Bearer ${token}`))).toBe(true);
  });
});
