/** What can be said about containers without an engine. */
import { mkdir, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { parseCatalogue } from '../src/catalogue/parse-catalogue.ts';
import { engineEnvironment, passVariables } from '../src/containers/client-env.ts';
import type { Engine } from '../src/containers/engine.ts';
import { isImageReference, namesItsRegistry } from '../src/containers/image-reference.ts';
import { describeOwner, hasEnded } from '../src/containers/owner.ts';
import { resolveProfile } from '../src/containers/permission-profile.ts';
import { type ContainerFlags, planContainer } from '../src/containers/plan-container.ts';
import { buildRunArgs } from '../src/containers/run-arguments.ts';
import { checkVolumes, parseVolume, toMountArgs } from '../src/containers/volumes.ts';
import { chooseServer } from '../src/services/server-argument.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder({ 'data/file.txt': 'x' });

const CATALOGUE = parseCatalogue(
  JSON.stringify({
    servers: {
      weather: { image: 'ghcr.io/x/weather:1', transport: 'streamable-http', target_port: 8080 },
      local: { package: 'npx://x' },
    },
  }),
  'test',
);

function refused(message: string | RegExp) {
  const wanted = typeof message === 'string' ? expect.stringContaining(message) : message;
  return expect.objectContaining({
    exitCode: 2,
    message: wanted instanceof RegExp ? expect.stringMatching(wanted) : wanted,
  });
}

describe('isImageReference', () => {
  it.each([
    ['ghcr.io/github/github-mcp-server', true],
    ['mcp/fetch', true],
    ['weather:1.2', true],
    ['localhost:5000/a/b_c:tag-1', true],
    [`weather@sha256:${'a'.repeat(64)}`, true],
    ['weather', false],
    ['constructor', false],
    ['-v/x:y', false],
    ['--privileged/x:y', false],
    ['a/../b', false],
    ['/etc/passwd', false],
    ['./x', false],
    ['docker://x/y', false],
    ['a b/c', false],
    ['x:tag:tag', false],
    ['weather@sha256:abc', false],
    [`a/${'b'.repeat(300)}`, false],
  ])('%s: %s', (text, is) => {
    expect(isImageReference(text)).toBe(is);
  });

  it.each([
    ['ghcr.io/x/y:1', true],
    ['localhost/x:1', true],
    ['registry:5000/x', true],
    ['mcp/fetch', false],
    ['weather:1.2', false],
  ])('%s names its registry: %s', (text, does) => {
    expect(namesItsRegistry(text)).toBe(does);
  });
});

describe('planContainer', () => {
  const plan = (flags: ContainerFlags, server = 'x/y:1') =>
    planContainer(flags, chooseServer(server, undefined, CATALOGUE));

  it('speaks over stdio unless something says otherwise', () => {
    expect(plan({})).toMatchObject({ transport: 'stdio', targetPort: undefined });
    expect(plan({ targetPort: 80 })).toMatchObject({
      transport: 'streamable-http',
      targetPort: 80,
    });
    expect(plan({}, 'weather')).toMatchObject({ transport: 'streamable-http', targetPort: 8080 });
    expect(plan({ targetPort: 1 }, 'weather')).toMatchObject({ targetPort: 1 });
  });

  it.each<[ContainerFlags, string, RegExp]>([
    [{ transport: 'sse' }, 'x/y:1', /^--target-port: missing/],
    [{ transport: 'sse', targetPort: 0 }, 'x/y:1', /^--target-port: missing/],
    [{ transport: 'stdio', targetPort: 1 }, 'x/y:1', /^--target-port: means nothing/],
    [{ targetPort: 1, permissionProfile: 'none' }, 'x/y:1', /^--permission-profile: none/],
    [{ engine: 'podman' }, 'npx://x', /^--engine: is for container images/],
    [{ targetPort: 1 }, 'uvx://x', /^--target-port: is for container images/],
    [{ volume: ['a:/b'] }, 'local', /^--volume: is for container images/],
    [{ permissionProfile: 'none' }, 'local', /^--permission-profile: is for container images/],
  ])('refuses %o for %s', (flags, server, message) => {
    expect(() => plan(flags, server)).toThrow(refused(message));
  });
});

describe('volumes', () => {
  it('makes paths absolute', () => {
    expect(parseVolume('data:/data:ro', '/here')).toEqual({
      source: '/here/data',
      target: '/data',
      readOnly: true,
    });
    expect(toMountArgs(parseVolume('/a:/b/../c', '/'))).toEqual([
      '--mount',
      'type=bind,source=/a,target=/c',
    ]);
  });

  it.each([
    'data',
    ':/x',
    'data:x',
    'data:/x:z',
    'data:/x:ro:ro',
    'data:/',
    'data:/x/..',
    'data:/proc/1',
    'data:/sys',
    'data:/dev/shm',
    'data:/x,readonly=false',
    'da"ta:/x',
  ])('refuses %s', (text) => {
    expect(() => parseVolume(text, '/here')).toThrow(refused('--volume: '));
  });

  const check = (...texts: string[]) =>
    checkVolumes(texts.map((text) => parseVolume(text, folder.path)));

  it('follows links to what is mounted', async () => {
    await symlink('data', `${folder.path}/link`);
    expect(await check('link:/x')).toEqual([
      { source: `${folder.path}/data`, target: '/x', readOnly: false },
    ]);
    await symlink('/', `${folder.path}/root`);
    await expect(check('root:/x')).rejects.toEqual(refused('would give the machine away'));
  });

  it.each([
    ['what is not there', ['nothing:/x'], 'is not there'],
    ['everything', ['/:/x'], 'would give the machine away'],
    ['the kernel', ['/proc:/x'], 'would give the machine away'],
    ['what steers the kernel', ['/proc/sys/kernel:/x'], 'would give the machine away'],
    ["what holds the engine's files", ['/var:/x'], 'would give the machine away'],
    ['where sessions take orders', ['/run/user/1000:/x'], 'would give the machine away'],
    ['a device', ['/dev/null:/x'], 'would give the machine away'],
    ['one place twice', ['data:/x', 'data/file.txt:/x'], 'two volumes at /x'],
  ])('refuses %s', async (_name, texts, message) => {
    await expect(check(...texts)).rejects.toEqual(refused(message));
  });

  it("refuses an engine's socket, and the folder that holds it", async () => {
    await mkdir(`${folder.path}/run`);
    const socket = createServer().listen(`${folder.path}/run/docker.sock`);
    await new Promise((resolve) => socket.once('listening', resolve));
    try {
      await expect(check('run/docker.sock:/x')).rejects.toEqual(refused('is a socket'));
      await expect(check('run:/x')).rejects.toEqual(refused('holds the socket'));
    } finally {
      await new Promise((resolve) => socket.close(resolve));
    }
  });
});

describe('resolveProfile', () => {
  const resolve = async (profile: string | undefined, json?: unknown) => {
    await folder.write({ 'profile.json': JSON.stringify(json ?? {}) });
    return resolveProfile({ profile, fromCatalogue: undefined, name: 'w' }, folder.path);
  };

  it('knows none and network, and opens the network without a profile', async () => {
    expect(await resolve('none')).toMatchObject({ network: false });
    expect(await resolve('network')).toMatchObject({ network: true });
    expect(await resolve(undefined)).toMatchObject({ network: true, volumes: [] });
  });

  it('reads a file, and grants nothing that does not stand there', async () => {
    expect(await resolve('profile.json', {})).toEqual({
      network: false,
      writableRoot: false,
      volumes: [],
    });
    expect(
      await resolve('profile.json', {
        read: ['data:/data'],
        write: ['/srv/out'],
        writable_root: true,
        network: { outbound: { insecure_allow_all: true } },
      }),
    ).toEqual({
      network: true,
      writableRoot: true,
      volumes: [
        { source: `${folder.path}/data`, target: '/data', readOnly: true },
        { source: '/srv/out', target: '/srv/out', readOnly: false },
      ],
    });
  });

  it.each<[string, unknown, string]>([
    ['an unknown key', { netwrok: {} }, 'did you mean network?'],
    ['an unknown key inside', { network: { outbound: { allow: [] } } }, 'unknown key "allow"'],
    ['privileges', { privileged: true }, 'never started'],
    ['hosts', { network: { outbound: { allow_host: ['a.example'] } } }, 'allows only a.example'],
    ['inbound limits', { network: { inbound: { allow_host: ['x'] } } }, 'cannot be enforced'],
    ['another network', { network: { mode: 'host' } }, 'neither none nor bridge'],
    ['a text', 'network', 'is not an object'],
  ])('refuses %s', async (_name, json, message) => {
    await expect(resolve('profile.json', json)).rejects.toEqual(refused(message));
  });

  it('refuses a file that is not there, and one that is not JSON', async () => {
    await expect(resolve('nothing.json')).rejects.toEqual(refused('cannot be read'));
    await expect(resolve('data/file.txt')).rejects.toEqual(refused('is not JSON'));
  });

  it('asks before a catalogue mounts files or limits hosts', async () => {
    const permissions = { read: ['/etc'], write: [], network: 'all', writableRoot: false } as const;
    const choice = { fromCatalogue: permissions, name: 'weather' };
    await expect(resolveProfile({ ...choice, profile: undefined }, '/')).rejects.toEqual(
      refused('weather: wants files of this machine: /etc'),
    );
    expect(await resolveProfile({ ...choice, profile: 'none' }, '/')).toMatchObject({
      network: false,
      volumes: [],
    });
  });
});

describe('passVariables', () => {
  it('puts values where process lists do not show them', () => {
    const { args, env } = passVariables(
      new Map([
        ['API_KEY', 'hunter2'],
        ['HOME', '/data'],
      ]),
    );
    expect(args).toEqual(['--env', 'API_KEY', '--env', 'HOME=/data']);
    expect(env).toEqual({ API_KEY: 'hunter2' });
  });

  it.each([
    ...['DOCKER_HOST', 'CONTAINER_HOST', 'CONTAINERS_CONF', 'LD_PRELOAD', 'DYLD_INSERT_LIBRARIES'],
    ...['XDG_RUNTIME_DIR', 'BASH_ENV', 'ENV', 'SHELLOPTS', 'PS4', 'IFS', 'SSH_AUTH_SOCK'],
    ...['_CONTAINERS_USERNS_CONFIGURED', 'STORAGE_DRIVER', 'LISTEN_FDS', 'NOTIFY_SOCKET'],
  ])('refuses %s, which would steer the engine', (name) => {
    expect(() => passVariables(new Map([[name, 'hunter2']]))).toThrow(refused(name));
    expect(() => passVariables(new Map([[name, 'hunter2']]))).not.toThrow(/hunter2/);
  });

  it('gives the engine what it needs and no secrets', () => {
    const parent = { PATH: '/bin', DOCKER_HOST: 'unix:///x', AWS_SECRET: 'x', NODE_OPTIONS: 'y' };
    expect(engineEnvironment(parent)).toEqual({ PATH: '/bin', DOCKER_HOST: 'unix:///x' });
  });
});

describe('buildRunArgs', () => {
  const engine: Engine = {
    ...{ name: 'docker', program: '/d', env: {} },
    ...{ runArgs: [], networkArgs: [], removeArgs: [] },
  };
  const spec = {
    ...{ image: 'x/y:1', args: ['-v', '--privileged'], interactive: true, network: false },
    ...{ writableRoot: false, volumes: [], variables: [], labels: {}, publish: undefined },
  };

  it('grants nothing, whatever the arguments of the server are', () => {
    const args = buildRunArgs(engine, spec);
    const own = args.slice(0, args.indexOf('x/y:1'));
    expect(args.slice(own.length)).toEqual(['x/y:1', '-v', '--privileged']);
    expect(own).toEqual(
      expect.arrayContaining([
        ...['--cap-drop=ALL', '--security-opt=no-new-privileges', '--read-only', '--pull=never'],
        ...['--network=none', '--log-driver=none', '--memory=1g', '--pids-limit=512', '--rm'],
      ]),
    );
    expect(own).not.toContain('--privileged');
  });

  it('publishes on this machine only', () => {
    const args = buildRunArgs(engine, { ...spec, publish: { hostPort: 5000, targetPort: 80 } });
    expect(args[args.indexOf('--publish') + 1]).toBe('127.0.0.1:5000:80');
  });
});

describe('hasEnded', () => {
  it('is true only when it is certain', async () => {
    const mine = await describeOwner();
    const change = (more: object) =>
      Buffer.from(
        JSON.stringify({ ...JSON.parse(Buffer.from(mine, 'base64url').toString()), ...more }),
      ).toString('base64url');
    expect(await hasEnded(mine)).toBe(false);
    // The same number, another process.
    expect(await hasEnded(change({ start: '1' }))).toBe(true);
    expect(await hasEnded(change({ start: '1', place: 'another machine' }))).toBe(false);
    for (const label of ['', 'x', '!!!', Buffer.from('null').toString('base64url')]) {
      expect(await hasEnded(label)).toBe(false);
    }
  });
});
