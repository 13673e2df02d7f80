/** Vectors F, as far as they concern the result, and the listing rule D28. */

import type { FilteredList, ListKind } from '@thv/authz';
import { describe, expect, it } from 'vitest';
import { authorizerOf } from './support/authorizer.ts';

const W = 'permit(principal, action == Action::"call_tool", resource == Tool::"weather");';
const CALL = 'permit(principal, action == Action::"call_tool", resource)';

interface Asked {
  readonly claims?: Record<string, unknown>;
  readonly keys?: Record<string, unknown>;
  readonly list?: ListKind;
}

async function filter(
  policies: string | readonly string[],
  result: unknown,
  { claims = {}, keys = {}, list = 'tools' }: Asked = {},
): Promise<FilteredList> {
  const identity = { subject: 'u', claims };
  return authorizerOf(policies, keys).filterList({ identity, list }, result);
}

/** The names of the listed tools. */
async function listed(
  policies: string | readonly string[],
  tools: readonly (string | Record<string, unknown>)[],
  asked?: Asked,
): Promise<unknown[]> {
  const items = tools.map((tool) => (typeof tool === 'string' ? { name: tool } : tool));
  const found = await filter(policies, { tools: items }, asked);
  return found.ok ? found.kept.map((at) => items[at]?.['name']) : [found.reason];
}

describe('filterList', () => {
  it('F1, F12: keeps what is permitted, or nothing', async () => {
    expect(await listed(W, ['weather', 'admin_tool'])).toEqual(['weather']);
    expect(await listed(W, ['admin_tool'])).toEqual([]);
  });

  it('F13: drops an item whose hint is not a boolean, and only that', async () => {
    const hinted = (value: unknown): Record<string, unknown> => ({
      name: 'weather',
      annotations: { readOnlyHint: value },
    });
    expect(
      await listed(W, [
        hinted('true'),
        hinted(true),
        hinted(null),
        { name: 'weather', annotations: 'x' },
      ]),
    ).toHaveLength(1);
  });

  it.each([
    [{ tools: {} }],
    [[]],
    [null],
    [undefined],
    ['x'],
    [{}],
    [{ tools: null }],
    [Object.create({ tools: [] })],
  ])('F14: cannot read %j', async (result) => {
    expect(await filter(W, result)).toMatchObject({ ok: false });
  });

  it('F16, F17: keeps every other field and makes cacheScope private', async () => {
    const tool = { name: 'weather', 'x-vendor': { a: 1 } };
    const rest = { nextCursor: 'c2', _meta: { a: 1 }, ttlMs: 5, resultType: 'complete' };
    const result = { tools: [tool, { name: 'b' }], cacheScope: 'public', ...rest };
    const found = await filter(W, result);
    expect(found).toMatchObject({ ok: true, kept: [0], dropped: 1 });
    expect(result).toEqual({ tools: [tool], cacheScope: 'private', ...rest });
    expect(found.ok && found.result).toBe(result);
    expect(await filter(W, { tools: [] })).toMatchObject({ result: { tools: [] } });
  });

  it('F31: a policy error costs one item only', async () => {
    const found = await filter(
      [`${CALL};`, 'forbid(principal, action, resource == Tool::"b") when { principal.claim_x };'],
      { tools: [{ name: 'a' }, { name: 'b' }] },
    );
    expect(found).toMatchObject({ ok: true, kept: [0], errors: [{ policy: 'policy1' }] });
  });

  it('F33: judges prompts, resources and templates by their own names', async () => {
    const policies = [
      'permit(principal, action == Action::"get_prompt", resource == Prompt::"p");',
      'permit(principal, action == Action::"read_resource", resource == Resource::"file:///a");',
      'permit(principal, action == Action::"read_resource", resource) when { resource has template && resource.uri like "db://*" };',
    ];
    const prompts = { prompts: [{ name: 'p' }, { name: 'q' }] };
    expect(await filter(policies, prompts, { list: 'prompts' })).toMatchObject({ kept: [0] });
    const resources = {
      resources: [{ uri: 'file:///a', name: 'x' }, { uri: 'db://a' }, { name: 'file:///a' }],
    };
    expect(await filter(policies, resources, { list: 'resources' })).toMatchObject({ kept: [0] });
    const resourceTemplates = [{ uriTemplate: 'db://{t}' }, { uriTemplate: 'x://{t}' }];
    expect(
      await filter(policies, { resourceTemplates }, { list: 'resource_templates' }),
    ).toMatchObject({ kept: [0] });
  });

  it('drops items without a name of their own', async () => {
    const inherited = Object.create({ name: 'weather' }) as Record<string, unknown>;
    expect(await listed(W, [inherited, { name: 5 }, {}])).toEqual([]);
    expect(await filter(W, { tools: [null, 'weather', ['weather']] })).toMatchObject({
      dropped: 3,
    });
  });

  it('denies a caller without a subject everything', async () => {
    const found = await authorizerOf(W).filterList(
      { identity: { subject: '', claims: {} }, list: 'tools' },
      { tools: [{ name: 'weather' }] },
    );
    expect(found.ok).toBe(false);
  });
});

