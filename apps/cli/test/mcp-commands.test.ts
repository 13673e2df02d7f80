/** `thv mcp …` as a process, against a real server, bare and behind `thv proxy` with a real provider. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type HttpFixture, startGuideServer } from '../../../test/fixtures/spawn-fixture.ts';
import { type DevIdp, startDevIdp } from '../src/dev-idp/index.ts';
import { type RunningThv, startThv } from './spawn-thv.ts';
import { startStubProvider } from './stub-provider.ts';
import { authz, useTempFolder } from './temp-folder.ts';
import { startUpstreamServer } from './upstream-server.ts';

const folder = useTempFolder({
  'authz.json': authz(
    'permit(principal, action == Action::"call_tool", resource == Tool::"weather");',
    'permit(principal, action == Action::"call_tool", resource == Tool::"calculator") when { context has arg_operation && context.arg_operation == "add" };',
  ),
  'args.json': '{"city":"Oslo"}',
});
let idp: DevIdp;
let guide: HttpFixture;
let proxy: RunningThv;
let url: string;
let token: string;

beforeAll(async () => {
  [idp, guide] = await Promise.all([startDevIdp(), startGuideServer()]);
  proxy = startThv(
    [
      ...['proxy', 'guide', '--format', 'json', '--target-uri', guide.url],
      ...['--oidc-issuer', idp.issuer, '--oidc-audience', 'mcp', '--authz-config', 'authz.json'],
    ],
    { cwd: folder.path },
  );
  token = await idp.issueToken({ aud: 'mcp', sub: 'bob' });
  await folder.write({
    token: `${token}\n`,
    wrong: await idp.issueToken({ aud: 'other', sub: 'bob' }),
    two: 'a b',
  });
  await vi.waitFor(() => expect(proxy.said.out, proxy.said.err).toMatch(/\}\n$/), {
    timeout: 15_000,
  });
  url = String(JSON.parse(proxy.said.out).url);
}, 30_000);

afterAll(async () => {
  proxy.child.kill('SIGKILL');
  await Promise.all([idp.close(), guide.stop(), proxy.finished]);
});

/** Runs it and checks that the token is nowhere in what it prints. */
async function mcp(args: readonly string[], stdin = '') {
  const { child, finished } = startThv(['mcp', ...args], { cwd: folder.path });
  child.stdin.end(stdin);
  const result = await finished;
  for (const part of [token, ...token.split('.').slice(1)]) {
    expect(result.out + result.err).not.toContain(part);
  }
  return result;
}

const BEHIND = () => ['--server', url, '--token-file', 'token'];

