import { describe, expect, it } from 'vitest';
import { authorizerOf, call } from './support/authorizer.ts';

describe('explain', () => {
  it('names the policies of an allow, with their source', () => {
    const authorizer = authorizerOf(['permit(principal, action, resource == Tool::"a");'], {}, 's');
    const found = authorizer.explain(call('a', { x: 1 }, { claims: { groups: ['g'] } }));
    expect(found).toMatchObject({
      decision: 'allow',
      policies: [
        {
          id: 'policy0',
          line: 1,
          column: 1,
          source: 'permit(principal, action, resource == Tool::"a");',
        },
      ],
      errors: [],
      nearMisses: [],
      request: { principal: { type: 'Client', id: 'u' }, context: { claim_sub: 'u', arg_x: 1 } },
    });
    expect(found.entities.map(({ uid }) => uid)).toEqual([
      { type: 'Client', id: 'u' },
      { type: 'Action', id: 'call_tool' },
      { type: 'Tool', id: 'a' },
    ]);
    expect(found.outcome.allowed).toBe(true);
  });

  it.each<[string, string, string]>([
    [
      'a false part',
      'permit(principal, action, resource) when { principal.claim_a == 1 && context.arg_x == 2 };',
      'this is false: context.arg_x == 2',
    ],
    [
      'another resource',
      'permit(principal, action, resource == Tool::"b");',
      'the resource is not Tool::"b"',
    ],
    [
      'another group',
      'permit(principal in THVGroup::"g", action, resource);',
      'the principal is not in THVGroup::"g"',
    ],
    [
      'unless',
      'permit(principal, action, resource) unless { principal.claim_a == 1 };',
      'this is false: !(principal.claim_a == 1)',
    ],
  ])('says what was missing: %s', (_, policy, why) => {
    const authorizer = authorizerOf(policy);
    const found = authorizer.explain(call('a', { x: 1 }, { claims: { a: 1 } }));
    expect(found.nearMisses).toEqual([{ id: 'policy0', why }]);
  });

  it('lists a permit that cannot be evaluated once, with the part at fault', () => {
    const authorizer = authorizerOf([
      'permit(principal, action, resource) when { principal has claim_a && principal.claim_b };',
      'permit(principal, action, resource) when { principal.claim_a == 2 };',
    ]);
    const found = authorizer.explain(call('a', {}, { claims: { a: 1 } }));
    expect(found.errors).toEqual([
      {
        policy: 'policy0',
        message: 'the principal has no attribute `claim_b`',
        part: 'principal.claim_b',
        hint: 'test for it first: principal has claim_b && …',
      },
    ]);
    expect(found.nearMisses).toEqual([
      { id: 'policy1', why: 'this is false: principal.claim_a == 2' },
    ]);
  });

  it('names the part at fault of a forbid and of an allowed request too', () => {
    const forbid = authorizerOf(
      'forbid(principal, action, resource) when { context has arg_x && context.arg_x.contains(1) };',
    );
    expect(forbid.explain(call('a', { x: 1 })).errors).toMatchObject([
      { part: 'context.arg_x.contains(1)' },
    ]);
    const permit = authorizerOf([
      'permit(principal, action, resource);',
      'permit(principal, action, resource) when { principal.claim_b };',
    ]);
    expect(permit.explain(call('a'))).toMatchObject({
      decision: 'allow',
      errors: [{ policy: 'policy1', part: 'principal.claim_b' }],
    });
  });

  it('gives a hint for an error', () => {
    const authorizer = authorizerOf(
      'forbid(principal, action, resource) when { resource.arg_x < decimal("1.0") || context.arg_y };',
    );
    expect(authorizer.explain(call('a')).errors).toMatchObject([
      { policy: 'policy0', hint: 'test for it first: context has arg_x && …' },
    ]);
    const typed = authorizer.explain(call('a', { x: 1 })).errors;
    expect(typed).toMatchObject([
      { message: expect.stringContaining('type error'), hint: expect.any(String) },
    ]);
  });
});