const hints = (readOnlyHint: boolean): Record<string, unknown> => ({
  name: 't',
  annotations: { readOnlyHint },
});

describe('listing (D28)', () => {
  it.each<[string, string | readonly string[], Asked, boolean]>([
    ['F32 ours: a permit on an argument', `${CALL} when { context.arg_x == 1 };`, {}, true],
    [
      'a forbid on an argument',
      [`${CALL};`, 'forbid(principal, action, resource) when { resource.arg_x == 1 };'],
      {},
      true,
    ],
    ['a negated argument test', `${CALL} when { !(context has arg_x) };`, {}, true],
    ['unless', `${CALL} unless { context.arg_x == 1 };`, {}, true],
    [
      'arguments and a claim that holds',
      `${CALL} when { context.arg_x == 1 && principal.claim_a == 1 };`,
      { claims: { a: 1 } },
      true,
    ],
    [
      'arguments and a claim that does not',
      `${CALL} when { context.arg_x == 1 && principal.claim_a == 1 };`,
      { claims: { a: 2 } },
      false,
    ],
    [
      'arguments and a claim that is absent',
      `${CALL} when { context.arg_x == 1 && principal.claim_a == 1 };`,
      {},
      false,
    ],
    [
      'an alternative after one that cannot be evaluated',
      `${CALL} when { (context.arg_x == 1 && principal.claim_a == 1) || true };`,
      {},
      true,
    ],
    [
      'a forbid that one argument avoids',
      [
        `${CALL};`,
        'forbid(principal, action, resource) when { (context.arg_x == 1 || principal.claim_a == 1) && (context.arg_y == 1 || principal.claim_b == 1) };',
      ],
      { claims: { a: 2, b: 2 } },
      true,
    ],
    [
      'a forbid that nothing avoids',
      [`${CALL};`, 'forbid(principal, action, resource) when { context.arg_x == 1 || true };'],
      {},
      false,
    ],
    [
      'a forbid that fails with all arguments',
      [
        `${CALL};`,
        'forbid(principal, action, resource) when { principal.claim_a == 1 && context.arg_x == 1 };',
      ],
      {},
      false,
    ],
    [
      'a forbid that fails with some arguments',
      [
        `${CALL};`,
        'forbid(principal, action, resource) when { context.arg_x == 1 && principal.claim_a == 1 };',
      ],
      {},
      true,
    ],
    [
      'an if on an argument, better branch',
      `${CALL} when { if context.arg_x == 1 then principal.claim_a == 1 else false };`,
      { claims: { a: 1 } },
      true,
    ],
    [
      'an if on an argument, no good branch',
      `${CALL} when { if context.arg_x == 1 then principal.claim_a == 1 else false };`,
      { claims: { a: 2 } },
      false,
    ],
    [
      'a forbid with an if whose branches may fail',
      [
        `${CALL};`,
        'forbid(principal, action, resource) when { if context has arg_x then principal.claim_a == 1 else principal.claim_b == 1 };',
      ],
      { claims: { a: 2 } },
      true,
    ],
    ['the whole context', `${CALL} when { context == {"arg_x": 1} };`, {}, true],
    [
      'an argument through a computed resource',
      `${CALL} when { (if true then resource else resource).arg_x == 1 };`,
      {},
      true,
    ],
    [
      'a permit whose claims never allow',
      `${CALL} when { principal.claim_a == 1 };`,
      { claims: { a: 2 } },
      false,
    ],
    [
      'deny mode: an error that other arguments avoid',
      [`${CALL};`, `${CALL} when { context.arg_x == 1 && principal.claim_a == 1 };`],
      { keys: { evaluation_errors: 'deny' } },
      true,
    ],
    [
      'deny mode: an error with all arguments',
      [`${CALL};`, `${CALL} when { principal.claim_a == 1 };`],
      { keys: { evaluation_errors: 'deny' } },
      false,
    ],
  ])('%s', async (_, policies, asked, expected) => {
    expect(await listed(policies, ['t'], asked)).toEqual(expected ? ['t'] : []);
  });

  it('uses the hints of each item', async () => {
    const policy = `${CALL} when { resource has readOnlyHint && resource.readOnlyHint && context.arg_x == 1 };`;
    expect(await listed(policy, [hints(true), hints(false), 't'])).toHaveLength(1);
  });
});
