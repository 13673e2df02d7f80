/** `thv run -f IMAGE` with real containers, where podman can run them. */
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { describeOwner } from '../src/containers/owner.ts';
import { readCommandLines } from './command-lines.ts';
import { preparePodman } from './podman-images.ts';
import { type RunningThv, runThv, startThv } from './spawn-thv.ts';
import { useTempFolder } from './temp-folder.ts';

const podman = await preparePodman();
const { reason, image, env } = podman;
const folder = useTempFolder({ 'vars.env': 'FROM_FILE=hunter2-file\n', 'data/x': '' });
const running: RunningThv[] = [];

afterEach(async () => {
  for (const { child, finished } of running.splice(0)) {
    child.kill('SIGKILL');
    await finished;
  }
});

afterAll(async () => {
  await podman.remove();
});

async function start(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const thv = startThv(['run', '-f', '--debug', '--format', 'json', ...args], {
    env: { ...env, ...more },
    cwd: folder.path,
  });
  running.push(thv);
  await vi.waitFor(() => expect(thv.said.out, thv.said.err).toMatch(/\}\n$/), { timeout: 30_000 });
  return { ...thv, url: String(JSON.parse(thv.said.out).url) };
}

async function look(url: string): Promise<string> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"look","arguments":{}}}',
  });
  return answer.text();
}

/** Containers of a server, running or not. */
async function containersOf(name: string): Promise<readonly string[]> {
  const ids = await podman.podman('ps', '--all', '--quiet', '--filter', `label=thv.name=${name}`);
  return ids.split('\n').filter((id) => id !== '');
}

async function commandLines(): Promise<string> {
  return (await readCommandLines()).filter((line) => line.includes('thv.token')).join('\n');
}

const title = reason === undefined ? '' : ` (skipped: ${reason})`;

describe.skipIf(reason !== undefined)(`thv run -f IMAGE${title}`, () => {
  it('keeps a server on stdio to what it is given, and leaves nothing behind', async () => {
    const name = 'box-stdio';
    const { child, finished, url } = await start(
      [
        ...['--name', name, '--engine', 'podman', '--permission-profile', 'none'],
        ...['-e', 'FROM_SHELL', '--env-file', 'vars.env', '--volume', 'data:/data:ro', image],
      ],
      { FROM_SHELL: 'hunter2-shell', MY_SECRET: 'hunter2-other', HTTP_PROXY: 'http://hunter2' },
    );
    const seen = await look(url);
    expect(seen).toContain('FROM_SHELL=hunter2-shell');
    expect(seen).toContain('FROM_FILE=hunter2-file');
    expect(seen).toContain('MCP_TRANSPORT=stdio');
    expect(seen).not.toContain('hunter2-other');
    expect(seen).not.toContain('http://hunter2');
    expect(seen).toMatch(/CapEff: 0000000000000000 NoNewPrivs: 1 lo touch: \/new: Read-only/);
    expect(seen).toContain('tmp-ok');
    const lines = await commandLines();
    expect(lines).toContain('FROM_SHELL');
    expect(lines).not.toContain('hunter2');
    const [id = ''] = await containersOf(name);
    const [found] = JSON.parse(await podman.podman('inspect', id));
    expect(found.HostConfig).toMatchObject({
      Memory: 1024 ** 3,
      PidsLimit: 512,
      ReadonlyRootfs: true,
      Privileged: false,
      NetworkMode: 'none',
      LogConfig: { Type: 'none' },
    });
    expect(found.Mounts).toMatchObject([{ Destination: '/data', RW: false }]);
    child.kill('SIGTERM');
    const { code, err } = await finished;
    expect(code).toBe(0);
    expect(err).not.toContain('hunter2');
    expect(await containersOf(name)).toEqual([]);
  });

  it('leaves nothing behind of a server that ignores everything, however thv ends', async () => {
    const name = 'box-deaf';
    const first = await start(['--name', name, image, '--', '/deaf.sh']);
    expect(await containersOf(name)).toHaveLength(1);
    first.child.kill('SIGTERM');
    expect((await first.finished).code).toBe(0);
    expect(await containersOf(name)).toEqual([]);

    const second = await start(['--name', name, image, '--', '/deaf.sh']);
    expect(await containersOf(name)).toHaveLength(1);
    second.child.kill('SIGKILL');
    await second.finished;
    await vi.waitFor(async () => expect(await containersOf(name)).toEqual([]), { timeout: 15_000 });
  });

  it('reaches a server that listens, and removes what a dead thv left', async () => {
    const name = 'box-http';
    const mine = await describeOwner();
    const owner = (more: object) => {
      const identity = JSON.parse(Buffer.from(mine, 'base64url').toString());
      return Buffer.from(JSON.stringify({ ...identity, ...more })).toString('base64url');
    };
    const leave = (label: string) =>
      podman.podman(
        ...['run', '--detach', '--network=none', '--label', `thv.owner=${label}`, image],
        ...['-c', 'busybox sleep 600'],
      );
    const [dead, alive, elsewhere] = [
      await leave(owner({ start: '1' })),
      await leave(mine),
      await leave(owner({ start: '1', place: 'another machine' })),
    ];
    try {
      const { child, finished, url, said } = await start([
        ...['--name', name, '--target-port', '8000', image, '--'],
        ...['-c', 'exec busybox nc -ll -p 8000 -e /bin/busybox sh /http.sh'],
      ]);
      expect(said.err).toContain('removed 1 ');
      const left = await podman.podman('ps', '--quiet', '--no-trunc');
      expect(left).not.toContain(dead);
      expect(left).toContain(alive);
      expect(left).toContain(elsewhere);
      expect(await look(url)).toContain('MCP_TRANSPORT=streamable-http');
      const [id = ''] = await containersOf(name);
      expect(await podman.podman('port', id)).toMatch(/^8000\/tcp -> 127\.0\.0\.1:\d+$/);
      child.kill('SIGTERM');
      expect((await finished).code).toBe(0);
      expect(await containersOf(name)).toEqual([]);
    } finally {
      await podman.podman('rm', '--force', '--time', '0', alive, elsewhere);
    }
  });

  it.each([
    [
      'an image that ends at once',
      () => [image, '--', '-c', 'echo broken config >&2; exit 3'],
      /server: broken config\n(.*\n)*.*ended with code 3 before it could serve/,
    ],
    [
      'an image that is not there',
      () => ['nothing:1'],
      /nothing:1.*write it in full, for example/s,
    ],
    ['an image that was never built', () => ['localhost/nothing:1'], /build it first/],
  ])('says what is wrong with %s', async (_name, args, message) => {
    const { code, out, err } = await runThv(['run', '-f', ...args()], {
      env: { ...env, NO_COLOR: '1' },
      cwd: folder.path,
    });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err.replaceAll(/\n {2,}/g, ' ')).toMatch(message);
  });
});

it('says what to install where there is no engine', async () => {
  const { code, err } = await runThv(['run', '-f', 'localhost/x:1'], {
    env: { PATH: folder.path },
  });
  expect(code).toBe(1);
  expect(err).toContain('neither podman nor docker is installed here');
  expect(err).toContain('install podman or docker');
});
