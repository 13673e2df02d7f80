import { isAuthzError } from '@thv/authz';
import { describe, expect, it } from 'vitest';
import { authorizerOf, call, configOf } from './support/authorizer.ts';

const permit = (tool: string): string =>
  `@id("${tool}") permit(principal, action, resource == Tool::"${tool}") when { principal.claim_n >= 0 };`;

describe('reload', () => {
  it('keeps the last good configuration when the new one is bad', async () => {
    const authorizer = authorizerOf(permit('a'));
    for (const bad of [configOf('permit('), configOf([]), null, { version: '2' }]) {
      expect(() => authorizer.reload(bad)).toThrow(expect.toSatisfy(isAuthzError));
      expect(await authorizer.authorize(call('a', {}, { claims: { n: 1 } }))).toMatchObject({
        allowed: true,
      });
    }
    expect(authorizer.version).toBe('1.0');
  });

  it('replaces everything at once', async () => {
    const authorizer = authorizerOf(permit('a'));
    expect(authorizer.readsHints).toBe(false);
    authorizer.reload({
      version: '2',
      type: 'cedarv1',
      cedar: { policies: ['permit(principal, action, resource) when { resource.readOnlyHint };'] },
    });
    expect(authorizer.readsHints).toBe(true);
    expect(authorizer.version).toBe('2');
    const identity = { subject: 'u', claims: { n: 1 } };
    expect(await authorizer.authorize(call('a', {}, { identity }))).toMatchObject({
      allowed: false,
    });
    authorizer.reload(configOf(permit('a')));
    expect(await authorizer.authorize(call('a', {}, { identity }))).toMatchObject({
      allowed: true,
    });
  });

  it('decides 10,000 times while the configuration changes 100 times, each by one of the two', async () => {
    const authorizer = authorizerOf(permit('a'));
    const identities = Array.from({ length: 7 }, (_, n) => ({ subject: `u${n}`, claims: { n } }));
    let current = 'a';
    for (let index = 0; index < 10_000; index += 1) {
      if (index % 100 === 50) {
        current = current === 'a' ? 'b' : 'a';
        authorizer.reload(configOf(permit(current)));
        expect(() => authorizer.reload(configOf('forbid('))).toThrow();
      }
      const identity = identities[index % 7]!;
      const [a, b] = await Promise.all(
        ['a', 'b'].map((target) => authorizer.authorize({ identity, action: 'call_tool', target })),
      );
      expect([a?.policies, b?.policies]).toEqual(current === 'a' ? [['a'], []] : [[], ['b']]);
    }
  });
});
