/** The guide's second half: its authorization file, alone and with sign-in, in front of a real server. */
import { userInfo } from 'node:os';
import type { DevIdp, TokenRequest } from '@thv/cli/dev-idp';
import { beforeAll, describe, expect, it } from 'vitest';
import { startGuideServer } from '../fixtures/spawn-fixture.ts';
import { curl } from './support/curl.ts';
import { openSession, post, request, type Session, toolCall } from './support/mcp.ts';
import { ALICE, BOB, PAULA, signInFlags, startIdp, tokenFor } from './support/people.ts';
import { useStage } from './support/stage.ts';
import { dataFile, serverCommand, startThv, type Thv } from './support/thv.ts';

const stage = useStage();
let idp: DevIdp;

beforeAll(async () => {
  idp = await startIdp(stage);
});

/** The SERVER part of the command line. */
async function serverArguments(transport: 'stdio' | 'http'): Promise<string[]> {
  if (transport === 'stdio') return ['--name', 'guide', ...serverCommand('guide-server.ts')];
  const server = await startGuideServer();
  stage.defer(() => server.stop());
  return [server.url];
}

const OPERANDS = { a: 6, b: 3 };
const CALLS = {
  weather: ['weather', { city: 'Oslo' }, 'The weather in Oslo is sunny.'],
  admin_tool: ['admin_tool', {}, 'The dangerous thing is done.'],
  add: ['calculator', { operation: 'add', ...OPERANDS }, '9'],
  subtract: ['calculator', { operation: 'subtract', ...OPERANDS }, '3'],
  divide: ['calculator', { operation: 'divide', ...OPERANDS }, '2'],
  echo: ['echo', { text: 'hi' }, 'hi'],
} as const;
type CallName = keyof typeof CALLS;

const EVERYONE: readonly CallName[] = ['weather', 'add', 'subtract'];
const ALL_TOOLS = ['admin_tool', 'calculator', 'echo', 'slow', 'weather', 'whoami'];

const PEOPLE: readonly (readonly [string, TokenRequest, readonly CallName[], string[]])[] = [
  ['alice123', ALICE, [...EVERYONE, 'admin_tool'], ['admin_tool', 'calculator', 'weather']],
  ['a premium user', PAULA, Object.keys(CALLS) as CallName[], ALL_TOOLS],
  ['an ordinary user', BOB, EVERYONE, ['calculator', 'weather']],
  [
    'a user whose role is only called like premium',
    { sub: 'eve', claims: { roles: ['premium-trial', 'Premium'] } },
    EVERYONE,
    ['calculator', 'weather'],
  ],
];

