/** Servers in the background as a user has them: real processes, started, killed, repaired, removed. */
import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { findProcesses as serverPids } from './support/machine.ts';
import { useStage } from './support/stage.ts';
import { serverCommand, spawnThv } from './support/thv.ts';
import { newMark, type Seen, useWorkloads } from './support/workloads.ts';

const stage = useStage();
const { cwd, thv, json, state, env, write } = useWorkloads(stage);
const rawServer = (mark: string) => serverCommand('raw-stdio-server.ts', mark);
/** A process takes a moment to start and to end, more so on a busy machine. */
const SOON = { timeout: 15_000, interval: 100 };

async function callRaw(url: string | null): Promise<number> {
  const response = await fetch(url ?? '', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
    },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"raw","arguments":{}}}',
  });
  return response.status;
}

describe('three servers in the background', () => {
  const names = ['one', 'two', 'three'];
  const marks = names.map(newMark);
  let urls: readonly (string | null)[] = [];

  it('start, each with a URL that can be called as soon as the command returns', async () => {
    const started = await Promise.all(
      names.map((name, at) =>
        json<Seen>('run', '--name', name, '--label', `at=${at}`, ...rawServer(marks[at] ?? '')),
      ),
    );
    urls = started.map(({ url }) => url);
    expect(await Promise.all(urls.map(callRaw))).toEqual([200, 200, 200]);
    expect(started[0]).toMatchObject({ name: 'one', log: state('logs', 'one.log') });
  });

  it('are listed, all of them or those with a label', async () => {
    const listed = await json<readonly Seen[]>('list');
    expect(listed.map(({ name, status }) => [name, status])).toEqual([
      ['one', 'running'],
      ['three', 'running'],
      ['two', 'running'],
    ]);
    expect(Object.keys(listed[0] ?? {})).toEqual(
      expect.arrayContaining([
        ...['name', 'status', 'url', 'transport', 'server', 'labels', 'created_at', 'log'],
      ]),
    );
    expect(await json('ls', '-l', 'at=1')).toMatchObject([{ name: 'two', labels: { at: '1' } }]);
    const { out } = await thv('list', '--format', 'mcpservers');
    expect(JSON.parse(out).mcpServers.two).toEqual({ type: 'http', url: urls[1] });
  });

  it('are started again when their process crashes', async () => {
    const [pid = 0] = await serverPids(marks[0] ?? '');
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => {
      expect(await json<Seen>('status', 'one')).toMatchObject({ status: 'running', restarts: 1 });
    }, SOON);
    expect(await serverPids(marks[0] ?? '')).not.toContain(pid);
    expect(await callRaw(urls[0] ?? null)).toBe(200);
  });

  it('are unhealthy without their proxy, and start repairs them at the same URL', async () => {
    const { pid } = await json<Seen>('status', 'two');
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => {
      expect(await json<Seen>('status', 'two')).toMatchObject({
        status: 'unhealthy',
        url: null,
        detail: 'its proxy has ended; thv start two repairs it',
      });
    }, SOON);
    expect((await thv('start', 'two')).out).toBe(`two: started, ${urls[1]}\n`);
    expect(await callRaw(urls[1] ?? null)).toBe(200);
    expect(await serverPids(marks[1] ?? '')).toHaveLength(1);
  });

  it('stop all at once, and nothing of them runs', async () => {
    const { code, out } = await thv('stop', '--all');
    expect({ code, out }).toEqual({
      code: 0,
      out: 'one: stopped\nthree: stopped\ntwo: stopped\n',
    });
    for (const mark of marks) {
      expect(await serverPids(mark)).toEqual([]);
    }
    expect((await thv('list')).out).toBe('No servers are running.\n3 stopped: thv list --all\n');
    expect((await thv('stop', 'one', 'none')).out).toBe(
      'one: was not running\nnone: there is no server of this name; did you mean one?\n',
    );
  });

  it('start all again where clients know them, and are removed', async () => {
    const started = await json<readonly Seen[]>('start', '--all');
    expect(started.map(({ url }) => url)).toEqual([urls[0], urls[2], urls[1]]);
    expect((await thv('start', 'one')).out).toBe(`one: runs already, ${urls[0]}\n`);
    const late = await thv('start', 'one', '-e', 'KEY=late');
    expect(late.code).toBe(2);
    expect(late.err).toContain('--env: means nothing: it runs already; use thv restart one');
    expect((await thv('rm', '--all')).code).toBe(0);
    expect(await json('list', '--all')).toEqual([]);
    for (const mark of marks) {
      expect(await serverPids(mark)).toEqual([]);
    }
    expect(await readdir(state('workloads'))).toEqual([]);
    expect(await readdir(state('sockets'))).toEqual([]);
    const { out } = await thv('logs', 'prune');
    expect(out).toContain(`deleted ${state('logs', 'one.proxy.log')}`);
    expect(await readdir(state('logs'))).toEqual([]);
  });
});

