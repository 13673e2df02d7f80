/** `thv run -f IMAGE` with real containers, of every engine that works here. */
import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { describeOwner } from '../src/containers/owner.ts';
import { readCommandLines } from './command-lines.ts';
import { prepareEngines } from './engine-images.ts';
import { type RunningThv, runThv, startThv } from './spawn-thv.ts';
import { useTempFolder } from './temp-folder.ts';

const engines = await prepareEngines();
const folder = useTempFolder({ 'vars.env': 'FROM_FILE=hunter2-file\n', 'data/x': '' });
const running: RunningThv[] = [];

afterEach(async () => {
  for (const { child, finished } of running.splice(0)) {
    child.kill('SIGKILL');
    await finished;
  }
});

afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.remove()));
});

/** Others run thv on this machine too, and these very tests. */
const nameServer = (what: string) => `${what}-${randomBytes(4).toString('hex')}`;

async function look(url: string): Promise<string> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"look","arguments":{}}}',
  });
  return answer.text();
}

/** By which others reach it. */
function addressesOfThisMachine(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return all.filter(({ internal, family }) => !internal && family === 'IPv4').map((a) => a.address);
}

async function commandLines(name: string): Promise<string> {
  const lines = await readCommandLines();
  return lines.filter((line) => line.includes(`thv.name=${name}`)).join('\n');
}