describe.each([
  ['stdio', 'authz-basic.json'],
  ['stdio', 'authz-basic.yaml'],
  ['http', 'authz-basic.json'],
  ['http', 'authz-basic.yaml'],
] as const)('a server over %s behind %s', (transport, file) => {
  let thv: Thv;
  const sessions = new Map<string, Session>();

  beforeAll(async () => {
    const server = await serverArguments(transport);
    const authz = ['--authz-config', dataFile(file)];
    thv = await startThv(stage, [...signInFlags(idp), ...authz, ...server]);
    for (const [name, person] of PEOPLE) {
      sessions.set(name, await openSession(thv.url, await tokenFor(idp, person)));
    }
  });

  it.each(PEOPLE)('lets %s call what the file permits, and nothing else', async (name, ...rest) => {
    const [, permitted] = rest;
    const session = sessions.get(name)!;
    for (const [call, [tool, args, answer]] of Object.entries(CALLS)) {
      const expected = permitted.includes(call as CallName) ? [200, answer] : [403, undefined];
      expect(await session.call(tool, args), call).toEqual(expected);
    }
  });

  it.each(PEOPLE)('shows %s the tools that could be called', async (name, ...rest) => {
    const [, , tools] = rest;
    const seen = await sessions.get(name)!.list('tools');
    expect(seen.sort()).toEqual(tools);
  });

  it.each(PEOPLE)('keeps prompts and resources from %s', async (name) => {
    const session = sessions.get(name)!;
    expect(await session.list('prompts')).toEqual([]);
    expect(await session.list('resources')).toEqual([]);
    const prompt = await session.send(request('prompts/get', { name: 'greeting' }, 'p'));
    const read = { uri: 'file:///public/readme' };
    const resource = await session.send(request('resources/read', read, 'r'));
    for (const [{ status, message }, id] of [
      [prompt, 'p'],
      [resource, 'r'],
    ] as const) {
      expect(status).toBe(403);
      expect(message).toEqual({
        jsonrpc: '2.0',
        id,
        error: { code: 403, message: 'Forbidden', data: { decision: expect.any(String) } },
      });
    }
  });

  it('asks for a token before it looks at the policies', async () => {
    expect((await post(thv.url, toolCall('weather', { city: 'Oslo' }))).status).toBe(401);
  });

  it('answers curl as it answers everyone', async () => {
    const token = await tokenFor(idp, ALICE);
    const divide = CALLS.divide[1];
    const json = toolCall('calculator', divide);
    const { status, body, header } = await curl({ url: thv.url, token, json });
    expect(status).toBe(403);
    expect(header('www-authenticate')).toBeUndefined();
    expect(JSON.parse(body).error).toMatchObject({ code: 403, message: 'Forbidden' });
  });

  it('tells the operator which policy decided, and the caller only an id', async () => {
    const { message } = await sessions.get('an ordinary user')!.send(toolCall('admin_tool'));
    const decision = String(message.error?.data?.['decision']);
    await thv.until('err', new RegExp(`^thv: denied tools/call admin_tool .*${decision}`, 'm'));
  });
});

describe('an authorization file without sign-in', () => {
  let session: Session;
  let thv: Thv;

  beforeAll(async () => {
    const authz = ['--authz-config', dataFile('authz-basic.json')];
    thv = await startThv(stage, [...authz, ...(await serverArguments('stdio'))]);
    session = await openSession(thv.url);
  });

  it('is applied to the local user, and the start says who that is', async () => {
    const { username } = userInfo();
    expect(thv.said.err).toContain(
      `thv: warning: no sign-in: every program on this machine is treated as the user ${JSON.stringify(username)}\n`,
    );
    expect(await session.call('weather', { city: 'Oslo' })).toEqual([200, CALLS.weather[2]]);
    expect(await session.call('admin_tool')).toEqual([403, undefined]);
    expect(await session.call('calculator', CALLS.divide[1])).toEqual([403, undefined]);
    expect((await session.list('tools')).sort()).toEqual(['calculator', 'weather']);
  });

  it('has no metadata and no challenge, because nobody can sign in', async () => {
    const { origin } = new URL(thv.url);
    const metadata = await fetch(`${origin}/.well-known/oauth-protected-resource`);
    expect([metadata.status, await metadata.json()]).toEqual([404, { error: 'not_found' }]);
  });

  it('answers no page and no name that could be somebody else', async () => {
    const weather = toolCall('weather', { city: 'Oslo' });
    const foreign = { origin: 'https://evil.example' };
    expect((await post(thv.url, weather, { headers: foreign })).status).toBe(403);
  });
});

describe('sign-in without an authorization file', () => {
  it('lets everyone who signed in do everything, and the start says so', async () => {
    const server = await serverArguments('stdio');
    const thv = await startThv(stage, [...signInFlags(idp), ...server]);
    expect(thv.said.err).toContain(
      'thv: no --authz-config: everyone who signs in may do everything\n',
    );
    const session = await openSession(thv.url, await tokenFor(idp, BOB));
    expect((await session.list('tools')).sort()).toEqual(ALL_TOOLS);
    expect(await session.call('admin_tool')).toEqual([200, CALLS.admin_tool[2]]);
    expect(await session.list('prompts')).toEqual(['greeting', 'farewell']);
  });
});
