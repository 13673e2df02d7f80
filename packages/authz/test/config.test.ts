/** Vectors G that concern the configuration, and D1. */

import { type AuthzError, createAuthorizer, isAuthzError, parseAuthzConfig } from '@thv/authz';
import { describe, expect, it } from 'vitest';
import { authorizerOf, cedar, configOf } from './support/authorizer.ts';

const ALL = 'permit(principal, action, resource);';
const PDP = { http: { url: 'https://pdp.example/base' }, claim_mapping: 'standard' };

function failure(run: () => unknown): AuthzError {
  try {
    run();
  } catch (error) {
    if (isAuthzError(error)) {
      return error;
    }
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('parseAuthzConfig', () => {
  it.each<[string, unknown, RegExp]>([
    ['G23 no version', { type: 'cedarv1', cedar: { policies: [ALL] } }, /"version" is required/],
    [
      'G25 a number as version',
      { version: 1, type: 'cedarv1', cedar: { policies: [ALL] } },
      /version: "1\.0"/,
    ],
    ['G23 no type', { version: '1', cedar: { policies: [ALL] } }, /"type" is required/],
    ['G23 unknown type', { version: '1', type: 'cedarv2', cedar: {} }, /did you mean "cedarv1"/],
    ['G23 no cedar', { version: '1', type: 'cedarv1' }, /"cedar" is required/],
    [
      'G23 no policies',
      { version: '1', type: 'cedarv1', cedar: { policies: [] } },
      /at least one policy/,
    ],
    [
      'an unknown key',
      { version: '1', type: 'cedarv1', ceder: {} },
      /unknown key "ceder" \(did you mean "cedar"\?\)/,
    ],
    ['a key in another case', configOf([ALL], { Policies: [] }), /did you mean "policies"/],
    [
      'a typo that did nothing before',
      configOf([ALL], { multi_valued_claim: ['scp'] }),
      /did you mean "multi_valued_claims"/,
    ],
    [
      'a provider, which would do nothing',
      configOf([ALL], { primary_upstream_provider: 'google' }),
      /not supported/,
    ],
    [
      'both ways to give entities',
      configOf([ALL], { entities: [], entities_json: '[]' }),
      /not both/,
    ],
    ['entities that are no JSON', configOf([ALL], { entities_json: 'invalid' }), /not JSON/],
    [
      'a policy that is no string',
      configOf([5 as never]),
      /"cedar\.policies\[0\]" must be a string, not a number/,
    ],
    ['a wrong choice', configOf([ALL], { numbers: 'float' }), /"cedar" or "toolhive"/],
    [
      'the key of another type',
      { version: '1', type: 'cedarv1', cedar: { policies: [ALL] }, pdp: PDP },
      /belongs to type "httpv1"/,
    ],
    [
      'G22 no mapping',
      { version: '1', type: 'httpv1', pdp: { http: PDP.http } },
      /claim_mapping" is required/,
    ],
    [
      'G22 no http',
      { version: '1', type: 'httpv1', pdp: { claim_mapping: 'mpe' } },
      /"pdp\.http" is required/,
    ],
    ['G22 no url', { version: '1', type: 'httpv1', pdp: { ...PDP, http: {} } }, /url" is required/],
    [
      'G22 ftp',
      { version: '1', type: 'httpv1', pdp: { ...PDP, http: { url: 'ftp://x' } } },
      /http or https/,
    ],
    [
      'skipped verification',
      {
        version: '1',
        type: 'httpv1',
        pdp: { ...PDP, http: { ...PDP.http, insecure_skip_verify: true } },
      },
      /not supported/,
    ],
    ['a list', [], /must be an object, not a list/],
    ['nothing', null, /must be an object, not null/],
  ])('refuses %s', (_, config, message) => {
    const error = failure(() => parseAuthzConfig(config));
    expect(error.code).toBe('ERR_AUTHZ_CONFIG');
    expect(error.message).toMatch(message);
  });

  it('accepts empty text for options that are off', () => {
    const keys = {
      entities_json: '',
      group_claim_name: '',
      role_claim_name: '',
      group_entity_type: '',
      primary_upstream_provider: '',
    };
    expect(() => authorizerOf(ALL, keys)).not.toThrow();
  });

  it('returns a parsed configuration as it is', () => {
    const parsed = parseAuthzConfig(configOf(ALL));
    expect(parseAuthzConfig(parsed)).toBe(parsed);
  });
});

describe('createAuthorizer', () => {
  it.each<[string, string | readonly string[], Record<string, unknown>, string, RegExp]>([
    [
      'G24 a syntax error',
      'permit(principal, action, resource) when { principal. };',
      {},
      'ERR_AUTHZ_POLICY',
      /policy0: unexpected token/,
    ],
    ['an empty policy', ' // nothing\n', {}, 'ERR_AUTHZ_POLICY', /no policy here/],
    ['text after the last statement', `${ALL} permit`, {}, 'ERR_AUTHZ_POLICY', /policy1/],
    [
      'a template',
      'permit(principal == ?principal, action, resource);',
      {},
      'ERR_AUTHZ_POLICY',
      /template/,
    ],
    [
      'an id twice',
      [`@id("a") ${ALL}`, `@id("a") forbid(principal, action, resource);`],
      {},
      'ERR_AUTHZ_POLICY',
      /"a" is already taken/,
    ],
    [
      'an integer out of range',
      `permit(principal, action, resource) when { 9007199254740993 == 1 };`,
      {},
      'ERR_AUTHZ_POLICY',
      /9007199254740991/,
    ],
    [
      'a negative integer out of range',
      `permit(principal, action, resource) when { context.a == -9007199254740993 };`,
      {},
      'ERR_AUTHZ_POLICY',
      /9007199254740991/,
    ],
    [
      'an entity twice',
      ALL,
      { entities: [{ uid: 'A::b' }, { uid: { type: 'A', id: 'b' } }] },
      'ERR_AUTHZ_ENTITIES',
      /A::"b" is defined twice/,
    ],
    [
      'a cycle',
      ALL,
      {
        entities: [
          { uid: 'A::a', parents: ['A::b'] },
          { uid: 'A::b', parents: ['A::a'] },
        ],
      },
      'ERR_AUTHZ_ENTITIES',
      /its own ancestor/,
    ],
    [
      'an entity below itself',
      ALL,
      { entities: [{ uid: 'A::a', parents: ['A::a'] }] },
      'ERR_AUTHZ_ENTITIES',
      /its own ancestor/,
    ],
    [
      'a fraction',
      ALL,
      { entities: [{ uid: 'A::a', attrs: { x: 0.5 } }] },
      'ERR_AUTHZ_ENTITIES',
      /not an integer/,
    ],
    [
      'a large integer',
      ALL,
      { entities_json: '[{"uid":"A::a","attrs":{"x":{"y":[9007199254740993]}}}]' },
      'ERR_AUTHZ_ENTITIES',
      /not an integer/,
    ],
    [
      'null',
      ALL,
      { entities: [{ uid: 'A::a', attrs: { x: null } }] },
      'ERR_AUTHZ_ENTITIES',
      /null has no meaning/,
    ],
    [
      'an unknown key of an entity',
      ALL,
      { entities: [{ uid: 'A::a', attr: {} }] },
      'ERR_AUTHZ_ENTITIES',
      /did you mean "attrs"/,
    ],
    ['a uid that is none', ALL, { entities: [{ uid: 'weather' }] }, 'ERR_AUTHZ_ENTITIES', /uid/],
    [
      'an action below something else',
      ALL,
      { entities: [{ uid: 'Action::call_tool', parents: ['Foo::x'] }] },
      'ERR_AUTHZ_ENTITIES',
      /non-action parent/,
    ],
    [
      'an unknown extension',
      ALL,
      { entities: [{ uid: 'A::a', attrs: { x: { __extn: { fn: 'nope', arg: 'x' } } } }] },
      'ERR_AUTHZ_ENTITIES',
      /nope/,
    ],
    [
      'brackets without end',
      `permit(principal, action, resource) when { ${'('.repeat(5_000)}true${')'.repeat(5_000)} };`,
      {},
      'ERR_AUTHZ_POLICY',
      /nest deeper/,
    ],
    [
      'an if without end',
      `permit(principal, action, resource) when { ${'if context.arg_a == 1 then true else '.repeat(500)}false };`,
      {},
      'ERR_AUTHZ_POLICY',
      /nests too deeply/,
    ],
    [
      'policy files, without disk',
      [ALL],
      { policy_files: ['a.cedar'] },
      'ERR_AUTHZ_CONFIG',
      /loadAuthorizer/,
    ],
  ])('refuses %s', (_, policies, keys, code, message) => {
    const error = failure(() => authorizerOf(policies, keys));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it('G26: takes several statements from one text, with positions in it', async () => {
    const text = `${ALL} // one; two\n@id("no")\nforbid(principal, action, resource == Tool::"a;b//c");`;
    const authorizer = authorizerOf(text);
    const identity = { subject: 'u', claims: {} };
    expect(authorizer.explain({ identity, action: 'call_tool', target: 'a;b//c' })).toMatchObject({
      decision: 'deny',
      policies: [{ id: 'no', line: 2, column: 1 }],
    });
    const error = failure(() => authorizerOf(`${ALL}\n  permit(é);`));
    expect(error.location).toMatchObject({ policy: 'policy1', line: 2, excerpt: '  permit(é);' });
  });

  it('G27: reads uids in every spelling', () => {
    const uids = [
      'Tool::"a\\"b"',
      'Tool::a"b',
      { type: 'Tool', id: 'a"b' },
      { __entity: { type: 'Tool', id: 'a"b' } },
      'Tool::"a\\u{22}b"',
    ];
    for (const uid of uids) {
      const authorizer = authorizerOf(
        'permit(principal, action, resource) when { resource.owner == "u" };',
        {
          entities: [{ uid, attrs: { owner: 'u' } }],
        },
      );
      const request = {
        identity: { subject: 'u', claims: {} },
        action: 'call_tool',
        target: 'a"b',
      } as const;
      expect(authorizer.authorize(request)).toMatchObject({ allowed: true });
    }
  });

  it('evaluates long chains, which Cedar alone cannot', async () => {
    const terms = Array.from({ length: 1_000 }, (_, index) => `resource.name == "t${index}"`);
    const authorizer = authorizerOf(
      `permit(principal, action, resource) when { ${terms.join(' || ')} };`,
    );
    const identity = { subject: 'u', claims: {} };
    const ask = (target: string): unknown =>
      authorizer.authorize({ identity, action: 'call_tool', target });
    expect(ask('t999')).toMatchObject({ allowed: true });
    expect(ask('t1000')).toMatchObject({ allowed: false });
  });

  it('names a wrong option', () => {
    expect(() => createAuthorizer(configOf(ALL), { cedar: {} as never })).toThrow(TypeError);
    expect(() => createAuthorizer(configOf(ALL), { cedar, serverName: 5 as never })).toThrow(
      /serverName/,
    );
  });
});
