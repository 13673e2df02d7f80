/** The official clients of both generations and eras, through the proxy, over both transports. */
import type { DevIdp, TokenRequest } from '@thv/cli/dev-idp';
import { beforeAll, describe, expect, it } from 'vitest';
import { startGuideServer } from '../fixtures/spawn-fixture.ts';
import { type AnyClient, connectClient, type Generation } from './support/clients.ts';
import { BOB, signInFlags, startIdp, tokenFor } from './support/people.ts';
import { useStage } from './support/stage.ts';
import { dataFile, serverCommand, startThv, type Thv } from './support/thv.ts';

const stage = useStage();
let idp: DevIdp;
const proxies = new Map<string, Thv>();

const ADMIN = { sub: 'ada', claims: { roles: ['admin'] } };
const ANALYST = { sub: 'ann', claims: { groups: ['data-team'] } };
/** The tools that say `readOnlyHint: true` of themselves. */
const READ_ONLY = ['weather', 'calculator', 'echo'];
const ALL_TOOLS = ['weather', 'admin_tool', 'calculator', 'echo', 'whoami', 'slow'];

beforeAll(async () => {
  idp = await startIdp(stage);
  const guide = await startGuideServer();
  stage.defer(() => guide.stop());
  const servers = { stdio: serverCommand('guide-server.ts'), http: [guide.url] };
  await Promise.all(
    Object.entries(servers).flatMap(([transport, server]) =>
      ['authz-safe-tools.yaml', 'authz-rbac-annotations.yaml'].map(async (file) => {
        const flags = ['--name', 'analytics-server', '--authz-config', dataFile(file)];
        const thv = await startThv(stage, [...signInFlags(idp), ...flags, ...server]);
        proxies.set(`${transport} ${file}`, thv);
      }),
    ),
  );
});

function proxyFor(transport: string, file: string): Thv {
  const thv = proxies.get(`${transport} ${file}`);
  if (thv === undefined) throw new Error(`no proxy for ${file} over ${transport}`);
  return thv;
}

async function connect(
  generation: Generation,
  { url }: Thv,
  person: TokenRequest,
): Promise<AnyClient> {
  const client = await connectClient(generation, url, await tokenFor(idp, person));
  stage.defer(() => client.close());
  return client;
}

const namesOf = async (client: AnyClient) =>
  (await client.listTools()).tools.map((tool) => tool.name);

/** What a call rejects with; SDK 1.x and 2.x put the HTTP status in different places. */
async function failureOf(call: Promise<unknown>): Promise<{ status: unknown; text: string }> {
  try {
    await call;
  } catch (error) {
    // Safe: whatever an SDK throws is an object whose missing fields read as undefined.
    const { code, status, message } = error as { code: unknown; status: unknown; message: string };
    return { status: status ?? code, text: message };
  }
  throw new Error('the call was permitted');
}

const CASES: readonly (readonly ['stdio' | 'http', Generation])[] = [
  ['stdio', '1.x'],
  ['stdio', '2.x'],
  ['stdio', '2.x, auto'],
  ['stdio', '2.x, 2026-07-28'],
  ['http', '1.x'],
  ['http', '2.x'],
  ['http', '2.x, auto'],
  ['http', '2.x, 2026-07-28'],
];

describe.each(CASES)('over %s, an official client %s', (transport, generation) => {
  it('lists, calls, gets a prompt and reads a resource that the policies allow', async () => {
    const client = await connect(generation, proxyFor(transport, 'authz-safe-tools.yaml'), BOB);
    expect(client.getServerVersion()).toMatchObject({ name: 'guide-server' });
    expect(await namesOf(client)).toEqual(READ_ONLY);
    const call = { name: 'weather', arguments: { city: 'Oslo' } };
    expect(await client.callTool(call)).toMatchObject({
      content: [{ type: 'text', text: 'The weather in Oslo is sunny.' }],
    });
    const { prompts } = await client.listPrompts();
    expect(prompts.map((prompt) => prompt.name)).toEqual(['greeting', 'farewell']);
    expect(await client.getPrompt({ name: 'greeting' })).toMatchObject({
      messages: [{ role: 'user', content: { text: 'Greet the user.' } }],
    });
    const { resources } = await client.listResources();
    expect(resources.map((resource) => resource.uri)).toContain('file:///public/readme');
    expect(await client.readResource({ uri: 'file:///public/readme' })).toMatchObject({
      contents: [{ text: 'Everyone may read this.' }],
    });
  });

  it('sees a forbidden call as an error with 403', async () => {
    const client = await connect(generation, proxyFor(transport, 'authz-safe-tools.yaml'), BOB);
    const { status, text } = await failureOf(client.callTool({ name: 'admin_tool' }));
    expect({ status, text }).toEqual({ status: 403, text: expect.stringContaining('Forbidden') });
    // The connection is none the worse for it.
    const echo = await client.callTool({ name: 'echo', arguments: { text: 'still here' } });
    expect(echo['content']).toEqual([{ type: 'text', text: 'still here' }]);
  });

  it.each([
    ['an administrator', ADMIN, ALL_TOOLS],
    ['a member of the data team', ANALYST, ALL_TOOLS],
    ['anybody else', BOB, READ_ONLY],
  ] as const)('gives %s the tools of the role', async (_who, person, tools) => {
    const proxy = proxyFor(transport, 'authz-rbac-annotations.yaml');
    const client = await connect(generation, proxy, person);
    expect(await namesOf(client)).toEqual(tools);
    const call = client.callTool({ name: 'admin_tool' });
    if (tools === ALL_TOOLS) {
      expect(await call).toMatchObject({ content: [{ text: 'The dangerous thing is done.' }] });
    } else {
      expect((await failureOf(call)).status).toBe(403);
    }
  });

  it('is refused without a token, and can read where to sign in', async () => {
    const { url } = proxyFor(transport, 'authz-safe-tools.yaml');
    const { status } = await failureOf(connectClient(generation, url));
    expect(status).toBe(401);
    const refused = await fetch(url, { method: 'POST' });
    const metadata = /resource_metadata="([^"]+)"/.exec(
      refused.headers.get('www-authenticate') ?? '',
    )?.[1];
    const document = await fetch(metadata ?? '');
    expect(await document.json()).toMatchObject({
      resource: url,
      authorization_servers: [idp.issuer],
    });
  });
});