describe('policy check --server NAME', () => {
  it('knows the names that policies know, whatever callers see', async () => {
    const folder = cwd();
    await write('names.yaml', 'toolsOverride: { weather: { name: forecast } }');
    await write(
      'authz.json',
      JSON.stringify({
        ...{ version: '1.0', type: 'cedarv1' },
        cedar: {
          policies: ['weather', 'forecast', 'calculator', 'echo'].map(
            (tool) => `permit(principal, action, resource == Tool::"${tool}");`,
          ),
        },
      }),
    );
    const choice = ['--tools-override', 'names.yaml', '--tools', 'forecast,echo'];
    await json('run', '--name', 'renamed', ...choice, ...serverCommand('guide-server.ts'));
    const check = () => thv('policy', 'check', 'authz.json', '--server', 'renamed');
    const found = await check();
    expect(found.out.match(/lists no tool .*/g)).toEqual([
      'lists no tool "forecast"',
      'lists no tool "calculator"',
    ]);
    expect(found.out).toContain('its tools are weather, echo; --tools hides all others');

    await rename(join(folder, 'names.yaml'), join(folder, 'moved.yaml'));
    const { err } = await check();
    expect(err).toMatch(/compared as renamed calls them.*names\.yaml cannot be read/);
    expect((await thv('rm', 'renamed')).code).toBe(0);
  });
});

describe('values', () => {
  const SECRET = 'hunter2-of-the-test';
  const talking = ['--', 'sh', '-c', `echo "KEY is $KEY" >&2; exec "$0" "$@"`, process.execPath];

  it('are not saved, kept over a restart, and asked for by start', async () => {
    const mark = newMark();
    const raw = rawServer(mark).slice(2);
    const run = await thv('run', '--name', 'keyed', '-e', `KEY=${SECRET}`, ...talking, ...raw);
    expect(run.code, run.err).toBe(0);
    expect(run.err).toContain('thv start keyed will need --env KEY again');
    expect((await thv('restart', 'keyed')).code).toBe(0);
    expect((await thv('logs', 'keyed')).out.match(/KEY is .*/g)).toEqual([
      `KEY is ${SECRET}`,
      `KEY is ${SECRET}`,
    ]);
    expect(await filesWith(SECRET)).toEqual(['keyed.log']);
    await thv('stop', 'keyed');
    const { code, err } = await thv('start', 'keyed');
    expect({ code, err }).toEqual({
      code: 2,
      err: 'thv: keyed: --env KEY: was given by value, and values are not saved; give it again: thv start keyed --env KEY=…\n',
    });
    expect((await thv('start', 'keyed', '-e', 'KEY=new')).code).toBe(0);
    expect((await thv('logs', 'keyed')).out).toContain('KEY is new');
    await thv('rm', 'keyed');
  });

  async function filesWith(text: string): Promise<string[]> {
    const found: string[] = [];
    for (const entry of await readdir(state(), { recursive: true, withFileTypes: true })) {
      const path = `${entry.parentPath}/${entry.name}`;
      if (entry.isFile() && (await readFile(path, 'utf8')).includes(text)) {
        found.push(entry.name);
      }
    }
    return found;
  }
});

const SLEEPER = newMark();

