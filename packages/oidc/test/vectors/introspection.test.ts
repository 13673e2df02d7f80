/** Vectors 71–87: opaque tokens. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  createTokenValidator,
  type IntrospectionOptions,
  type TokenValidator,
  type TokenValidatorOptions,
} from '../../src/index.ts';
import {
  type Answer,
  createFakeProvider,
  type FakeProvider,
  json,
  START,
} from '../support/fake-provider.ts';
import { outcome, validatorFor } from '../support/validator.ts';

const PATH = '/introspect';
const URL_TEXT = `https://idp.test${PATH}`;
const ACTIVE = { active: true, exp: START + 600, sub: 'u', aud: 'mcp', iss: 'https://idp.test' };
let provider: FakeProvider;
beforeEach(async () => {
  provider = await createFakeProvider();
});

function validator(
  answer: unknown,
  introspection: Partial<IntrospectionOptions> = {},
  options: Partial<TokenValidatorOptions> = {},
): TokenValidator {
  const route: Answer = typeof answer === 'function' ? (answer as Answer) : () => json(answer);
  provider.routes.set(PATH, route);
  const all = { url: URL_TEXT, clientId: 'rs', clientSecret: 's3cret', ...introspection };
  return validatorFor(provider, { introspection: all, ...options });
}

const { exp: _e, ...withoutExp } = ACTIVE;
const { iss: _i, ...withoutIss } = ACTIVE;
const { aud: _a, ...withoutAud } = ACTIVE;
const { sub: _s, ...withoutSub } = ACTIVE;
const INACTIVE = 'ERR_OIDC_TOKEN_INACTIVE';
const FAULT = 'ERR_OIDC_INTROSPECTION';

const vectors: readonly (readonly [string, unknown, string])[] = [
  ['71 active', ACTIVE, 'accepted'],
  ['72 inactive', { active: false }, INACTIVE],
  ['72b inactive but with claims', { ...ACTIVE, active: false }, INACTIVE],
  ['72c active missing', { ...ACTIVE, active: undefined }, FAULT],
  ['72d active a text', { ...ACTIVE, active: 'true' }, FAULT],
  ['73 without exp', withoutExp, 'accepted'],
  ['74 without iss', withoutIss, 'accepted'],
  ['74b another iss', { ...ACTIVE, iss: 'https://evil.test' }, 'ERR_OIDC_ISSUER'],
  ['74c iss with spaces', { ...ACTIVE, iss: ' https://idp.test ' }, 'ERR_OIDC_ISSUER'],
  ['75 without aud', withoutAud, 'ERR_OIDC_AUDIENCE'],
  ['75b another aud', { ...ACTIVE, aud: 'other' }, 'ERR_OIDC_AUDIENCE'],
  ['76 exp as text', { ...ACTIVE, exp: String(START + 600) }, 'accepted'],
  ['76b expired', { ...ACTIVE, exp: START - 31 }, 'ERR_OIDC_TOKEN_EXPIRED'],
  ['76c exp nonsense', { ...ACTIVE, exp: 'soon' }, 'ERR_OIDC_CLAIM'],
  ['nbf in the future', { ...ACTIVE, nbf: START + 60 }, 'ERR_OIDC_TOKEN_NOT_YET_VALID'],
  ['without sub', withoutSub, 'ERR_OIDC_CLAIM'],
  ['78 endpoint 401', () => new Response('no', { status: 401 }), FAULT],
  ['79 endpoint 500', () => new Response('stack trace', { status: 500 }), FAULT],
  [
    '79b endpoint redirects',
    () => new Response(null, { status: 307, headers: { location: URL_TEXT } }),
    FAULT,
  ],
  ['87 65 KB', { ...ACTIVE, pad: 'x'.repeat(66_000) }, FAULT],
  ['a list', [ACTIVE], FAULT],
  ['HTML', () => new Response('<html>'), FAULT],
  [
    'duplicate keys',
    () => new Response('{"active":false,"active":true,"sub":"u","aud":"mcp"}'),
    FAULT,
  ],
];

describe('introspection', () => {
  it.each(vectors)('vector %s', async (_, answer, expected) => {
    expect(await outcome(validator(answer).validate('opaque'))).toBe(expected);
  });

  it('45: a JWT with a bad signature is not introspected', async () => {
    const token = await provider.sign();
    const forged = token.replace(/\.[^.]+$/, `.${'A'.repeat(342)}`);
    expect(await outcome(validator(ACTIVE).validate(forged))).toBe('ERR_OIDC_SIGNATURE');
    expect(provider.count(PATH)).toBe(0);
  });

  it('75c: another claim can hold the audience', async () => {
    const answer = { ...withoutAud, client_id: 'mcp' };
    const judged = validator(answer, {}, { audienceClaim: 'client_id' });
    expect(await outcome(judged.validate('opaque'))).toBe('accepted');
  });

  it('79b: a token is not sent on to where a redirect points, not even on the same host', async () => {
    const answer = () => new Response(null, { status: 307, headers: { location: '/elsewhere' } });
    provider.routes.set('/elsewhere', () => json(ACTIVE));
    expect(await outcome(validator(answer).validate('opaque'))).toBe(FAULT);
    expect(provider.count('/elsewhere')).toBe(0);
  });

  it('77: keeps all members as claims', async () => {
    const identity = await validator({
      ...ACTIVE,
      groups: ['a'],
      act: { sub: 'x' },
      scope: 'r w',
    }).validate('t');
    expect(identity.claims).toMatchObject({ groups: ['a'], active: true });
    expect(identity).toMatchObject({
      scopes: ['r', 'w'],
      actors: [{ subject: 'x' }],
      expiresAt: START + 600,
    });
  });

  it('80: gives up after the time limit', async () => {
    const judged = validator(() => new Promise<Response>(() => undefined), {}, { timeout: 10 });
    expect(await outcome(judged.validate('opaque'))).toBe(FAULT);
  });

  it('80b: gives up on a body that never ends', async () => {
    const endless = () =>
      new Response(new ReadableStream({ pull: () => new Promise(() => undefined) }));
    expect(await outcome(validator(endless, {}, { timeout: 10 }).validate('opaque'))).toBe(FAULT);
  });

  it('82: asks once for the same token, and again after a minute', async () => {
    const judged = validator(ACTIVE);
    for (let index = 0; index < 100; index++) await judged.validate('opaque');
    expect(provider.count(PATH)).toBe(1);
    provider.clock.seconds += 60;
    await judged.validate('opaque');
    expect(provider.count(PATH)).toBe(2);
  });

  it('82b: asks once for 50 concurrent requests', async () => {
    const judged = validator(ACTIVE);
    await Promise.all(Array.from({ length: 50 }, () => judged.validate('opaque')));
    expect(provider.count(PATH)).toBe(1);
  });

  it('82c: forgets a token at its exp', async () => {
    const judged = validator({ ...ACTIVE, exp: START + 5 });
    await judged.validate('opaque');
    provider.clock.seconds += 5;
    await judged.validate('opaque');
    expect(provider.count(PATH)).toBe(2);
  });

  it('82d: remembers a refusal for ten seconds', async () => {
    const judged = validator({ active: false });
    for (const seconds of [0, 9, 1]) {
      provider.clock.seconds += seconds;
      expect(await outcome(judged.validate('opaque'))).toBe(INACTIVE);
    }
    expect(provider.count(PATH)).toBe(2);
  });

  it('does not remember that the provider was in trouble', async () => {
    const judged = validator(() => new Response('', { status: 502 }));
    expect(await outcome(judged.validate('opaque'))).toBe(FAULT);
    provider.routes.set(PATH, () => json(ACTIVE));
    expect(await outcome(judged.validate('opaque'))).toBe('accepted');
  });

  it('limits what runs at once, and refuses when too many wait', async () => {
    let running = 0;
    let most = 0;
    const slow: Answer = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return json(ACTIVE);
    };
    const judged = validator(slow, { maxConcurrent: 2 });
    const codes = await Promise.all(
      Array.from({ length: 30 }, (_, index) => outcome(judged.validate(`opaque${index}`))),
    );
    expect(most).toBe(2);
    expect(codes.filter((code) => code === 'accepted')).toHaveLength(22);
    expect(codes.filter((code) => code === 'ERR_OIDC_BUSY')).toHaveLength(8);
  });

  it('86: works without issuer and keys, for tokens of any shape', async () => {
    provider.routes.set(PATH, () => json(withoutIss));
    const only = createTokenValidator({
      introspection: { url: URL_TEXT },
      audiences: ['mcp'],
      fetch: provider.fetch,
      now: provider.now,
    });
    await only.ready();
    expect(await only.validate('opaque')).toMatchObject({ issuer: URL_TEXT, subject: 'u' });
    expect(await only.validate(await provider.sign())).toMatchObject({ subject: 'u' });
    expect(provider.asked.every((url) => url === URL_TEXT)).toBe(true);
  });

  it('introspects JWTs when told to', async () => {
    const judged = validator({ active: false }, { introspectJwts: true });
    expect(await outcome(judged.validate(await provider.sign()))).toBe(INACTIVE);
  });

  it('shares results through a cache of the user', async () => {
    const store = new Map<string, unknown>();
    const cache = {
      get: async (key: string) => store.get(key) as never,
      set: async (key: string, record: unknown, ttl: number) => {
        expect(ttl).toBeLessThanOrEqual(60);
        store.set(key, record);
      },
    };
    await validator(ACTIVE, { cache }).validate('opaque');
    await validator(ACTIVE, { cache }).validate('opaque');
    expect(provider.count(PATH)).toBe(1);
    expect(JSON.stringify([...store])).not.toContain('opaque');
  });
});

describe('client authentication at the endpoint', () => {
  const ask = async (introspection: Partial<IntrospectionOptions>) => {
    await validator(ACTIVE, introspection).validate('opaque');
    const init = provider.inits.at(-1);
    return { headers: new Headers(init?.headers), form: new URLSearchParams(String(init?.body)) };
  };

  it('basic: form-encodes both parts', async () => {
    const { headers, form } = await ask({ clientId: 'a:b c', clientSecret: 'p%ä+' });
    const [, credentials = ''] = headers.get('authorization')?.split(' ') ?? [];
    expect(atob(credentials)).toBe('a%3Ab+c:p%25%C3%A4%2B');
    expect([...form.keys()]).toEqual(['token', 'token_type_hint']);
  });

  it('post: puts both in the form', async () => {
    const { headers, form } = await ask({ auth: 'post' });
    expect(headers.has('authorization')).toBe(false);
    expect(form.get('client_secret')).toBe('s3cret');
  });

  it('81: a client id alone goes into the form', async () => {
    provider.routes.set(PATH, () => json(ACTIVE));
    const judged = validatorFor(provider, { introspection: { url: URL_TEXT, clientId: 'rs' } });
    await judged.validate('opaque');
    const init = provider.inits.at(-1);
    expect(new URLSearchParams(String(init?.body)).get('client_id')).toBe('rs');
    expect(new Headers(init?.headers).has('authorization')).toBe(false);
  });

  it('asks for the secret each time, and blames its source', async () => {
    let secret = 'one';
    const source = async () => {
      if (secret === '') throw new Error('vault path');
      return secret;
    };
    const judged = validator(ACTIVE, { clientSecret: source });
    await judged.validate('t1');
    secret = 'two';
    await judged.validate('t2');
    expect(
      atob(new Headers(provider.inits.at(-1)?.headers).get('authorization')?.slice(6) ?? ''),
    ).toBe('rs:two');
    secret = '';
    expect(await outcome(judged.validate('t3'))).toBe('ERR_OIDC_SECRET');
  });

  it.each([
    ['basic without secret', { url: URL_TEXT, clientId: 'x', auth: 'basic' }],
    ['post without id', { url: URL_TEXT, clientSecret: 'x', auth: 'post' }],
    ['no URL', { url: 'introspect' }],
    ['no place to run', { url: URL_TEXT, maxConcurrent: 0 }],
    ['an empty prefix', { url: URL_TEXT, tokenPrefixes: [''] }],
    ['83 Google without audience', { url: 'https://oauth2.googleapis.com/tokeninfo' }],
    [
      'GitHub without secret',
      { url: 'https://api.github.com/applications/x/token', clientId: 'x' },
    ],
    [
      'GitHub with another path',
      { url: 'https://api.github.com/user', clientId: 'x', clientSecret: 'y' },
    ],
  ] as const)('refuses at once: %s', (_, introspection) => {
    expect(() => createTokenValidator({ introspection, allowInsecureAnyAudience: true })).toThrow(
      TypeError,
    );
  });
});

describe('several endpoints', () => {
  it('are told apart by the beginning of the token', async () => {
    provider.routes.set('/a', () => json({ active: true, sub: 'a', aud: 'mcp' }));
    provider.routes.set('/b', () => json({ active: true, sub: 'b', aud: 'mcp' }));
    const judged = createTokenValidator({
      issuers: [
        {
          introspection: { url: 'https://a.test/a', tokenPrefixes: ['a_'] },
          issuer: 'https://a.test',
          audiences: ['mcp'],
        },
        {
          introspection: { url: 'https://b.test/b' },
          issuer: 'https://b.test',
          audiences: ['mcp'],
        },
      ],
      fetch: provider.fetch,
      now: provider.now,
    });
    expect(await judged.validate('a_token')).toMatchObject({
      issuer: 'https://a.test',
      subject: 'a',
    });
    expect(await judged.validate('token')).toMatchObject({
      issuer: 'https://b.test',
      subject: 'b',
    });
  });

  it('must be distinguishable', () => {
    const issuers = ['a', 'b'].map((name) => ({
      issuer: `https://${name}.test`,
      introspection: { url: `https://${name}.test/i` },
      audiences: ['mcp'],
    }));
    expect(() => createTokenValidator({ issuers })).toThrow(/tokenPrefixes/);
  });

  it('an endpoint without issuer cannot speak for an issuer of another entry', async () => {
    provider.routes.set(PATH, () => json({ ...ACTIVE, iss: 'https://idp.test' }));
    const judged = createTokenValidator({
      issuers: [
        { issuer: 'https://idp.test', audiences: ['mcp'] },
        { introspection: { url: 'https://other.test/introspect' }, audiences: ['mcp'] },
      ],
      fetch: provider.fetch,
      now: provider.now,
    });
    expect(await outcome(judged.validate('opaque'))).toBe('ERR_OIDC_ISSUER');
  });
});
