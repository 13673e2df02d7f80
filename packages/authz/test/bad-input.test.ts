/** Input that nobody means well with: it costs a denial or a load error, never more. */

import { type AuthorizeRequest, isAuthzError } from '@thv/authz';
import { describe, expect, it } from 'vitest';
import { createSlotPool } from '../src/slot-pool.ts';
import { authorizerOf, call, cedar } from './support/authorizer.ts';

const ALL = 'permit(principal, action, resource);';
const READS =
  'permit(principal, action, resource) when { context has arg_a && context.arg_a == "x" };';

describe('authorize', () => {
  const authorizer = authorizerOf([
    READS,
    'permit(principal in THVGroup::"g", action, resource) when { principal.claim_a == "x" };',
  ]);

  it.each<[string, AuthorizeRequest]>([
    ['a lone surrogate in an argument', call('t', { a: '\ud800' })],
    ['a lone surrogate in a claim', call('t', { a: 'x' }, { claims: { a: '\udfff' } })],
    ['a lone surrogate in a claim name', call('t', { a: 'x' }, { claims: { '\ud800': 1 } })],
    ['a lone surrogate in the target', call('\ud800', { a: 'x' })],
    [
      'a lone surrogate in the subject',
      call('t', { a: 'x' }, { identity: { subject: '\ud800', claims: {} } }),
    ],
    ['a lone surrogate in a group', call('t', { a: 'x' }, { claims: { groups: ['\ud800'] } })],
    ['an action of another kind', call('t', { a: 'x' }, { action: 'list_tools' as never })],
    ['an inherited action', call('t', { a: 'x' }, { action: 'constructor' as never })],
    ['a target that is no text', call(5 as never, { a: 'x' })],
    [
      'a hint that is no boolean',
      call('t', { a: 'x' }, { hints: { readOnlyHint: 'true' as never } }),
    ],
    [
      'claims that are a list',
      call('t', { a: 'x' }, { identity: { subject: 'u', claims: [] as never } }),
    ],
    ['no identity', call('t', { a: 'x' }, { identity: undefined as never })],
    ['nothing at all', undefined as never],
  ])('denies %s and reports it', async (_, request) => {
    const decision = await authorizer.authorize(request);
    expect(decision).toMatchObject({ allowed: false, policies: [], errors: [{ policy: '' }] });
    expect(decision.id).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each<[string, unknown, boolean]>([
    ['an empty name', { '': 1, a: 'x' }, true],
    ['a list instead of an object', ['x'], false],
    ['text instead of an object', 'x', false],
    ['null', null, false],
    ['a __proto__ key', JSON.parse('{"__proto__": {"a": "x"}}'), false],
    ['a __proto__ key beside it', JSON.parse('{"__proto__": {"b": 1}, "a": "x"}'), true],
    ['a constructor key', { constructor: 'x', a: 'x' }, true],
    ['inherited arguments', Object.create({ a: 'x' }), false],
    ['a megabyte of text', { a: 'y'.repeat(1_000_000) }, false],
    [
      '100,000 arguments',
      {
        ...Object.fromEntries(Array.from({ length: 100_000 }, (__, at) => [`k${at}`, at])),
        a: 'x',
      },
      true,
    ],
  ])('survives arguments with %s', async (_, args, allowed) => {
    expect(await authorizer.authorize(call('t', args))).toMatchObject({ allowed, errors: [] });
  });

  it('survives claims that nest 100,000 deep, and names of the object prototype', async () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`) as Record<
      string,
      unknown
    >;
    const claims = JSON.parse('{"__proto__":{"a":"x"},"constructor":"x","toString":1}') as Record<
      string,
      unknown
    >;
    expect(
      await authorizer.authorize(call('t', { a: 'x' }, { claims: { ...deep } })),
    ).toMatchObject({ allowed: true });
    expect(await authorizer.authorize(call('t', {}, { claims }))).toMatchObject({ allowed: false });
    const odd = authorizerOf(
      'permit(principal, action, resource) when { resource has constructor || principal has toString || context has __proto__ };',
    );
    expect(await odd.authorize(call('t', { a: 1 }))).toMatchObject({ allowed: false, errors: [] });
  });

  it('does not tell values, names or the caller in errors', async () => {
    const policies = [
      'forbid(principal, action, resource) when { decimal(principal.claim_secret) == decimal("1.0") };',
      'forbid(principal, action, resource) when { principal.claim_n + 9007199254740991 > 9007199254740991 && principal.claim_missing };',
      'forbid(principal, action, resource) when { principal.claim_secret < 1 };',
      'forbid(principal, action, resource) when { resource.owner.level == 1 };',
      'forbid(principal, action, resource) when { resource.getTag(principal.claim_secret) == 1 };',
      'forbid(principal, action, resource) when { principal.getTag(context.arg_a) == 1 };',
    ];
    const identity = { subject: 'secret-subject', claims: { secret: 'secret-value', n: 4 } };
    const decision = await authorizerOf(policies).authorize({
      identity,
      action: 'call_tool',
      target: 'secret-target',
      arguments: { a: 'secret-argument' },
    });
    expect(decision.errors).toHaveLength(6);
    expect(JSON.stringify(decision)).not.toContain('secret-');
  });
});

describe('createAuthorizer', () => {
  it('loads 10 MB of policies', { timeout: 60_000 }, async () => {
    const filler = `// ${'x'.repeat(1_000)}\n`.repeat(10_000);
    const long = `permit(principal, action, resource == Tool::"t") when { resource.name like "${'y'.repeat(200_000)}*" };`;
    const authorizer = authorizerOf([filler + ALL, long]);
    expect(await authorizer.authorize(call('t'))).toMatchObject({ allowed: true });
  });

  it('loads 100,000 entities', { timeout: 60_000 }, async () => {
    const entities = Array.from({ length: 100_000 }, (_, index) => ({
      uid: { type: 'THVGroup', id: `g${index}` },
      parents: index === 0 ? [] : [{ type: 'THVGroup', id: `g${index >> 1}` }],
    }));
    entities[1]!.parents = [{ type: 'THVGroup', id: 'g0' }];
    const authorizer = authorizerOf('permit(principal in THVGroup::"g0", action, resource);', {
      entities,
    });
    expect(
      await authorizer.authorize(call('t', {}, { claims: { groups: ['g99999'] } })),
    ).toMatchObject({ allowed: true });
    expect(
      await authorizer.authorize(call('t', {}, { claims: { groups: ['other'] } })),
    ).toMatchObject({ allowed: false });
  });

  it('denies a token that puts its subject above itself', async () => {
    const entities = [{ uid: 'THVGroup::g', parents: ['Client::u'] }];
    const authorizer = authorizerOf(ALL, { entities });
    expect(await authorizer.authorize(call('t', {}, { claims: { groups: ['g'] } }))).toMatchObject({
      allowed: false,
    });
  });

  it('leaves Cedar usable after every refusal', () => {
    const bad = [
      '(',
      '"',
      '@',
      `permit(principal, action, resource) when { ${'!('.repeat(400)}true${')'.repeat(400)} };`,
    ];
    for (const text of bad) {
      expect(() => authorizerOf(text)).toThrow(expect.toSatisfy(isAuthzError));
    }
    expect(authorizerOf(ALL).authorize(call('t'))).toMatchObject({ allowed: true });
  });
});

describe('createSlotPool', () => {
  it('gives the least recently used slot to the next set, and never more policies than allowed', () => {
    const prepared: string[] = [];
    const spy = {
      ...cedar,
      preparsePolicySet: (id: string, set: Parameters<typeof cedar.preparsePolicySet>[1]) => {
        prepared.push(id);
        return cedar.preparsePolicySet(id, set);
      },
    };
    const pool = createSlotPool(spy, { slots: 2, policies: 3 });
    const source = (size: number) => ({ size, forms: () => ({ a: ALL }) });
    const [one, two, three, big] = [source(1), source(1), source(1), source(3)];
    const ids = [pool.use(one), pool.use(two), pool.use(one)];
    expect(ids[2]).toBe(ids[0]);
    expect(pool.use(three)).toBe(ids[1]);
    expect(pool.use(two)).toBe(ids[0]);
    pool.use(big);
    expect(new Set(prepared).size).toBe(2);
  });
});