describe('a server that does not come up', () => {
  it.each<[string, readonly string[], number, RegExp]>([
    [
      'a command that fails',
      ['--', 'sh', '-c', 'echo no database >&2; exit 4'],
      1,
      /^ {2}\| .*no database$.*\nthv: bad: "sh" exited with code 4 before answering initialize; check that the server works by itself\n$/ms,
    ],
    [
      'a server that is not there',
      ['http://127.0.0.1:9/mcp'],
      1,
      /^thv: bad: http:\/\/127\.0\.0\.1:9 cannot be reached: nothing listens there; is the server running\?\n$/m,
    ],
    [
      'a provider that is not there',
      ['--oidc-issuer', 'http://127.0.0.1:9', '--oidc-audience', 'a', ...rawServer(newMark())],
      1,
      /^thv: bad: .*127\.0\.0\.1:9.*\n$/m,
    ],
    [
      'a server that is not ready in time',
      ['--ready-timeout', '1s', '--', 'sh', '-c', `sleep 60; : ${SLEEPER}`],
      1,
      /^thv: bad: not ready within 1s; give it longer with --ready-timeout; a download takes its time\n$/m,
    ],
    [
      'policies that cannot be read',
      ['--authz-config', 'bad.yaml', ...rawServer(newMark())],
      2,
      /^thv: bad configuration: /m,
    ],
    [
      'a port that is taken',
      ['--proxy-port', '1', ...rawServer(newMark())],
      1,
      /; choose another --proxy-port, or 0 for a free one\n$/,
    ],
  ])('%s: the reason, the end of the log, and nothing left', async (_name, args, code, said) => {
    await write('bad.yaml', 'version: "1.0"\ntype: cedarv1\ncedar: { policies: ["permit"] }');
    const isRootPort = args.includes('1') && args.includes('--proxy-port');
    const own = isRootPort ? await withTakenPort(args) : { args, release: async () => undefined };
    const failed = await thv('run', '--name', 'bad', ...own.args);
    await own.release();
    expect({ code: failed.code, out: failed.out }, failed.err).toEqual({ code, out: '' });
    expect(failed.err).toMatch(said);
    expect(await readdir(state('workloads'))).not.toContain('bad.json');
    expect(await serverPids('supervise\0bad\0')).toEqual([]);
    expect(await serverPids(SLEEPER)).toEqual([]);
  });

  it('says what start failed with until it succeeds', async () => {
    const works = `exec "${process.execPath}" "${rawServer('x')[2]}"`;
    await write('server.sh', works);
    expect((await thv('run', '--name', 'moody', '--', 'sh', 'server.sh')).code).toBe(0);
    await thv('stop', 'moody');
    await write('server.sh', 'exit 3');
    expect((await thv('start', 'moody')).code).toBe(1);
    expect(await json<Seen>('status', 'moody')).toMatchObject({
      status: 'error',
      detail: expect.stringContaining('exited with code 3'),
    });
    await write('server.sh', works);
    expect((await thv('start', 'moody')).code).toBe(0);
    await thv('rm', 'moody');
  });

  it('is given up when the user presses Ctrl-C', async () => {
    const mark = newMark();
    const args = ['run', '--name', 'slow', '--', 'sh', '-c', `sleep 61 # ${mark}`];
    const program = spawnThv(stage, args, { env: env(), cwd: cwd() });
    // Ours, and the shell that it starts.
    await vi.waitFor(async () => expect(await serverPids(mark)).toHaveLength(2), SOON);
    const { code, err } = await program.stop('SIGINT');
    expect(code).toBe(1);
    expect(err).toMatch(/thv: slow: interrupted\n$/);
    expect(await serverPids(mark)).toEqual([]);
    expect(await readdir(state('workloads'))).toEqual([]);
  });
});

async function withTakenPort(args: readonly string[]) {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? String(address.port) : '';
  return {
    args: args.map((arg) => (arg === '1' ? port : arg)),
    release: () => new Promise((resolve) => server.close(resolve)),
  };
}

describe('export and --from-config', () => {
  it('run the same again, under what the file says alone', async () => {
    const mark = newMark();
    const flags = ['--label', 'team=a', '--allowed-hosts', 'localhost:81', '-e', 'KEY=1'];
    await thv('run', '--name', 'moved', ...flags, ...rawServer(mark));
    expect((await thv('export', 'moved', 'moved.json')).err).toContain('--env KEY');
    const exported = JSON.parse(await readFile(`${cwd()}/moved.json`, 'utf8'));
    expect(exported).toEqual({
      schema_version: 1,
      name: 'moved',
      args: rawServer(mark).slice(1),
      working_directory: cwd(),
      flags: { label: 'team=a', 'allowed-hosts': 'localhost:81' },
      given_by_value: ['--env KEY'],
    });
    await thv('rm', 'moved');
    const again = await thv('run', '--from-config', 'moved.json', '-e', 'KEY=2');
    expect(again.code, again.err).toBe(0);
    expect((await thv('export', 'moved', '-')).out).toBe(`${JSON.stringify(exported, null, 2)}\n`);
    await thv('rm', 'moved');
  });
});