describe.each(engines)('thv run -f IMAGE with $title', (engine) => {
  const { image, env, reason } = engine;

  async function start(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
    const thv = startThv(
      ['run', '-f', '--debug', '--format', 'json', '--engine', engine.name, ...args],
      { env: { ...env, ...more }, cwd: folder.path },
    );
    running.push(thv);
    const served = () => expect(thv.said.out, thv.said.err).toMatch(/\}\n$/);
    await vi.waitFor(served, { timeout: 30_000 });
    return { ...thv, url: String(JSON.parse(thv.said.out).url) };
  }

  /** Containers of a server, running or not. */
  async function containersOf(name: string): Promise<readonly string[]> {
    const ids = await engine.run('ps', '--all', '--quiet', '--filter', `label=thv.name=${name}`);
    return ids.split('\n').filter((id) => id !== '');
  }

  async function volumeOf(name: string): Promise<string> {
    const [id = ''] = await containersOf(name);
    const [{ Mounts }] = JSON.parse(await engine.run('inspect', id));
    return String(
      Mounts.find((mount: { Destination: string }) => mount.Destination === '/vol').Name,
    );
  }

  it.skipIf(reason)('keeps a server on stdio to what it is given, and leaves nothing', async () => {
    const name = nameServer('box-stdio');
    const { child, finished, url } = await start(
      [
        ...['--name', name, '--permission-profile', 'none', '-e', 'FROM_SHELL'],
        ...['--env-file', 'vars.env', '--volume', 'data:/data:ro', image],
      ],
      { FROM_SHELL: 'hunter2-shell', MY_SECRET: 'hunter2-other', HTTP_PROXY: 'http://hunter2' },
    );
    const seen = await look(url);
    expect(seen).toContain('FROM_SHELL=hunter2-shell');
    expect(seen).toContain('FROM_FILE=hunter2-file');
    expect(seen).toContain('MCP_TRANSPORT=stdio');
    expect(seen).not.toContain('hunter2-other');
    expect(seen).not.toMatch(/proxy/i);
    expect(seen).toMatch(/CapEff: 0000000000000000 NoNewPrivs: 1 lo touch: \/new: Read-only/);
    expect(seen).toContain('tmp-ok');
    const lines = await commandLines(name);
    expect(lines).toContain('FROM_SHELL');
    expect(lines).not.toContain('hunter2');
    const [id = ''] = await containersOf(name);
    const [found] = JSON.parse(await engine.run('inspect', id));
    expect(found.HostConfig).toMatchObject({
      Memory: 1024 ** 3,
      MemorySwap: 1024 ** 3,
      PidsLimit: 512,
      ReadonlyRootfs: true,
      Privileged: false,
      NetworkMode: 'none',
      LogConfig: { Type: 'none' },
    });
    expect(found.Mounts).toHaveLength(2);
    expect(found.Mounts).toContainEqual(
      expect.objectContaining({ Destination: '/data', RW: false }),
    );
    child.kill('SIGTERM');
    const { code, err } = await finished;
    expect(code).toBe(0);
    expect(err).not.toContain('hunter2');
    expect(await containersOf(name)).toEqual([]);
  });

  it.skipIf(reason)('leaves nothing of a server that is deaf, however thv ends', async () => {
    const leave = async (signal: NodeJS.Signals) => {
      const name = nameServer('box-deaf');
      const { child, finished } = await start(['--name', name, image, '--', '/deaf.sh']);
      expect(await containersOf(name)).toHaveLength(1);
      const volume = await volumeOf(name);
      child.kill(signal);
      expect((await finished).code).toBe(signal === 'SIGTERM' ? 0 : null);
      const gone = async () => expect(await containersOf(name)).toEqual([]);
      await (signal === 'SIGTERM' ? gone() : vi.waitFor(gone, { timeout: 15_000 }));
      return volume;
    };
    const volumes = await Promise.all([leave('SIGTERM'), leave('SIGKILL')]);
    await vi.waitFor(async () => {
      const left = await engine.run('volume', 'ls', '--quiet');
      expect(volumes.filter((volume) => left.includes(volume))).toEqual([]);
    });
  });

  it.skipIf(reason)('reaches a server that listens, and removes what a dead thv left', async () => {
    const name = nameServer('box-http');
    const mine = await describeOwner();
    const owner = (more: object) => {
      const identity = JSON.parse(Buffer.from(mine, 'base64url').toString());
      return Buffer.from(JSON.stringify({ ...identity, ...more })).toString('base64url');
    };
    const leave = (label: string) =>
      engine.run(
        ...['run', '--detach', '--network=none', '--stop-timeout=0'],
        ...['--label', `thv.owner=${label}`, image, '-c', 'busybox sleep 600'],
      );
    const [dead, alive, elsewhere] = await Promise.all([
      leave(owner({ start: '1' })),
      leave(mine),
      leave(owner({ start: '1', place: 'another machine' })),
    ]);
    try {
      const { child, finished, url } = await start([
        ...['--name', name, '--target-port', '8000', image, '--'],
        ...['-c', 'exec busybox nc -ll -p 8000 -e /bin/busybox sh /http.sh'],
      ]);
      // By this thv or by another one of this machine, whichever looked first.
      const left = await engine.run('ps', '--quiet', '--no-trunc');
      expect(left).not.toContain(dead);
      expect(left).toContain(alive);
      expect(left).toContain(elsewhere);
      expect(await look(url)).toContain('MCP_TRANSPORT=streamable-http');
      const [id = ''] = await containersOf(name);
      expect(await engine.run('port', id)).toMatch(/^8000\/tcp -> 127\.0\.0\.1:\d+$/);
      const [, port = ''] = /:(\d+)$/.exec(await engine.run('port', id)) ?? [];
      for (const address of addressesOfThisMachine()) {
        await expect(fetch(`http://${address}:${port}/mcp`), address).rejects.toThrow();
      }
      child.kill('SIGTERM');
      expect((await finished).code).toBe(0);
      expect(await containersOf(name)).toEqual([]);
    } finally {
      await engine.run('rm', '--force', '--volumes', alive, elsewhere);
    }
  });

  it.skipIf(reason)('says what is wrong', async () => {
    // They read first: podman loses the words of a container that ends with its input unread, now and then.
    const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
      [
        [image, '--', '-c', 'read -r line; echo broken config >&2; exit 3'],
        /server: broken config\n(.*\n)*.*ended with code 3 before it could serve/,
      ],
      [
        [image, '--', '-c', 'read -r line; exec /nothing'],
        /\/nothing: not found\n(.*\n)*.*could not be started/,
      ],
      [['nothing:1'], /nothing:1.*write it in full, for example/s],
      [['localhost/nothing:1'], /build it first/],
      [['127.0.0.1:1/x/y:1'], /cannot be pulled: .*connection refused; .*: \w+ login/],
    ];
    const ran = cases.map(async ([args, message]) => {
      const { code, err } = await runThv(['run', '-f', '--engine', engine.name, ...args], {
        env: { ...env, NO_COLOR: '1' },
        cwd: folder.path,
      });
      expect(err.replaceAll(/\n {2,}/g, ' ')).toMatch(message);
      expect(code).toBe(1);
    });
    await Promise.all(ran);
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
