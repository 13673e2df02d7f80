/** Every flag about sign-in does what it says: the real chain, real tokens, real HTTP. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../packages/oidc/test/support/certificate.ts';
import { DEV_CLIENT, type DevIdp, startDevIdp, type TokenRequest } from '../src/dev-idp/index.ts';
import { callTool, type ServeOptions, type Serving, serve } from './serve.ts';
import { type StubProvider, type StubProviderOptions, startStubProvider } from './stub-provider.ts';
import { startUpstreamServer, type UpstreamServer } from './upstream-server.ts';

let idp: DevIdp;
let upstream: UpstreamServer;
let folder: string;
const serving: Serving[] = [];
const stubs: StubProvider[] = [];

beforeAll(async () => {
  idp = await startDevIdp();
  upstream = await startUpstreamServer();
  folder = await mkdtemp(join(tmpdir(), 'thv-flags-'));
});

afterAll(async () => {
  await idp.close();
  await upstream.close();
  await rm(folder, { recursive: true });
});

afterEach(async () => {
  await Promise.all(serving.splice(0).map((one) => one.stop()));
  await Promise.all(stubs.splice(0).map((one) => one.close()));
});

async function start(args: readonly string[], options?: Partial<ServeOptions>): Promise<Serving> {
  const one = await serve(args, { target: upstream.url, ...options });
  serving.push(one);
  return one;
}

async function stub(options: StubProviderOptions): Promise<StubProvider> {
  const one = await startStubProvider(options);
  stubs.push(one);
  return one;
}

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const getKeys = async (): Promise<unknown> => (await fetch(idp.jwksUrl)).json();
const signIn = (): string[] => ['--oidc-issuer', idp.issuer, '--oidc-audience', 'mcp'];

/** The status of a call with each of the tokens. */
async function statuses(url: string, ...tokens: readonly TokenRequest[]): Promise<number[]> {
  const found = [];
  for (const token of tokens) {
    found.push((await callTool(url, await idp.issueToken({ aud: 'mcp', ...token }))).status);
  }
  return found;
}

