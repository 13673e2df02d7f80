/** What a provider's answers, faults and absence mean to a caller, over raw sockets. */
import type { IntrospectionConfig, IssuerConfig } from '@thv/compose';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal, type Protected, REFUSALS, startProtected } from './support/protected.ts';
import {
  Answer,
  AUDIENCE,
  type ScriptedProvider,
  startScriptedProvider,
} from './support/scripted-provider.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();
const SECRET = 'provider said this';

const bearer = (token: string) => [`Authorization: Bearer ${token}`];

/** A server before a provider of its own. */
async function startPair(options: Partial<IssuerConfig> = {}) {
  const idp = await startScriptedProvider(stage);
  const issuers = [{ issuer: idp.issuer, audiences: [AUDIENCE], ...options }];
  return { idp, server: await startProtected(stage, { issuers }) };
}

describe('19.4 introspection', () => {
  let idp: ScriptedProvider;
  let server: Protected;
  let asked: { readonly form: URLSearchParams; readonly authorization: string | undefined }[];
  let count = 0;

  const introspection = (extra: Partial<IntrospectionConfig> = {}): IntrospectionConfig => ({
    url: `${idp.issuer}/introspect`,
    clientId: 'proxy',
    ...extra,
  });

  const answerWith = (said: unknown) => {
    idp.routes.set('/introspect', (form, { headers: { authorization } }) => {
      asked.push({ form, authorization });
      return said;
    });
  };

  /** A token nobody has asked about yet, and the answer to it. */
  const ask = async (said: unknown, on = server) => {
    answerWith(said);
    return on.ping(bearer(`opaque-echo-${count++}`));
  };

  const active = (extra: Readonly<Record<string, unknown>> = {}) => ({
    ...idp.claims(),
    active: true,
    ...extra,
  });

  beforeAll(async () => {
    idp = await startScriptedProvider(stage);
    asked = [];
    server = await startProtected(stage, {
      issuers: [{ issuer: idp.issuer, audiences: [AUDIENCE], introspection: introspection() }],
    });
  });

  it.each<readonly [string, () => object]>([
    ['71 an active token', () => active()],
    ['73 without exp', () => active({ exp: undefined })],
    ['74 without iss', () => active({ iss: undefined })],
    ['76 exp as a string of digits', () => active({ exp: String(idp.claims()['exp']) })],
    ['77 with groups', () => active({ groups: ['a'] })],
  ])('%s passes', async (_, said) => {
    expect((await ask(said())).status).toBe(200);
  });

  it.each<readonly [string, () => object, 'invalid' | 'expired']>([
    ['72 inactive', () => ({ active: false }), 'invalid'],
    ['75 without aud', () => active({ aud: undefined }), 'invalid'],
    ['75b for another audience', () => active({ aud: 'other' }), 'invalid'],
    ['of another issuer', () => active({ iss: 'https://evil.test' }), 'invalid'],
    ['expired', () => active({ exp: 1 }), 'expired'],
  ])('%s is refused', async (_, said, outcome) => {
    const answer = await ask(said());
    expectRefusal(server, answer, REFUSALS[outcome]);
    expect(answer.all).not.toContain('echo');
  });

  it.each<readonly [string, () => unknown]>([
    ['78 it refuses our credentials', () => new Answer(401, { error: SECRET })],
    ['79 it fails, with a body', () => new Answer(500, SECRET)],
    ['87 an answer of 65 KB', () => active({ filler: 'x'.repeat(65 * 1024) })],
    ['active is text', () => active({ active: 'true' })],
    ['a page of HTML', () => `<html>${SECRET}</html>`],
    ['a redirect', () => new Answer(302, '', { location: 'https://evil.test/' })],
  ])('%s: 503, and nothing of it comes back', async (_, said) => {
    const answer = await ask(said());
    expectRefusal(server, answer, REFUSALS.unavailable);
    expect(answer.all).not.toMatch(/echo|provider said|evil/);
  });

  it('80 an endpoint that hangs is given up on after 5 s', async () => {
    const begin = performance.now();
    expectRefusal(server, await ask(new Promise(() => undefined)), REFUSALS.unavailable);
    expect(performance.now() - begin).toBeGreaterThan(4_000);
    expect(performance.now() - begin).toBeLessThan(9_000);
  }, 15_000);

  it('81 a client without a secret names itself in the form', async () => {
    await ask(active());
    const { form, authorization } = asked.at(-1) ?? {};
    expect(authorization).toBeUndefined();
    expect(form?.get('client_id')).toBe('proxy');
    expect(form?.get('token')).toMatch(/^opaque-echo-/);
  });

  it('82 one token a hundred times is one question', async () => {
    answerWith(active());
    const before = asked.length;
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => server.ping(bearer('opaque-again'))),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(asked.length - before).toBe(1);
  });

  it('45 a JWT is not asked about', async () => {
    const before = asked.length;
    const forged = `${(await idp.sign()).slice(0, -8)}AAAAAAAA`;
    expectRefusal(server, await server.ping(bearer(forged)), REFUSALS.invalid);
    expect(asked.length).toBe(before);
  });

  it('83 Google without an audience stops the start', async () => {
    const url = 'https://oauth2.googleapis.com/tokeninfo';
    const issuer = { audiences: [], allowInsecureAnyAudience: true, introspection: { url } };
    await expect(startProtected(stage, { issuers: [issuer] })).rejects.toThrow('audiences');
  });

  it('86 introspection alone', async () => {
    const alone = await startProtected(stage, {
      issuers: [{ audiences: [AUDIENCE], introspection: introspection() }],
    });
    expect((await ask(active(), alone)).status).toBe(200);
    expect((await ask({ active: false }, alone)).status).toBe(401);
    answerWith(active());
    expect((await alone.ping(bearer(await idp.sign()))).status).toBe(200);
  });
});