describe('thv mcp list', () => {
  it('prints a table of what the caller may use', async () => {
    expect(await mcp(['list', 'tools', ...BEHIND()])).toEqual({
      code: 0,
      err: '',
      out: `NAME        ARGUMENTS      HINTS                  DESCRIPTION
weather     city           readOnly !destructive  Tells the weather of a city
calculator  operation a b  readOnly !destructive  Calculates with two numbers
`,
    });
    const none = { code: 0, out: '', err: `thv: ${url} shows this caller no prompts\n` };
    expect(await mcp(['list', 'prompts', ...BEHIND()])).toEqual(none);
  });

  it.each([
    ['tools', 'tools', 'name', 'admin_tool'],
    ['prompts', 'prompts', 'name', 'greeting'],
    ['resources', 'resources', 'uri', 'file:///public/readme'],
    ['templates', 'resourceTemplates', 'uriTemplate', 'file:///users/{name}'],
  ])('prints %s as the server answers', async (what, key, name, expected) => {
    const { code, out } = await mcp(['list', what, '--server', guide.url, '--format', 'json']);
    expect(code).toBe(0);
    const answer = JSON.parse(out);
    expect(Object.keys(answer)).toEqual([key]);
    expect(answer[key].map((item: Record<string, string>) => item[name])).toContain(expected);
    const text = await mcp(['list', what, '--server', guide.url]);
    expect(text.out).toContain(expected);
  });

  it('says that a token is needed, and where to get one: exit code 1', async () => {
    const { code, out, err } = await mcp(['list', 'tools', '--server', url]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toBe(
      `thv: mcp list tools: 401, a token is needed: Authentication required; ${new URL(url).origin}/.well-known/oauth-protected-resource/mcp says where callers sign in; add --token-file FILE\n`,
    );
  });

  it('says that the token is refused: exit code 1', async () => {
    const { code, err } = await mcp(['list', 'tools', '--server', url, '--token-file', 'wrong']);
    expect(code).toBe(1);
    expect(err).toMatch(
      /401, the token is refused: The access token is invalid; http.*; thv token/,
    );
  });

  it('warns of a token on the command line, and takes one from stdin', async () => {
    const shown = await mcp(['list', 'tools', '--server', url, '--token', token]);
    expect(shown).toMatchObject({
      code: 0,
      err: 'thv: warning: process lists and the shell history show the token; use --token-file\n',
    });
    const header = `Authorization=Bearer ${token}`;
    const headed = await mcp(['list', 'tools', '--server', url, '--header', header]);
    expect(headed).toMatchObject({
      code: 0,
      err: 'thv: warning: process lists and the shell history show the header\n',
    });
    const piped = ['list', 'tools', '--server', new URL(url).origin, '--token-file', '-'];
    expect(await mcp(piped, `Bearer ${token}\n`)).toMatchObject({
      code: 0,
      err: 'thv: --server has no path: /mcp is used\n',
    });
  });

  it('says what is wrong with an address: exit code 1', async () => {
    const path = await mcp(['list', 'tools', '--server', new URL('/x', guide.url).href]);
    expect(path.code).toBe(1);
    expect(path.err).toContain('404, there is no MCP endpoint: not_found; check the path');
    const closed = await startStubProvider({ answer: () => undefined });
    await closed.close();
    const { code, err } = await mcp([
      'list',
      'tools',
      '--server',
      `http://127.0.0.1:${closed.port}/x`,
    ]);
    expect(code).toBe(1);
    expect(err).toContain(`:${closed.port}/x: nothing listens there; is the server running?`);
  });

  it('says that the provider is down, not that the token is bad: exit code 1', async () => {
    const gone = await startDevIdp();
    const down = startThv([
      ...['proxy', 'guide', '--format', 'json', '--target-uri', guide.url],
      ...['--oidc-issuer', gone.issuer, '--oidc-audience', 'mcp'],
    ]);
    await folder.write({ good: await gone.issueToken({ aud: 'mcp', sub: 'bob' }) });
    await gone.close();
    await vi.waitFor(() => expect(down.said.out, down.said.err).toMatch(/\}\n$/), {
      timeout: 15_000,
    });
    const server = String(JSON.parse(down.said.out).url);
    const { code, err } = await mcp(['list', 'tools', '--server', server, '--token-file', 'good']);
    expect(code).toBe(1);
    expect(err).toMatch(
      /503, the server cannot check tokens now, so this says nothing about yours/,
    );
    expect(err).toMatch(
      /; try again in \d+ seconds; if it stays, the server cannot reach its iden/,
    );
    down.child.kill('SIGKILL');
    await down.finished;
  });

  it.each([
    ['no server', ['list', 'tools'], /--server: missing; add the URL/],
    [
      'an unknown list',
      ['list', 'tool', '--server', 'http://x'],
      /"tool" is none of .*did you mean tools\?/,
    ],
    [
      'a server that is neither a URL nor a name',
      ['list', 'tools', '--server', 'x'],
      /--server: "x" is not a URL, and no server in the background/,
    ],
    [
      'a missing token file',
      ['list', 'tools', '--server', 'http://x/m', '--token-file', 'none'],
      /--token-file: none cannot be read/,
    ],
    [
      'a file that is no token',
      ['list', 'tools', '--server', 'http://x/m', '--token-file', 'two'],
      /--token-file: it holds more than one token/,
    ],
    [
      'two tokens',
      ['list', 'tools', '--server', 'http://x/m', '--token', 'a', '--token-file', 'token'],
      /--token: means nothing beside --token-file/,
    ],
    [
      'a header beside a token',
      ['list', 'tools', '--server', 'http://x/m', '--token', 'a', '--header', 'Authorization=b'],
      /--header: Authorization stands beside a token/,
    ],
    [
      'a header that is none',
      ['list', 'tools', '--server', 'http://x/m', '--header', 'secret-without-name'],
      /^thv: --header: is not NAME=VALUE; for example --header 'X-Api-Key=…'$/,
    ],
  ])('refuses %s: exit code 2', async (_name, args, message) => {
    const { code, out, err } = await mcp(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.trimEnd().split('\n').at(-1)).toMatch(message);
  });
});

