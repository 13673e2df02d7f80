/** The examples of the proxy in somebody's program, on every runtime, and of policies without it. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DevIdp, TokenRequest } from '@thv/cli/dev-idp';
import { beforeAll, describe, expect, it } from 'vitest';
import { startGuideServer } from '../fixtures/spawn-fixture.ts';
import { type AnyClient, connectClient } from './support/clients.ts';
import { startIdp } from './support/people.ts';
import { sendLines } from './support/raw-lines.ts';
import { useStage } from './support/stage.ts';
import { startWorker } from './support/workerd.ts';

const stage = useStage();
const BUN = fileURLToPath(new URL('../node_modules/.bin/bun', import.meta.url));
const require = createRequire(import.meta.url);
// The binary itself: the command of the package is a script that does not pass signals on.
const { runInstall } = require('deno/install_api.cjs') as { runInstall(): string };
const DENO = ['run', '--no-lock', '--cached-only', '--no-check', '--allow-net', '--allow-env'];

let idp: DevIdp;
let upstream: string;
/** All of them start at once, and each is waited for where it is used. */
const started = new Map<string, Promise<string>>();

beforeAll(async () => {
  const guide = await startGuideServer();
  stage.defer(() => guide.stop());
  upstream = guide.url;
  idp = await startIdp(stage);
  for (const [name, [path, begin]] of Object.entries(DOORS)) {
    started.set(name, begin(`${HOST}${path}`));
  }
  for (const name of ['sdk-1.ts', 'sdk-2.ts']) {
    started.set(name, start(OWN, process.execPath, example(`own-server/${name}`)));
  }
  // Told where it is waited for.
  for (const one of started.values()) one.catch(() => undefined);
});

const example = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));

/** Starts an example; its first line is the URL of its endpoint. */
async function start(resource: string, command: string, ...args: string[]): Promise<string> {
  const env = { ISSUER: idp.issuer, RESOURCE: resource, UPSTREAM: upstream, PORT: '0', HOME: '/' };
  const program = stage.spawn(command, args, { env });
  return (await program.until('out', /^http:.*\n/)).trim();
}

async function startOnWorkerd(resource: string): Promise<string> {
  const variables = { ISSUER: idp.issuer, RESOURCE: resource, UPSTREAM: upstream };
  const authz = createRequire(import.meta.resolve('@thv/authz'));
  const web = join(dirname(authz.resolve('@cedar-policy/cedar-wasm/nodejs')), '../web');
  const origin = await startWorker(stage, {
    source: example('embedding/workers.ts'),
    variables,
    wasm: {
      '@cedar-policy/cedar-wasm/web/cedar_wasm_bg.wasm': join(web, 'cedar_wasm_bg.wasm'),
    },
  });
  return `${origin}/mcp`;
}

const HOST = 'https://mcp.example.com';
const OWN = 'https://api.example.com/mcp';
const node = (name: string) => (resource: string) =>
  start(resource, process.execPath, example(`embedding/${name}`));

const DOORS = {
  'node.ts': ['/mcp', node('node.ts')],
  'hono-app.ts': ['/tools/mcp', node('hono-app.ts')],
  'bun.ts': ['/mcp', (resource: string) => start(resource, BUN, example('embedding/bun.ts'))],
  'deno.ts': [
    '/mcp',
    (resource: string) =>
      start(resource, runInstall(), ...DENO, '--allow-read', example('embedding/deno.ts')),
  ],
  'workers.ts': ['/mcp', startOnWorkerd],
} as const;