describe('19.5 availability and discovery', () => {
  const OPENID = '/.well-known/openid-configuration';

  it('88 a provider that is down: 503, not ready', async () => {
    const { idp, server } = await startPair();
    await idp.close();
    expectRefusal(server, await server.ping(bearer(await idp.sign())), REFUSALS.unavailable);
    expectRefusal(server, await server.ping(), REFUSALS.missing);
    expect((await server.ask('GET', '/readyz')).status).toBe(503);
    expect((await server.ask('GET', '/healthz')).status).toBe(200);
  });

  it('89 a provider that goes down later', async () => {
    const { idp, server } = await startPair();
    expect((await server.ping(bearer(await idp.sign()))).status).toBe(200);
    await idp.close();
    const other = await idp.sign(idp.claims({ sub: 'bob' }));
    expect((await server.ping(bearer(other))).status).toBe(200);
    const unknown = await idp.sign(undefined, { kid: 'unknown' });
    expectRefusal(server, await server.ping(bearer(unknown)), REFUSALS.unavailable);
  });

  it('90 the path of RFC 8414 is tried', async () => {
    const { idp, server } = await startPair();
    const document = idp.routes.get(OPENID);
    idp.routes.delete(OPENID);
    idp.routes.set('/.well-known/oauth-authorization-server', document ?? (() => ({})));
    expect((await server.ping(bearer(await idp.sign()))).status).toBe(200);
  });

  it.each<readonly [string, (idp: ScriptedProvider) => void]>([
    ['90b no metadata at all', ({ routes }) => routes.delete(OPENID)],
    [
      '91 metadata of another issuer',
      ({ routes, issuer }) =>
        routes.set(OPENID, () => ({ issuer: `${issuer}/`, jwks_uri: `${issuer}/jwks` })),
    ],
    ['92 no jwks_uri', ({ routes, issuer }) => routes.set(OPENID, () => ({ issuer }))],
    [
      '96 keys at a link-local address',
      ({ routes, issuer }) =>
        routes.set(OPENID, () => ({ issuer, jwks_uri: 'https://169.254.169.254/keys' })),
    ],
    [
      '96b keys that redirect to a link-local address',
      ({ routes }) =>
        routes.set('/jwks', () => new Answer(302, '', { location: 'http://169.254.169.254/' })),
    ],
    ['98 a page of HTML', ({ routes }) => routes.set(OPENID, () => `<html>${SECRET}</html>`)],
    ['98b keys that are HTML', ({ routes }) => routes.set('/jwks', () => `<html>${SECRET}</html>`)],
    ['no keys', ({ routes }) => routes.set('/jwks', () => ({ keys: [] }))],
    ['a failing provider', ({ routes }) => routes.set('/jwks', () => new Answer(500, SECRET))],
  ])('%s: 503', async (_, spoil) => {
    const { idp, server } = await startPair();
    spoil(idp);
    const answer = await server.ping(bearer(await idp.sign()));
    expectRefusal(server, answer, REFUSALS.unavailable);
    expect(answer.all).not.toMatch(/provider said|169\.254/);
    expect(server.forwarded()).toEqual([]);
  });

  it.each<readonly [string, Partial<IssuerConfig>, RegExp]>([
    [
      '94 plain http to elsewhere',
      { issuer: 'http://10.0.0.5' },
      /"issuer" is refused: plain http/,
    ],
    [
      '95 a private address',
      { issuer: 'https://10.0.0.5' },
      /"issuer" is refused: private address/,
    ],
    ['95b a mapped one', { issuer: 'https://[::ffff:10.0.0.5]' }, /refused: private address/],
  ])('%s stops the start', async (_, options, reason) => {
    await expect(startPair(options)).rejects.toThrow(reason);
  });

  it('94b, 95b unless it is allowed', async () => {
    const allowed = { allowInsecureHttp: true, allowPrivateAddresses: true };
    const { server } = await startPair({ issuer: 'http://10.0.0.5', ...allowed });
    expectRefusal(server, await server.ping(), REFUSALS.missing);
  });

  it('97 fifty first requests share one look-up', async () => {
    const { idp, server } = await startPair();
    const slow = idp.routes.get('/jwks');
    idp.routes.set('/jwks', async (form, request) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return slow?.(form, request);
    });
    const lines = bearer(await idp.sign());
    const answers = await Promise.all(Array.from({ length: 50 }, () => server.ping(lines)));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    expect(idp.asked).toEqual([OPENID, '/jwks']);
  });
});
