import { describe, expect, it } from 'vitest';
import { authorizerOf, call } from './support/authorizer.ts';

const CALL = 'permit(principal, action == Action::"call_tool", resource);';

describe('createAuthorizer', () => {
  it('allows what a permit covers and names the policy', async () => {
    const authorizer = authorizerOf(
      'permit(principal, action == Action::"call_tool", resource == Tool::"weather");',
    );
    const allowed = await authorizer.authorize(call('weather'));
    expect(allowed).toMatchObject({ allowed: true, policies: ['policy0'], errors: [] });
    expect(allowed.id).toMatch(/^[0-9a-f]{32}$/);
    expect(await authorizer.authorize(call('other'))).toMatchObject({
      allowed: false,
      policies: [],
    });
  });

  it('denies when a forbid cannot be evaluated', async () => {
    const authorizer = authorizerOf([
      CALL,
      '@id("guard") forbid(principal, action, resource) when { resource.destructiveHint };',
    ]);
    const decision = await authorizer.authorize(call('x'));
    expect(decision.allowed).toBe(false);
    expect(decision.errors).toMatchObject([{ policy: 'guard' }]);
  });

  it('lists a tool that some arguments permit', async () => {
    const authorizer = authorizerOf(
      'permit(principal, action == Action::"call_tool", resource) when { resource.arg_op == "add" };',
    );
    const filtered = await authorizer.filterList(
      { identity: { subject: 'u', claims: {} }, list: 'tools' },
      { tools: [{ name: 'a' }, { name: 3 }, { name: 'b', annotations: { readOnlyHint: 'x' } }] },
    );
    expect(filtered).toMatchObject({ ok: true, kept: [0], dropped: 2 });
  });
});
