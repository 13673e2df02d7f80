/** Volumes that would hand over an engine that keeps its things in unusual places. */
import { chmod, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { resolveContainer } from '../src/containers/container-host.ts';
import { ENGINES, type EngineName } from '../src/containers/engine.ts';
import { useTempFolder } from './temp-folder.ts';

const PODMAN = `#!/bin/sh
case $1 in info) printf '%s\\n' "$HOME/sock/any.sock" "$HOME/data/store" "$HOME/data/run" ;; esac
`;
const DOCKER = `#!/bin/sh
case $1 in
  context) echo "unix://$HOME/sock/any.sock" ;;
  info) echo "$HOME/data/store" ;;
esac
`;
const SILENT = '#!/bin/sh\n[ "$1" = ps ]\n';
const folder = useTempFolder({
  'bin/podman': PODMAN,
  'bin/docker': DOCKER,
  'silent/podman': SILENT,
  'silent/docker': SILENT,
  'sock/any.sock': '',
  'data/store/layer/x': '',
  'sibling/x': '',
  'other/x.sock': '',
});

beforeAll(async () => {
  await mkdir(join(folder.path, 'sock-2'));
  await symlink('sock/any.sock', join(folder.path, 'to-socket'));
  await symlink('sock', join(folder.path, 'to-folder'));
});

interface Case {
  readonly bin?: string;
  readonly profile?: string;
  readonly env?: Readonly<Record<string, string>>;
}

async function mount(name: EngineName, volume: string, { bin = 'bin', profile, env }: Case = {}) {
  await chmod(join(folder.path, bin, name), 0o755);
  const PATH = `${join(folder.path, bin)}:${process.env['PATH']}`;
  return resolveContainer(
    {
      ...{ name: 'x', image: 'localhost/x:1', args: [], variables: new Map() },
      plan: {
        ...{ engine: name, transport: 'stdio', targetPort: undefined, permissions: undefined },
        ...{ profile, volumes: profile === undefined ? [volume] : [] },
      },
    },
    { cwd: folder.path, env: { HOME: folder.path, PATH, ...env } },
  );
}

const refused = (code: number, message: RegExp) =>
  expect.objectContaining({ exitCode: code, message: expect.stringMatching(message) });

describe.skipIf(process.platform === 'win32').each(ENGINES)('volumes of %s', (name) => {
  it.each([
    ['the socket', 'sock/any.sock'],
    ['what holds it', 'sock'],
    ['with a slash', 'sock/'],
    ['with two', './/sock//any.sock'],
    ['by a detour', 'sibling/../sock/.'],
    ['further up', '.'],
    ['a link to the socket', 'to-socket'],
    ['a link to what holds it', 'to-folder'],
    ['a link on the way', 'to-folder/any.sock'],
    ['where containers are kept', 'data/store'],
    ['what holds that', 'data'],
    ['one of them', 'data/store/layer'],
  ])('never hand over %s', async (_name, path) => {
    const message = /would give a container engine away/;
    for (const volume of [`${path}:/x`, `${path}:/x:ro`]) {
      await expect(mount(name, volume)).rejects.toEqual(refused(2, message));
    }
    await folder.write({ 'profile.json': JSON.stringify({ read: [`${path}:/x`] }) });
    await expect(mount(name, '', { profile: 'profile.json' })).rejects.toEqual(refused(2, message));
  });

  it.each(['DOCKER_HOST', 'CONTAINER_HOST'])('never hand over what %s names', async (variable) => {
    const env = { [variable]: `unix://${folder.path}/other/x.sock` };
    for (const path of ['other', 'other/x.sock', '.']) {
      await expect(mount(name, `${path}:/x`, { env })).rejects.toEqual(refused(2, /would give/));
    }
  });

  it('may be what is beside it', async () => {
    await expect(mount(name, 'sibling:/x')).resolves.toMatchObject({ kind: 'hosted' });
    await expect(mount(name, 'sock-2:/x')).resolves.toMatchObject({ kind: 'hosted' });
  });

  it('are refused by an engine that does not say where it is', async () => {
    await expect(mount(name, 'sibling:/x', { bin: 'silent' })).rejects.toEqual(
      refused(1, /does not say where it keeps/),
    );
  });
});
