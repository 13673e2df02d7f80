/** Reads and checks `--volume HOST:CONTAINER[:ro]`. */
import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { usageError } from '../cli-error.ts';
import { findMountWithin } from './mounts.ts';
import { isInside } from './paths.ts';

export interface Volume {
  /** Absolute. */
  readonly source: string;
  /** Absolute, inside the container. */
  readonly target: string;
  readonly readOnly: boolean;
}

const FLAG = '--volume';
/** Never visible in a container, nor what holds them: whoever has one of them has the machine. */
const FORBIDDEN = [
  '/boot',
  '/etc',
  '/root',
  '/run',
  '/var/run',
  '/var/lib/docker',
  '/var/lib/containers',
];
/** The kernel's own, down to the last file. */
const KERNEL = ['/proc', '/sys', '/dev'];
/** Where a user's session and the system's services take orders. */
const SESSIONS = ['/run/user', '/run/dbus', '/run/systemd'];
/** Where the kernel's own file systems are in a container. */
const FORBIDDEN_TARGETS = ['/', ...KERNEL];

/** Pure. @throws {CliError} with exit code 2. */
export function parseVolume(text: string, cwd: string): Volume {
  const parts = text.split(':');
  const [source = '', target = '', mode] = parts;
  if (parts.length < 2 || parts.length > 3 || source === '' || !target.startsWith('/')) {
    throw usageError(FLAG, `${JSON.stringify(text)} is not HOST:CONTAINER[:ro]`);
  }
  if (mode !== undefined && mode !== 'ro' && mode !== 'rw') {
    throw usageError(FLAG, `${JSON.stringify(mode)} is neither ro nor rw`);
  }
  const inside = resolve('/', target);
  if (FORBIDDEN_TARGETS.some((place) => inside === place || isInside(inside, place))) {
    throw usageError(FLAG, `nothing can be mounted at ${inside}`);
  }
  // The engines take a list apart at commas.
  if (/[,"\n]/.test(text)) {
    throw usageError(FLAG, 'paths with commas, quotes and line breaks cannot be mounted');
  }
  return { source: resolve(cwd, source), target: inside, readOnly: mode === 'ro' };
}

/**
 * Follows links, so that what is checked is what is mounted.
 *
 * @throws {CliError} with exit code 2, for what is not there, twice there, or gives the machine away.
 */
export async function checkVolumes(volumes: readonly Volume[]): Promise<readonly Volume[]> {
  const checked: Volume[] = [];
  for (const volume of volumes) {
    assertHarmless(volume.source);
    const source = await realpath(volume.source).catch(() => {
      throw usageError(FLAG, `${volume.source} is not there`, 'create it, or correct the path');
    });
    assertHarmless(source);
    const found = await stat(source);
    if (found.isSocket() || found.isBlockDevice() || found.isCharacterDevice()) {
      throw usageError(FLAG, `${source} is a socket or a device`, 'mount files and folders only');
    }
    if (await holdsEngineSocket(source)) {
      throw usageError(FLAG, `${source} holds the socket of a container engine`, 'mount less');
    }
    const within = volume.readOnly ? await findMountWithin(source) : undefined;
    if (within !== undefined) {
      throw usageError(
        FLAG,
        `${source} holds another file system, ${within}, which would not be read-only`,
        'mount less, or leave out :ro',
      );
    }
    if (checked.some(({ target }) => target === volume.target)) {
      throw usageError(FLAG, `two volumes at ${volume.target}`, 'drop one');
    }
    checked.push({ ...volume, source });
  }
  return checked;
}

/** `--mount` instead of `--volume`: it never creates what is missing. Pure. */
export function toMountArgs({ source, target, readOnly }: Volume): readonly string[] {
  const options = ['type=bind', `source=${source}`, `target=${target}`];
  return ['--mount', [...options, ...(readOnly ? ['readonly'] : [])].join(',')];
}

const SOCKETS = [
  'docker.sock',
  'podman.sock',
  'podman/podman.sock',
  'containerd/containerd.sock',
  'crio/crio.sock',
];

async function holdsEngineSocket(folder: string): Promise<boolean> {
  const found = await Promise.all(
    SOCKETS.map((name) =>
      stat(resolve(folder, name)).then(
        (entry) => entry.isSocket(),
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

function assertHarmless(path: string): void {
  if (
    path === '/' ||
    FORBIDDEN.some((place) => isInside(place, path)) ||
    [...KERNEL, ...SESSIONS].some((place) => isInside(path, place))
  ) {
    throw usageError(FLAG, `${path} would give the machine away`, 'mount another folder');
  }
}