describe('thv mcp call', () => {
  it('prints what the tool says, or the result as it came', async () => {
    const args = ['call', 'weather', '--args', '{"city":"Oslo"}', ...BEHIND()];
    expect(await mcp(args)).toEqual({
      code: 0,
      out: 'The weather in Oslo is sunny.\n',
      err: '',
    });
    const { out } = await mcp([...args, '--format', 'json']);
    expect(JSON.parse(out)).toMatchObject({
      content: [{ type: 'text', text: 'The weather in Oslo is sunny.' }],
    });
  });

  it('takes arguments from a file and from stdin', async () => {
    const file = await mcp(['call', 'weather', '--args-file', 'args.json', ...BEHIND()]);
    expect(file.out).toBe('The weather in Oslo is sunny.\n');
    const stdin = await mcp(['call', 'weather', '--args-file', '-', ...BEHIND()], '{"city":"Rom"}');
    expect(stdin.out).toBe('The weather in Rom is sunny.\n');
  });

  it('exits with 3 when the tool says that it failed', async () => {
    const { code, out, err } = await mcp(['call', 'weather', '--args', '{"city":1}', ...BEHIND()]);
    expect(code).toBe(3);
    expect(out).toMatch(/Invalid arguments for tool weather/);
    expect(err).toBe('thv: error: weather says that it failed\n');
  });

  it('explains a denial, with the decision and the command that says why: exit code 1', async () => {
    const { code, out, err } = await mcp([
      ...['call', 'calculator', '--args', `{"operation":"it's"}`],
      ...BEHIND(),
    ]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    const decision = /decision=([0-9a-f]{32})/.exec(proxy.said.err)?.[1];
    expect(err).toBe(
      `thv: mcp call calculator: 403, no policy permits it, or one forbids it (decision ${decision}); the log of thv has the decision; thv policy explain FILE --token-file TOKEN --tool calculator --args '{"operation":"it'\\''s"}' says why\n`,
    );
  });

  it('passes on what the server says about a tool that it has not: exit code 1', async () => {
    const { code, err } = await mcp(['call', 'nope', '--server', guide.url]);
    expect(code).toBe(1);
    expect(err).toContain('thv: mcp call nope: the server answers with error -32602: Tool nope');
  });

  it('does not wait for ever: exit code 1', async () => {
    const args = ['call', 'slow', '--args', '{"ms":20000}', '--timeout', '1s'];
    const { code, out, err } = await mcp([...args, '--server', guide.url]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('no answer in time; thv mcp call waits longer with --timeout');
  });

  it('speaks with servers that know the 2025 eras only', async () => {
    const old = await startUpstreamServer();
    const { code, out, err } = await mcp([
      'call',
      'any',
      '--server',
      old.url,
      '--token',
      'abcdefghi',
    ]);
    expect({ code, out }, err).toEqual({ code: 0, out: 'ok\n' });
    expect(old.calls.map(({ authorization }) => authorization)).toEqual(['Bearer abcdefghi']);
    await old.close();
  });

  it('never prints a token that the server repeats', async () => {
    const { code, out } = await mcp([
      'call',
      'whoami',
      '--server',
      guide.url,
      '--token-file',
      'token',
    ]);
    expect(code).toBe(0);
    expect(out).toContain('"authorization":"[token]"');
  });

  it.each([
    ['arguments that are none', ['--args', '[]'], /--args: is no JSON object/],
    [
      'two sources of arguments',
      ['--args', '{}', '--args-file', 'x'],
      /--args: means nothing beside/,
    ],
    ['a missing file', ['--args-file', 'none'], /--args-file: none cannot be read/],
    ['stdin for two things', ['--args-file', '-', '--token-file', '-'], /stdin holds the token/],
    ['a bad timeout', ['--timeout', 'soon'], /--timeout: "soon" is not a duration/],
  ])('refuses %s: exit code 2', async (_name, args, message) => {
    const { code, out, err } = await mcp(['call', 'weather', '--server', 'http://x/m', ...args]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
  });
});
