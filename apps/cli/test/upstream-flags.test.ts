/** How a server that is a URL is reached, and what it is sent. */
import { describe, expect, it } from 'vitest';
import { CliError } from '../src/cli-error.ts';
import { planProxy, planRun, type RunFlags } from '../src/services/run-options.ts';
import { splitRun } from '../src/workloads/saved-run.ts';

const OIDC: RunFlags = { oidcIssuer: 'https://idp.example', oidcAudience: ['mcp'] };
const SECRET = 's3cr3t-value';

function plan(flags: RunFlags, server = 'https://mcp.example/mcp') {
  const env = { API_KEY: SECRET, EMPTY: '' };
  return planRun({ server, serverArgs: undefined, flags, userName: 'ann', env, cwd: '/here' });
}

function refusal(flags: RunFlags, server?: string): string {
  try {
    plan(flags, server);
  } catch (error) {
    expect(error).toBeInstanceOf(CliError);
    expect((error as CliError).exitCode).toBe(2);
    return (error as CliError).message;
  }
  throw new Error('the flags were accepted');
}

describe('a server that is a URL', () => {
  it('gets nothing but messages unless flags say so', () => {
    expect(plan(OIDC).upstream).toEqual({});
  });

  it('is sent what the flags say; secrets stay references', () => {
    const { upstream, files, warnings } = plan({
      ...OIDC,
      remoteAuthBearerTokenFile: 'token',
      remoteForwardHeaders: [
        'X-Key=env:API_KEY',
        'X-Other=file:key',
        'X-Team=a=b',
        'X-T=text:env:x',
      ],
    });
    expect(upstream).toEqual({
      bearerToken: { file: '/here/token' },
      headers: [
        { name: 'X-Key', value: { env: 'API_KEY' } },
        { name: 'X-Other', value: { file: '/here/key' } },
        { name: 'X-Team', value: 'a=b' },
        { name: 'X-T', value: 'env:x' },
      ],
    });
    expect(files.map(({ path }) => path)).toEqual(['token', '/here/key']);
    expect(warnings).toEqual([]);
  });

  it('is sent callers’ tokens only with a warning of what that means', () => {
    const { upstream, warnings } = plan({ ...OIDC, forwardToken: true });
    expect(upstream).toEqual({ forwardToken: true });
    expect(warnings).toEqual([
      '--forward-token: the server gets every token of a caller, and can act as the caller',
    ]);
  });

  it('has no credential in the clear, or in process lists, without a warning', () => {
    const flags = { ...OIDC, remoteForwardHeaders: [`X-Api-Key=${SECRET}`] };
    const { warnings } = plan(flags, 'http://mcp.example/mcp');
    expect(warnings).toHaveLength(2);
    expect(warnings.join()).toMatch(/without encryption.*X-Api-Key=file:FILE/);
    expect(warnings.join()).not.toContain(SECRET);
    expect(plan(flags, 'http://localhost:1/mcp').warnings).toHaveLength(1);
  });

  it.each<[string, RunFlags, RegExp]>([
    ['a token of nobody', { forwardToken: true }, /--forward-token: callers have no token/],
    [
      'two tokens',
      { ...OIDC, forwardToken: true, remoteAuthBearerTokenFile: 't' },
      /--forward-token: contradicts --remote-auth-bearer-token-file/,
    ],
    [
      'two Authorization headers',
      { ...OIDC, forwardToken: true, remoteForwardHeaders: ['AUTHORIZATION=x'] },
      /AUTHORIZATION is sent already/,
    ],
    ['a header twice', { remoteForwardHeaders: ['X-a=1', 'x-A=2'] }, /x-A is sent already/],
    ['no value', { remoteForwardHeaders: ['X-a'] }, /is not Name=Value/],
    ['an empty value', { remoteForwardHeaders: ['X-a='] }, /cannot stand in a header/],
    ['no name', { remoteForwardHeaders: ['=x'] }, /is not Name=Value/],
    ['a file without a name', { remoteForwardHeaders: ['X-a=file:'] }, /no file is named/],
    ['a variable that is empty', { remoteForwardHeaders: ['X-a=env:EMPTY'] }, /is not set/],
    ['stdio', { transport: 'stdio' }, /--transport: a URL is not reached over stdio/],
  ])('refuses %s', (_, flags, message) => {
    expect(refusal(flags)).toMatch(message);
  });

  it.each([
    ...['Host', 'connection', 'Keep-Alive', 'TE', 'Trailer', 'Upgrade', 'HTTP2-Settings'],
    ...['Proxy-Authorization', 'proxy-anything', 'Transfer-Encoding', 'Content-Length'],
    ...['Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Real-IP'],
    ...['Mcp-Session-Id', 'MCP-Protocol-Version', 'Mcp-Name', 'Content-Type', 'Accept'],
    ...['X-HTTP-Method-Override', 'X-Original-URL', 'Origin', 'Expect', 'Sec-Fetch-Site'],
  ])('is never sent a %s of the command line', (name) => {
    expect(refusal({ remoteForwardHeaders: [`${name}=x`] })).toContain('is set by thv itself');
  });

  it.each([
    ['a line break', `X-a=${SECRET}\r\nX-b: 1`],
    ['a line feed', `X-a=${SECRET}\nX-b: 1`],
    ['a carriage return', `X-a=${SECRET}\rX-b: 1`],
    ['a NUL', `X-a=${SECRET}\0`],
    ['a line break in the name', `X-a\r\nX-b=${SECRET}`],
    ['a space in the name', `X a=${SECRET}`],
    ['a colon in the name', `X-a:b=${SECRET}`],
    ['letters that are no header text', `X-a=${SECRET}✓`],
  ])('is never sent %s, and the message repeats no value', (_, header) => {
    expect(refusal({ remoteForwardHeaders: [header] })).not.toContain(SECRET);
  });

  it('may speak the older transport, which is named and never guessed', () => {
    expect(plan({ transport: 'sse' }).upstream).toEqual({ transport: 'sse' });
    const guess = plan({}, 'https://mcp.example/sse');
    expect(guess.upstream).toEqual({});
    expect(guess.notices.join()).toContain('add --transport sse');
    const chosen = plan({ transport: 'streamable-http' }, 'https://mcp.example/sse');
    expect(chosen.notices.join()).not.toContain('--transport');
  });

  it('gets the usual path of its transport before thv proxy', () => {
    const proxied = planProxy({
      name: 'weather',
      flags: { targetUri: 'http://localhost:8000', transport: 'sse' },
      userName: 'ann',
      env: {},
      cwd: '/here',
    });
    expect(proxied.server).toEqual({ kind: 'url', url: 'http://localhost:8000/sse' });
    expect(proxied.notices.join()).toContain('/sse is used');
  });
});