describe('which tokens are good', () => {
  it('--oidc-leeway forgives a clock', async () => {
    const late = { expiresIn: -60 };
    expect(await statuses((await start(signIn())).url, late)).toEqual([401]);
    const { url } = await start([...signIn(), '--oidc-leeway', '5m']);
    expect(await statuses(url, late, { expiresIn: -400 })).toEqual([200, 401]);
  });

  it('--oidc-principal-claim names the caller for the policies', async () => {
    const policies = await file(
      'mail.json',
      JSON.stringify({
        version: '1.0',
        type: 'cedarv1',
        cedar: {
          policies: ['permit(principal == Client::"ann@example.com", action, resource);'],
          entities_json: '[]',
        },
      }),
    );
    const token = { sub: 'x1', claims: { email: 'ann@example.com' } };
    const by = [...signIn(), '--authz-config', policies];
    expect(await statuses((await start(by)).url, token)).toEqual([403]);
    const { url } = await start([...by, '--oidc-principal-claim', 'email']);
    expect(await statuses(url, token, { sub: 'x1' })).toEqual([200, 401]);
  });

  it('--oidc-audience-claim and --oidc-require-claim: the client instead of an audience', async () => {
    const { url } = await start([
      ...['--oidc-issuer', idp.issuer, '--oidc-audience', 'app'],
      ...['--oidc-audience-claim', 'client_id', '--oidc-require-claim', 'token_use=access'],
    ]);
    const good = { client_id: 'app', token_use: 'access', aud: null };
    expect(
      await statuses(
        url,
        { claims: good },
        { claims: { ...good, client_id: 'other' } },
        { claims: { ...good, token_use: 'id' } },
      ),
    ).toEqual([200, 401, 401]);
  });

  it('--oidc-allowed-clients admits only those', async () => {
    const { url } = await start([...signIn(), '--oidc-allowed-clients', 'one,two']);
    const of = (client: string) => ({ claims: { client_id: client } });
    expect(await statuses(url, of('one'), of('two'), of('three'))).toEqual([200, 200, 401]);
  });

  it('--oidc-issuer-alias accepts a second spelling', async () => {
    const token = { claims: { iss: 'idp.example' } };
    expect(await statuses((await start(signIn())).url, token)).toEqual([401]);
    const { url } = await start([...signIn(), '--oidc-issuer-alias', 'idp.example']);
    expect(await statuses(url, token, {})).toEqual([200, 200]);
  });

  it('--oidc-service-accounts pins Kubernetes callers', async () => {
    const { url } = await start([...signIn(), '--oidc-service-accounts', 'ai/agents,ops']);
    const account = (name: string) => ({ sub: `system:serviceaccount:${name}` });
    expect(
      await statuses(url, account('ai:agents'), account('ai:other'), account('ops:any'), {}),
    ).toEqual([200, 401, 200, 401]);
  });

  it('--oidc-required-scopes is enforced, and says what to ask for in each era', async () => {
    const { url } = await start([...signIn(), '--oidc-required-scopes', 'mcp:use,mcp:call']);
    const poor = await idp.issueToken({ aud: 'mcp', scope: 'mcp:use profile' });
    const old = await callTool(url, poor, { 'mcp-protocol-version': '2025-11-25' });
    expect(old.status).toBe(403);
    expect(old.headers.get('www-authenticate')).toMatch(
      /scope="mcp:use profile mcp:call", error="insufficient_scope"/,
    );
    const modern = await callTool(url, poor, { 'mcp-protocol-version': '2026-07-28' });
    expect(modern.status).toBe(403);
    expect(modern.headers.get('www-authenticate')).toMatch(/scope="mcp:use mcp:call", error=/);
    expect(await statuses(url, { scope: 'mcp:use mcp:call x' })).toEqual([200]);
    expect((await callTool(url)).headers.get('www-authenticate')).toContain(
      'scope="mcp:use mcp:call"',
    );
  });

  it('--oidc-scopes and --resource-url are what clients are told', async () => {
    const resource = 'https://mcp.example/mcp';
    const { url, said } = await start([
      ...['--oidc-issuer', idp.issuer, '--resource-url', resource],
      ...['--oidc-scopes', 'read', '--oidc-scopes', 'write,offline_access'],
    ]);
    const challenge = (await callTool(url)).headers.get('www-authenticate');
    expect(challenge).toContain('scope="read write"');
    expect(challenge).toContain(
      'resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"',
    );
    const at = new URL('/.well-known/oauth-protected-resource/mcp', url);
    expect(await (await fetch(at)).json()).toMatchObject({
      resource,
      authorization_servers: [idp.issuer],
      scopes_supported: ['read', 'write'],
    });
    // Advertised is not required; the resource URL is the audience.
    expect(await statuses(url, { aud: resource }, { aud: 'mcp' })).toEqual([200, 401]);
    expect(JSON.parse(said.out).sign_in).toMatchObject({ resource_url: resource });
  });

  it('--allow-insecure-any-audience accepts tokens for others, with a warning', async () => {
    const { url, said } = await start([
      ...['--oidc-issuer', idp.issuer, '--allow-insecure-any-audience'],
    ]);
    expect(await statuses(url, { aud: 'anything' })).toEqual([200]);
    expect(said.err.match(/tokens issued for other services are accepted/g)).toHaveLength(1);
  });

  it('--oidc-client-id tells who clients sign in as', async () => {
    const { said } = await start([...signIn(), '--oidc-client-id', 'app-7'], { format: 'text' });
    expect(said.out).toMatch(/^AT 401 .* as app-7, and calls again/m);
  });
});

