import { fileURLToPath } from 'node:url';
import type { ProtectedServerConfig, RunningServer } from '@thv/compose';
import { describe, expect, it } from 'vitest';
import type { Io } from '../src/io.ts';
import { main } from '../src/main.ts';
import { createIo } from './run-main.ts';

const SERVER = 'http://127.0.0.1:9/mcp';
const HERE = fileURLToPath(new URL('.', import.meta.url));
const OIDC = [
  '--oidc-issuer',
  'https://idp.example',
  '--oidc-audience',
  'a,b',
  '--oidc-audience',
  'c',
];

interface Fake {
  readonly ready?: Promise<void>;
  readonly closed?: Promise<void>;
  readonly startError?: Error;
  readonly readyError?: Error;
  readonly termination?: Promise<string>;
}

const never = new Promise<never>(() => undefined);

/** Runs `thv run -f …` against a fake server; by default the user presses Ctrl-C once it is printed. */
async function run(args: readonly string[], fake: Fake = {}) {
  const { io: outside, said } = createIo({ cwd: HERE, env: { PATH: '/bin', SECRET: 'hunter2' } });
  let closes = 0;
  let config: ProtectedServerConfig | undefined;
  let pressCtrlC = (_signal: string): void => undefined;
  const pressed = new Promise<string>((resolve) => {
    pressCtrlC = resolve;
  });
  const io: Io = {
    ...outside,
    out: (text) => {
      outside.out(text);
      pressCtrlC('SIGINT');
    },
    termination: () => fake.termination ?? pressed,
  };
  const startProtectedServer = async (given: ProtectedServerConfig): Promise<RunningServer> => {
    config = given;
    if (fake.startError !== undefined) {
      throw fake.startError;
    }
    return {
      url: 'http://127.0.0.1:7777/mcp',
      port: 7777,
      ready:
        fake.readyError === undefined
          ? (fake.ready ?? Promise.resolve())
          : Promise.reject(fake.readyError),
      health: async () => 'ok',
      closed: fake.closed ?? never,
      close: async () => {
        closes += 1;
      },
    };
  };
  const code = await main(['run', '-f', ...args], io, { startProtectedServer, readyGrace: 20 });
  return { code, config, closes, ...said };
}

