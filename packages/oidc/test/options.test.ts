/** Options are judged once, when a validator is created, and by name. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  createTokenValidator,
  type Identity,
  type OidcErrorCode,
  type TokenValidator,
  type TokenValidatorOptions,
} from '../src/index.ts';

const good = { issuer: 'https://idp.test', audiences: ['mcp'] };
const bad = (options: object) => () => createTokenValidator(options as TokenValidatorOptions);

describe('createTokenValidator', () => {
  it.each([
    ['"issuer", "jwksUrl" or "introspection"', { audiences: ['x'] }],
    ['"issuers"', { issuers: [] }],
    ['"issuers"', { issuers: [good], issuer: 'https://x' }],
    ['"issuers" names an issuer twice', { issuers: [good, good] }],
    [
      '"issuers" names an issuer twice',
      { issuers: [good, { ...good, issuer: 'https://b', issuerAliases: ['https://idp.test'] }] },
    ],
    [
      '"issuers" may hold one entry',
      {
        issuers: [
          { jwksUrl: 'https://a/j', audiences: ['x'] },
          { jwksUrl: 'https://b/j', audiences: ['x'] },
        ],
      },
    ],
    ['"issuer"', { ...good, issuer: 'idp.test' }],
    ['"issuer"', { ...good, issuer: 'https://idp.test?x=1' }],
    ['"issuer"', { ...good, issuer: 'https://idp.test#x' }],
    ['"issuer"', { ...good, issuer: '' }],
    ['"jwksUrl"', { ...good, jwksUrl: '/jwks' }],
    ['"audiences"', { ...good, audiences: 'mcp' }],
    ['"audiences"', { ...good, audiences: [''] }],
    ['"audiences"', { ...good, audiences: [5] }],
    ['"leeway"', { ...good, leeway: -1 }],
    ['"leeway"', { ...good, leeway: 601 }],
    ['"leeway"', { ...good, leeway: 0.5 }],
    ['"leeway"', { ...good, leeway: '30' }],
    ['"timeout"', { ...good, timeout: 0 }],
    ['"tokenCacheSize"', { ...good, tokenCacheSize: -1 }],
    ['"maxLifetime"', { ...good, maxLifetime: 0 }],
    ['"algorithms"', { ...good, algorithms: [] }],
    ['"algorithms"', { ...good, algorithms: ['HS256'] }],
    ['"algorithms"', { ...good, algorithms: ['none'] }],
    ['"principalClaim"', { ...good, principalClaim: '' }],
    ['"audienceClaim"', { ...good, audienceClaim: '' }],
    ['"issuerAliases"', { jwksUrl: 'https://a/j', audiences: ['x'], issuerAliases: ['x'] }],
    ['"allowedClients"', { ...good, allowedClients: [''] }],
    ['"serviceAccounts"', { ...good, serviceAccounts: [{ namespace: '' }] }],
  ])('refuses a wrong %s: %j', (name, options) => {
    expect(bad(options)).toThrow(TypeError);
    expect(bad(options)).toThrow(name);
  });

  it('warns of what is dangerous, once', () => {
    const warnings: string[] = [];
    createTokenValidator({
      issuer: 'http://idp.test',
      allowInsecureAnyAudience: true,
      allowInsecureHttp: true,
      allowInsecureUnprovenBinding: true,
      warn: (text, topic) => warnings.push(`${text} ${topic}`),
    });
    expect(warnings.every((text) => text.endsWith(' danger'))).toBe(true);
    expect(warnings.map((text) => text.split(' ')[0])).toEqual([
      '"allowInsecureAnyAudience"',
      '"allowInsecureUnprovenBinding"',
      '"allowInsecureHttp"',
    ]);
    createTokenValidator({ ...good, warn: () => expect.unreachable() });
  });

  it('has types that are not any', () => {
    expectTypeOf<ReturnType<typeof createTokenValidator>>().toEqualTypeOf<TokenValidator>();
    expectTypeOf<Identity['claims']>().toEqualTypeOf<Readonly<Record<string, unknown>>>();
    expectTypeOf<Identity['expiresAt']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<OidcErrorCode>().not.toBeAny();
    expectTypeOf<'ERR_OIDC_ISSUER'>().toExtend<OidcErrorCode>();
  });
});
