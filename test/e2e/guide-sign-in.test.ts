/** The guide's first half: start a server behind an OpenID provider and prove it from a shell. */
import type { DevIdp } from '@thv/cli/dev-idp';
import { beforeAll, describe, expect, it } from 'vitest';
import { curl, TOOL } from './support/curl.ts';
import { post, request, toolCall } from './support/mcp.ts';
import { ALICE, AUDIENCE, startIdp, tamper, tokenFor } from './support/people.ts';
import { useStage } from './support/stage.ts';
import { serverCommand, startThv, type Thv } from './support/thv.ts';

const stage = useStage();
let idp: DevIdp;
let thv: Thv;

beforeAll(async () => {
  idp = await startIdp(stage);
  thv = await startGuide(idp);
});

/** The flags of the guide, all of them. */
function startGuide({ issuer, jwksUrl }: DevIdp): Promise<Thv> {
  return startThv(stage, [
    '--oidc-audience',
    AUDIENCE,
    '--oidc-client-id',
    'e2e-client',
    '--oidc-issuer',
    issuer,
    '--oidc-jwks-url',
    jwksUrl,
    '--name',
    'guide',
    ...serverCommand('guide-server.ts'),
  ]);
}

const WEATHER = toolCall('weather', { city: 'Oslo' });

/** What RFC 6750 and RFC 9728 want to see, in this order and with nothing else in it. */
const CHALLENGE =
  /^Bearer realm="(?<realm>[^"\\]+)", resource_metadata="(?<metadata>[^"\\]+)", error="(?<error>\w+)", error_description="(?<description>[^"\\]+)"$/;

function readChallenge(value: string | undefined) {
  const groups = CHALLENGE.exec(value ?? '')?.groups;
  expect(groups, `unexpected challenge: ${value}`).toBeDefined();
  return groups ?? {};
}

describe(`a server behind a provider, called with ${TOOL}`, () => {
  it('answers a caller with a good token', async () => {
    const token = await tokenFor(idp, ALICE);
    const { status, body } = await curl({ url: thv.url, token, json: WEATHER });
    expect(status).toBe(200);
    expect(body).toContain('The weather in Oslo is sunny.');
  });

  it('answers initialize and tools/list as well', async () => {
    const token = await tokenFor(idp, ALICE);
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'curl', version: '8' },
    };
    const hello = await curl({ url: thv.url, token, json: request('initialize', params) });
    expect(hello.status).toBe(200);
    expect(hello.body).toContain('guide-server');
    const list = await curl({ url: thv.url, token, json: request('tools/list') });
    expect(list.status).toBe(200);
    expect(list.body).toContain('admin_tool');
  });

  const strangers: readonly (readonly [string, () => Promise<string | undefined>, string])[] = [
    ['without a token', async () => undefined, 'Authentication required'],
    [
      'whose token has expired',
      () => tokenFor(idp, { ...ALICE, expiresIn: -60 }),
      'The access token expired',
    ],
    [
      'whose token is for another audience',
      () => tokenFor(idp, { ...ALICE, aud: 'another-server' }),
      'The access token is invalid',
    ],
    [
      'whose token names another issuer',
      () => tokenFor(idp, { ...ALICE, claims: { iss: 'https://evil.example' } }),
      'The access token is invalid',
    ],
    [
      'whose token was signed by another provider',
      async () => {
        const other = await startIdp(stage);
        return tokenFor(other, { ...ALICE, claims: { iss: idp.issuer } });
      },
      'The access token is invalid',
    ],
    [
      'whose token was tampered with',
      async () => tamper(await tokenFor(idp, ALICE)),
      'The access token is invalid',
    ],
    [
      'whose claims were changed under an old signature',
      async () => {
        const [header, payload, signature] = (await tokenFor(idp, ALICE)).split('.');
        const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString('utf8'));
        const changed = JSON.stringify({ ...claims, sub: 'root' });
        return [header, Buffer.from(changed).toString('base64url'), signature].join('.');
      },
      'The access token is invalid',
    ],
    ['whose token is no JWT', async () => 'open-sesame', 'The access token is invalid'],
  ];

  it.each(strangers)(
    'refuses a caller %s with a challenge',
    async (_who, getToken, description) => {
      const token = await getToken();
      const { status, header, body } = await curl({ url: thv.url, token, json: WEATHER });
      expect(status).toBe(401);
      expect(readChallenge(header('www-authenticate'))).toEqual({
        realm: idp.issuer,
        metadata: `${new URL(thv.url).origin}/.well-known/oauth-protected-resource/mcp`,
        error: 'invalid_token',
        description,
      });
      expect(header('content-type')).toBe('application/json');
      expect(JSON.parse(body)).toEqual({ error: 'invalid_token', error_description: description });
    },
  );

  it('tells a refused caller where to sign in', async () => {
    const refused = await curl({ url: thv.url, json: WEATHER });
    const { metadata = '' } = readChallenge(refused.header('www-authenticate'));
    const { status, body } = await curl({ url: metadata });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      resource: thv.url,
      authorization_servers: [idp.issuer],
      bearer_methods_supported: ['header'],
    });
  });

  it('takes no token from the query and no second credential', async () => {
    const token = await tokenFor(idp, ALICE);
    const inQuery = await post(`${thv.url}?access_token=${token}`, WEATHER);
    expect(inQuery.status).toBe(401);
    const twice = await post(thv.url, WEATHER, {
      headers: { authorization: `Bearer ${token}, Bearer ${token}` },
    });
    expect(twice.status).toBe(400);
    expect(twice.message).toMatchObject({ error: 'invalid_request' });
  });

  it('never writes a token into its log', async () => {
    const token = await tokenFor(idp, { ...ALICE, aud: 'another-server' });
    await curl({ url: thv.url, token, json: WEATHER });
    await thv.until('err', /ERR_OIDC_AUDIENCE/);
    expect(thv.said.err).not.toMatch(/eyJ|open-sesame/);
  });
});

describe('a provider that replaces its keys', () => {
  it('has its new tokens accepted at once and its old ones refused', async () => {
    const own = await startIdp(stage);
    const { url } = await startGuide(own);
    const old = await tokenFor(own, ALICE);
    expect((await curl({ url, token: old, json: WEATHER })).status).toBe(200);
    await own.rotateKeys();
    const fresh = await tokenFor(own, ALICE);
    expect((await curl({ url, token: fresh, json: WEATHER })).status).toBe(200);
    expect((await curl({ url, token: old, json: WEATHER })).status).toBe(401);
  });
});