describe('thv run -f', () => {
  it('prints how to call the server, and ends cleanly at Ctrl-C', async () => {
    const { code, out, err, closes } = await run([...OIDC, '--name', 'weather', SERVER]);
    expect({ code, closes }).toEqual({ code: 0, closes: 1 });
    expect(out).toBe(`NAME     weather
URL      http://127.0.0.1:7777/mcp
SIGN-IN  bearer token from https://idp.example, audience a or b or c
AT 401   a client reads http://127.0.0.1:7777/.well-known/oauth-protected-resource/mcp, \
signs its user in at https://idp.example, and calls again with the token
POLICY   none

{
  "mcpServers": {
    "weather": {
      "type": "http",
      "url": "http://127.0.0.1:7777/mcp"
    }
  }
}
`);
    expect(err).toBe(
      'thv: no --authz-config: everyone who signs in may do everything\nthv: stopping\n',
    );
  });

  it('prints JSON', async () => {
    const { out } = await run(['--format', 'json', '--authz-config', 'run.test.ts', SERVER]);
    expect(JSON.parse(out)).toEqual({
      name: '127.0.0.1-9',
      url: 'http://127.0.0.1:7777/mcp',
      sign_in: { kind: 'local-user', subject: 'ann' },
      policy: 'run.test.ts',
      client_config: {
        mcpServers: { '127.0.0.1-9': { type: 'http', url: 'http://127.0.0.1:7777/mcp' } },
      },
    });
  });

  it('hands every flag to the server', async () => {
    const { config } = await run([
      ...OIDC,
      ...['--oidc-client-id', 'cli', '--oidc-jwks-url', 'https://idp.example/k'],
      ...['--resource-url', 'https://mcp.example/mcp', '--authz-config', 'run.test.ts'],
      ...['--host', '0.0.0.0', '--proxy-port', '8080', '--name', 'files'],
      ...['--allowed-origins', 'https://a.example', '--allowed-hosts', 'a.example,b.example:81'],
      ...['--trusted-proxies', '10.0.0.0/24,10.0.1.1', '--trusted-proxies', '::1'],
      ...['--rate-limit', '600/1m', '--failed-sign-in-limit', 'none'],
      ...['-e', 'A=1,2', '--env', 'SECRET', '--', 'node', 'x.js', '--oidc-issuer'],
    ]);
    expect(config).toEqual({
      name: 'files',
      listen: { host: '0.0.0.0', port: 8080 },
      upstream: {
        kind: 'stdio',
        command: 'node',
        args: ['x.js', '--oidc-issuer'],
        env: { PATH: '/bin', A: '1,2', SECRET: 'hunter2' },
        cwd: HERE,
      },
      signIn: {
        kind: 'oidc',
        issuers: [
          {
            issuer: 'https://idp.example',
            jwksUrl: 'https://idp.example/k',
            audiences: ['a', 'b', 'c'],
            clientId: 'cli',
          },
        ],
        resourceUrl: 'https://mcp.example/mcp',
      },
      authorization: { file: `${HERE}run.test.ts` },
      allowedOrigins: ['https://a.example'],
      allowedHosts: ['a.example', 'b.example:81'],
      trustedProxies: ['10.0.0.0/24', '10.0.1.1', '::1'],
      limits: { identity: { requests: 600, window: 60_000 }, failedSignIns: 'none' },
      serving: {},
      log: expect.any(Function),
    });
  });

  it('passes the arguments of an npx server on', async () => {
    const { config } = await run(['npx://nope@1.2.3', '--', '--', '-v']);
    expect(config?.upstream).toMatchObject({
      command: 'npx',
      args: ['-y', 'nope@1.2.3', '--', '-v'],
    });
  });

  it.each(['--quiet', '--debug'])('knows %s before and after the command', async (flag) => {
    const { err } = await run([flag, SERVER]);
    expect(err.includes('no --authz-config')).toBe(flag === '--debug');
    expect(err).toContain('thv: warning: no sign-in');
  });

  it('keeps a server that is not ready yet', async () => {
    const { code, out, err, closes } = await run([SERVER], { ready: never });
    expect({ code, closes }).toEqual({ code: 0, closes: 1 });
    expect(out).toContain('URL ');
    expect(err).toContain('thv: warning: not ready yet; it stays up and keeps trying\n');
  });

  it.each<[string, Fake, number, number, string]>([
    [
      'cannot start',
      { startError: new Error('no such file') },
      1,
      0,
      'thv: 127.0.0.1-9: no such file\n',
    ],
    [
      'has no port',
      { startError: Object.assign(new Error('listen'), { code: 'EADDRINUSE' }) },
      1,
      0,
      'thv: 127.0.0.1-9: the port is in use; choose another --proxy-port, or 0 for a free one\n',
    ],
    [
      'has bad policies',
      {
        startError: Object.assign(new Error('line 3'), { [Symbol.for('@thv/authz.error')]: true }),
      },
      2,
      0,
      'thv: bad configuration: line 3\n',
    ],
    [
      'never gets ready',
      { readyError: new Error('exit code 7') },
      1,
      1,
      'thv: 127.0.0.1-9: exit code 7\n',
    ],
    [
      'ends by itself',
      { closed: Promise.resolve(), ready: never },
      1,
      1,
      'thv: stopped: the server ended by itself; see the lines above, or try --debug\n',
    ],
  ])(
    'says in one line that the server %s, and leaves nothing behind',
    async (_name, fake, code, closes, line) => {
      const result = await run(['--quiet', ...OIDC, SERVER], fake);
      expect(result).toMatchObject({ code, closes, out: '', err: line });
    },
  );

  it('says so when the server gives up later', async () => {
    const ready = new Promise<void>((_resolve, reject) => {
      setTimeout(() => reject(new Error('gone')), 60);
    });
    const result = await run(['--quiet', ...OIDC, SERVER], { ready, termination: never });
    expect(result).toMatchObject({ code: 1, closes: 1 });
    expect(result.err).toMatch(/thv: 127.0.0.1-9: gone\n$/);
  });

  it('stops at a signal that came while it was starting', async () => {
    const termination = Promise.resolve('SIGTERM');
    const result = await run(['--quiet', ...OIDC, SERVER], { ready: never, termination });
    expect(result).toMatchObject({ code: 0, closes: 1, out: '' });
  });
});