describe('opaque tokens', () => {
  const opaque = () => idp.issueToken({ aud: 'mcp', opaque: true, sub: 'ann' });
  const introspect = (): string[] => [
    ...signIn(),
    ...['--oidc-introspection-url', idp.introspectionUrl, '--oidc-client-id', DEV_CLIENT.id],
  ];

  it('are refused without --oidc-introspection-url', async () => {
    expect((await callTool((await start(signIn())).url, await opaque())).status).toBe(401);
  });

  it('pass with --oidc-client-secret-file, which is read again when it changes', async () => {
    const path = await file('secret', 'wrong\n');
    const { url, said } = await start([...introspect(), ...['--oidc-client-secret-file', path]]);
    const broken = await callTool(url, await opaque());
    expect(broken.status).toBe(503);
    expect(broken.headers.get('www-authenticate')).toBeNull();
    await writeFile(path, `${DEV_CLIENT.secret}\n`);
    expect((await callTool(url, await opaque())).status).toBe(200);
    expect((await callTool(url, 'not-a-token-of-anyone')).status).toBe(401);
    expect(JSON.parse(said.out).sign_in).toMatchObject({
      introspection_url: idp.introspectionUrl,
      client_id: null,
    });
  });

  it('pass with --oidc-client-secret, with a warning that does not repeat it', async () => {
    const { url, said } = await start([
      ...introspect(),
      ...['--oidc-client-secret', DEV_CLIENT.secret],
    ]);
    expect((await callTool(url, await opaque())).status).toBe(200);
    expect(said.err).toContain('warning: --oidc-client-secret: process lists show it');
    expect(said.out + said.err).not.toContain(DEV_CLIENT.secret);
  });

  it('pass by introspection alone, without an issuer', async () => {
    const path = await file('secret-alone', DEV_CLIENT.secret);
    const { url } = await start([
      ...['--oidc-introspection-url', idp.introspectionUrl, '--oidc-client-id', DEV_CLIENT.id],
      ...['--oidc-client-secret-file', path, '--oidc-audience', 'mcp'],
    ]);
    expect((await callTool(url, await opaque())).status).toBe(200);
    const other = await idp.issueToken({ aud: 'other', opaque: true });
    expect((await callTool(url, other)).status).toBe(401);
  });

  it('--oidc-introspect-jwts asks about JWTs as well', async () => {
    const own = await startDevIdp();
    try {
      const path = await file('secret-jwts', DEV_CLIENT.secret);
      const flags = [
        ...['--oidc-issuer', own.issuer, '--oidc-audience', 'mcp'],
        ...['--oidc-introspection-url', own.introspectionUrl],
        ...['--oidc-client-id', DEV_CLIENT.id, '--oidc-client-secret-file', path],
      ];
      const verifying = await start(flags);
      const asking = await start([...flags, '--oidc-introspect-jwts']);
      const token = await own.issueToken({ aud: 'mcp' });
      expect((await callTool(verifying.url, token)).status).toBe(200);
      // From now on the provider no longer knows the token; only who asks finds out.
      await own.rotateKeys();
      expect((await callTool(verifying.url, token)).status).toBe(200);
      expect((await callTool(asking.url, token)).status).toBe(401);
    } finally {
      await own.close();
    }
  });

  it.each([
    ['basic', { authorization: `Basic ${btoa('app:s3cret%2B')}` }, ''],
    ['post', {}, 'client_id=app&client_secret=s3cret%2B'],
  ])('--oidc-introspection-auth %s', async (how, headers, body) => {
    const endpoint = await stub({ answer: () => ({ active: true, aud: 'mcp', sub: 'ann' }) });
    const path = await file(`secret-${how}`, 's3cret+');
    const { url } = await start([
      ...['--oidc-introspection-url', `http://127.0.0.1:${endpoint.port}/introspect`],
      ...['--oidc-introspection-auth', how, '--oidc-audience', 'mcp'],
      ...['--oidc-client-id', 'app', '--oidc-client-secret-file', path],
    ]);
    expect((await callTool(url, 'opaque-token')).status).toBe(200);
    expect(endpoint.seen[0]?.headers).toMatchObject(headers);
    expect(endpoint.seen[0]?.body).toContain(body);
  });
});