describe.each(Object.keys(DOORS) as (keyof typeof DOORS)[])('examples/embedding/%s', (name) => {
  const [path] = DOORS[name];
  const resource = `${HOST}${path}`;
  const document = `/.well-known/oauth-protected-resource${path}`;
  let url: string;

  beforeAll(async () => {
    url = (await started.get(name)) ?? '';
  });

  /** As a proxy in front would say it. */
  const head = ['Host: mcp.example.com', 'Content-Type: application/json'];
  const post = (lines: readonly string[], body = '{"jsonrpc":"2.0","id":1,"method":"ping"}') =>
    sendLines(url, [`POST ${path} HTTP/1.1`, `Content-Length: ${body.length}`, ...lines], body);
  const tokenFor = (roles: readonly string[], aud = resource) =>
    idp.issueToken({ sub: 'alice', aud, claims: { roles } });

  it('sends a caller without a token to the metadata, which is there', async () => {
    const answer = await post(head);
    expect(answer.status).toBe(401);
    const [challenge = ''] = answer.headers.get('www-authenticate') ?? [];
    expect(/resource_metadata="(.*?)"/.exec(challenge)?.[1]).toBe(`${HOST}${document}`);
    expect(await (await fetch(new URL(document, url))).json()).toEqual({
      resource,
      authorization_servers: [idp.issuer],
      bearer_methods_supported: ['header'],
    });
  });

  it('lists and calls what the policies allow this caller', async () => {
    const session = async (roles: readonly string[]) => {
      const authorization = `Authorization: Bearer ${await tokenFor(roles)}`;
      const params = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'x', version: '1' },
      };
      const hello = { jsonrpc: '2.0', id: 0, method: 'initialize', params };
      const accept = 'Accept: application/json, text/event-stream';
      const lines = [...head, accept, authorization];
      const greeting = await post(lines, JSON.stringify(hello));
      const [id] = greeting.headers.get('mcp-session-id') ?? [];
      return async (method: string, more: object = {}) => {
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: more });
        return post([...lines, `Mcp-Session-Id: ${id}`], body);
      };
    };
    const guest = await session([]);
    const admin = await session(['admin']);
    const listed = async (ask: typeof guest) =>
      [...(await ask('tools/list')).body.matchAll(/"name":"(\w+)"/g)].map(([, tool]) => tool);
    expect(await listed(guest)).toEqual(['weather']);
    expect(await listed(admin)).toEqual(['weather', 'admin_tool']);
    const weather = await guest('tools/call', { name: 'weather', arguments: { city: 'Oslo' } });
    expect(weather.body).toContain('The weather in Oslo is sunny.');
    expect((await guest('tools/call', { name: 'admin_tool', arguments: {} })).status).toBe(403);
    expect((await admin('tools/call', { name: 'admin_tool', arguments: {} })).status).toBe(200);
  });

  it.each<[string, readonly string[], number]>([
    ['a foreign host', ['Host: evil.example', ...head.slice(1)], 403],
    ['a foreign page', [...head, 'Origin: https://evil.example'], 403],
  ])('refuses %s', async (_, lines, status) => {
    const authorization = `Authorization: Bearer ${await tokenFor([])}`;
    expect((await post([...lines, authorization])).status).toBe(status);
  });

  it('refuses a token for something else', async () => {
    const authorization = `Authorization: Bearer ${await tokenFor([], 'another')}`;
    expect((await post([...head, authorization])).status).toBe(401);
  });

  it.each(['/nothing', `${path}/x`, '/.well-known/oauth-protected-resource/other'])(
    'has nothing at %s',
    async (elsewhere) => {
      expect((await fetch(new URL(elsewhere, url))).status).toBe(404);
    },
  );
});

describe.each([
  ['sdk-2.ts', ['1.x', '2.x', '2.x, 2026-07-28']],
  ['sdk-1.ts', ['1.x', '2.x']],
] as const)('examples/own-server/%s', (name, generations) => {
  const resource = OWN;
  let url: string;
  beforeAll(async () => {
    url = (await started.get(name)) ?? '';
  });

  const open = async (generation: (typeof generations)[number], roles: readonly string[]) => {
    const person: TokenRequest = { sub: 'alice', aud: resource, claims: { roles } };
    const client = await connectClient(generation, url, await idp.issueToken(person));
    stage.defer(() => client.close());
    return client;
  };
  const names = async (client: AnyClient) =>
    (await client.listTools()).tools.map((tool) => tool.name);
  const call = async (client: AnyClient, tool: string, args: Record<string, unknown> = {}) =>
    JSON.stringify(
      await client
        .callTool({ name: tool, arguments: args })
        .catch((error: Error) => ({ refused: error.message })),
    );

  it.each(generations)('asks the policies for a client of SDK %s', async (generation) => {
    const guest = await open(generation, []);
    expect(await names(guest)).toEqual(['balance', 'pay']);
    expect(await call(guest, 'balance')).toContain('alice has 250.');
    expect(await call(guest, 'pay', { amount: 100 })).toContain('Paid 100.');
    expect(await call(guest, 'pay', { amount: 101 })).toMatch(/Forbidden \(decision \w+\)/);
    expect(await call(guest, 'close_account')).toMatch(/disabled|not found/);

    const admin = await open(generation, ['admin']);
    expect(await names(admin)).toEqual(['balance', 'pay', 'close_account']);
    expect(await call(admin, 'pay', { amount: 101 })).toContain('Paid 101.');
    expect(await call(admin, 'close_account')).toContain('Closed.');
  });

  it('sends a caller without a token to the metadata, which is there', async () => {
    const answer = await fetch(url, { method: 'POST' });
    expect(answer.status).toBe(401);
    const document = '/.well-known/oauth-protected-resource/mcp';
    expect(answer.headers.get('www-authenticate')).toContain(`https://api.example.com${document}`);
    expect(await (await fetch(new URL(document, url))).json()).toMatchObject({ resource });
  });
});