describe('a server that thv starts', () => {
  it.each<[string, RunFlags]>([
    ['--transport', { transport: 'sse' }],
    ['--forward-token', { ...OIDC, forwardToken: true }],
    ['--remote-auth-bearer-token-file', { remoteAuthBearerTokenFile: 't' }],
    ['--remote-forward-headers', { remoteForwardHeaders: ['X-a=1'] }],
  ])('has no use for %s', (flag, flags) => {
    expect(refusal(flags, 'npx://server')).toMatch(new RegExp(`^${flag}: `));
  });

  it('may be said to speak over stdio', () => {
    expect(plan({ transport: 'stdio' }, 'npx://server').upstream).toEqual({});
  });
});

describe('a saved run', () => {
  it('keeps references to headers, and no value', () => {
    const flag = 'remote-forward-headers';
    const { run, values } = splitRun({ name: 'x', workingDirectory: '/' }, [
      [flag, 'X-A=file:key'],
      [flag, 'X-B=env:KEY'],
      [flag, `X-C=${SECRET}`],
    ]);
    expect(run.flags).toEqual({ [flag]: ['X-A=file:key', 'X-B=env:KEY'] });
    expect(run.givenByValue).toEqual([`--${flag} X-C`]);
    expect(values).toEqual([[flag, `X-C=${SECRET}`]]);
  });
});