describe('how the provider is reached', () => {
  it('--jwks-auth-token-file goes to the key set, and is read again when it changes', async () => {
    let expected = 'Bearer first';
    const keys = await getKeys();
    const cluster = await stub({
      answer: ({ headers }) => (headers.authorization === expected ? keys : 401),
    });
    const path = await file('pod-token', 'old\n');
    const { url } = await start([
      ...['--oidc-issuer', idp.issuer, '--oidc-audience', 'mcp'],
      ...['--oidc-jwks-url', `http://127.0.0.1:${cluster.port}/jwks`],
      ...['--jwks-auth-token-file', path],
    ]);
    expect(await statuses(url, {})).toEqual([503]);
    await writeFile(path, 'second\n');
    expected = 'Bearer second';
    await expect.poll(() => statuses(url, {}), { timeout: 15_000 }).toEqual([200]);
  });

  it('--jwks-auth-token-file does not go to the introspection endpoint', async () => {
    const endpoint = await stub({ answer: () => ({ active: true, aud: 'mcp', sub: 'ann' }) });
    const { url } = await start([
      ...signIn(),
      ...['--oidc-introspection-url', `http://127.0.0.1:${endpoint.port}/introspect`],
      ...['--jwks-auth-token-file', await file('jwks-only', 'pod-token-of-thv')],
    ]);
    expect((await callTool(url, 'opaque-token')).status).toBe(200);
    expect(JSON.stringify(endpoint.seen)).not.toContain('pod-token-of-thv');
  });

  it('--jwks-allow-private-ip and --oidc-insecure-allow-http are both needed for what they name', async () => {
    const keys = await getKeys();
    const provider = await stub({ answer: () => keys, host: '0.0.0.0' });
    const at = [...signIn(), '--oidc-jwks-url', `http://0.0.0.0:${provider.port}/jwks`];
    const plain = await start(at);
    expect(await plain.code).toBe(2);
    expect(plain.said.err).toMatch(/--oidc-jwks-url: must be https/);
    const isPrivate = await start([...at, '--oidc-insecure-allow-http']);
    expect(await isPrivate.code).toBe(2);
    expect(isPrivate.said.err).toMatch(/private address; add --jwks-allow-private-ip/);
    const both = await start([...at, '--oidc-insecure-allow-http', '--jwks-allow-private-ip']);
    expect(await statuses(both.url, {})).toEqual([200]);
    expect(both.said.err).toMatch(/warning: --oidc-insecure-allow-http: whoever/);
    expect(both.said.err).toMatch(/warning: --jwks-allow-private-ip: the provider's metadata/);
  });

  it.each([
    ['https://10.0.0.1/jwks', 'private address; add --jwks-allow-private-ip if it is meant'],
    ['http://idp.example/jwks', 'plain http; add --oidc-insecure-allow-http if it is meant'],
  ])('says which flag would reach keys that are at %s', async (keys, wayOut) => {
    const provider: StubProvider = await stub({
      answer: () => ({ issuer: `http://127.0.0.1:${provider.port}`, jwks_uri: keys }),
    });
    const issuer = `http://127.0.0.1:${provider.port}`;
    const { said } = await start(['--oidc-issuer', issuer, '--oidc-audience', 'mcp']);
    expect(said.err).toContain(`sign-in is not ready: Provider address refused: ${wayOut}\n`);
  });

  it('--thv-ca-bundle is trusted for the provider', async () => {
    const tls = makeCertificate('localhost', '127.0.0.1');
    const cert = await file('cert.pem', tls.cert);
    const keys = await getKeys();
    const provider = await stub({ answer: () => keys, tls });
    const at = [...signIn(), '--oidc-jwks-url', `https://127.0.0.1:${provider.port}/jwks`];
    const trusting = await start([...at, '--thv-ca-bundle', cert]);
    expect(await statuses(trusting.url, {})).toEqual([200]);
    const distrustful = await start(at);
    expect(await statuses(distrustful.url, {})).toEqual([503]);
  });

  it('--oidc-in-cluster takes issuer and token from the pod, and is told to be careful', async () => {
    const keys = await getKeys();
    const api = await stub({
      answer: ({ headers }) => (headers.authorization === `Bearer ${podToken}` ? keys : 401),
    });
    const podToken = await idp.issueToken({ sub: 'system:serviceaccount:ai:thv' });
    const token = await file('token', podToken);
    const ca = await file('ca.pem', makeCertificate('localhost').cert);
    const cluster = [
      ...['--oidc-in-cluster', '--oidc-audience', 'mcp', '--thv-ca-bundle', ca],
      ...['--jwks-auth-token-file', token],
      ...['--oidc-jwks-url', `http://127.0.0.1:${api.port}/openid/v1/jwks`],
    ];
    const { url, said } = await start(cluster);
    expect(await statuses(url, {}, { claims: { iss: 'https://elsewhere.example' } })).toEqual([
      200, 401,
    ]);
    expect(said.err).toMatch(/no --oidc-service-accounts: every service account of the cluster/);
    const pinned = await start([...cluster, '--oidc-service-accounts', 'ai']);
    expect(await statuses(pinned.url, {}, { sub: 'system:serviceaccount:ai:x' })).toEqual([
      401, 200,
    ]);
  });

  it.each([
    [
      '--oidc-client-secret-file',
      ['--oidc-introspection-url', 'https://i.example', '--oidc-client-id', 'x'],
    ],
    ['--jwks-auth-token-file', []],
    ['--thv-ca-bundle', []],
  ])('refuses a %s that cannot be read or is empty', async (flag, more) => {
    const missing = await start([...signIn(), ...more, flag, 'no-such-file']);
    expect(await missing.code).toBe(2);
    expect(missing.said.err).toContain(`${flag}: no-such-file cannot be read; check the path\n`);
    const empty = await start([...signIn(), ...more, flag, await file('empty', '\n')]);
    expect(await empty.code).toBe(2);
    expect(empty.said.err).toMatch(/thv: bad configuration: /);
  });
});
